//! What is narrowed to some values is the same, value by value, as what is not.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::date;
use sqlx::Executor;

use super::{Books, Settings, record};
use crate::io::planner::{self, Planner};
use crate::io::store::{Db, Store};
use crate::io::web::{ControlHandle, EventHub};
use crate::register::{Source, Wanted};

/// A callback of everything: event, customer, form, notes, answers on both ways, ticket, recording; a
/// finding, a call that must be audited and its sheet. `:at` is the moment.
const EVERYTHING: &str = r#"
    INSERT INTO customers (id, pack, external_id, name, language, grade, preferred_hours, quiet_hours, key_account,
        plan_every, owner, email, standing, fields, version, created_at, changed_at)
        VALUES (1, 'mall', 'K1', '王', '', 'A', '', '', 0, '', '李', '', 'active', '{"city":"佛山"}', 1, 0, 0);
    INSERT INTO customer_phones (customer_id, pack, phone, extension, label, position, valid_from)
        VALUES (1, 'mall', '13800000001', '', '', 0, 0);
    INSERT INTO events (id, pack, kind, external_id, at, has_time, customer_id, matter, fields, late, received_at)
        VALUES (3, 'mall', 'delivered', 'E1', :at - 9, 1, 1, 'HT1', '{"installer":"张","design":"陈"}', 0, :at - 9);
    INSERT INTO calls (id, direction, state, phone, reserved_at, started_at, answered_at, ended_at, disposition, recording)
        VALUES ('01A', 'outbound', 'ended', '13800000001', :at, :at, :at + 1, :at + 9001, 'completed', 'a.wav');
    INSERT INTO legs (call_id, number, kind, target, agent, started_at, answered_at, ended_at, result, ended_by)
        VALUES ('01A', 1, 'agent', '8001', 'wang', :at, :at, :at + 9000, 'talked', 'peer');
    INSERT INTO callbacks (id, pack, rule, version, customer_id, subject, occurrence, origin, event_id, method, earliest,
        due, deadline, sums, state, reason, detail, outcome, closed_at, call_id, assignee, note, filled, created_at,
        changed_at)
        VALUES (5, 'mall', 'cleaning', 'v', 1, 's', 0, 'event', 3, 'phone', 0, :at, :at + 99, '{}', 'done', 'made', 'd',
        'satisfied', :at + 9500, '01A', 'zhou', '打过', '{"complaint":"慢；贵","praise":"师傅好"}', 0, 0);
    INSERT INTO answers (call_id, seq, question, keys, meaning, score, comment, at, dissatisfied, rated_function,
        rated_person, dimension)
        VALUES ('01A', 1, 'work', '2', 'fair', 2, NULL, :at, 1, 'installer', NULL, 'work'),
               ('01A', 2, 'plan', '5', NULL, 5, 'c.wav', :at, 0, 'design', '陈', '');
    INSERT INTO form_answers (callback_id, seq, question, keys, meaning, score, comment, at)
        VALUES (5, 3, 'more', NULL, NULL, NULL, '都好', :at);
    INSERT INTO register_notes (record, word, text, actor, at)
        VALUES ('callback:5', 'suggestion', '早些来', 'zhou', :at), ('callback:5/answer/1', 'feedback', '已谢', 'zhou', :at);
    INSERT INTO tickets (id, pack, number, kind, severity, category, source, phase, state, owner, department, phone, name,
        matter, complaint, dissatisfied, level, meeting, opened_at, version, body)
        VALUES (7, 'mall', 'P7', 'repair', 'minor', '', 'hotline', 'open', 'open', 'li', '', '', '', '', 0, 0, 0, '', :at, 1,
        '{}');
    INSERT INTO ticket_calls (ticket_id, call_id) VALUES (7, '01A');
    INSERT INTO call_evidence (call_id, made_at, pack, version, talk_ms, heard, worst, audit, problem, transcription)
        VALUES ('01A', :at, 'mall', 'v', 9000, '{}', 'warn', '[]', '', '');
    INSERT INTO findings (call_id, number, detector, value, unit, severity, charge, agent, rule, detail)
        VALUES ('01A', 1, 'too_short', 9, 's', 'warn', 'agent', 'wang', '', '短');
    INSERT INTO audit_draws (id, month, pack, state, form_version, rule, list_sha256, calls, left_out, source, frozen_by,
        frozen_at)
        VALUES (1, '2026-03', '', 'frozen', 'v', '{}', '', 1, 0, '', 'x', :at);
    INSERT INTO audit_population (draw_id, key, call_id, agent, rule, weekday, hour, risk, must)
        VALUES (1, 'k', '01A', 'wang', 'cleaning', 1, 10, '', 'same_text perfunctory');
    INSERT INTO audit_cases (id, call_id, agent, why, auditor, second, made_by, made_at)
        VALUES (4, '01A', 'wang', '["drawn"]', 'qi', 0, 'x', :at);
    INSERT INTO audit_sheets (case_id, version, state, auditor, pack, form_version, scorecard_version, body, result, score,
        grade, critical, reason, saved_at, submitted_at, sha256)
        VALUES (4, 1, 'submitted', 'qi', 'mall', 'v', 'v', '{"summary":"不错"}', 'RESULT', 91.5, 'A', '["tone"]', '', :at, :at, '0');
"#;

/// Values by record and name.
type Values = BTreeMap<(String, String), String>;

async fn values(books: &Books, source: Source, wanted: Wanted) -> Values {
    let days = (date(2026, 3, 3), date(2026, 3, 3));
    let mut walk = books.walk_over(vec![source], wanted, days).await.unwrap();
    let mut values = Values::new();
    while let Some(records) = walk.next().await.unwrap() {
        for record in records {
            let all = record.fields.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
            values.extend(all.map(|(name, value)| ((record.id.clone(), name), value)));
        }
    }
    values
}

async fn books(folder: &std::path::Path) -> Books {
    let store = Store::open(&format!("sqlite:{}/books.db", folder.display())).await.unwrap();
    let Db::Sqlite { write, .. } = store.db() else { panic!("SQLite was opened") };
    let score = crate::audit::Score {
        groups: [("opening".to_owned(), (9.0, 10.0))].into_iter().collect(),
        ..crate::audit::Score::default()
    };
    let at = date(2026, 3, 3).at(10, 0, 0, 0).in_tz("Asia/Shanghai").unwrap().timestamp();
    let sql = EVERYTHING
        .replace(":at", &at.as_millisecond().to_string())
        .replace("RESULT", &serde_json::to_string(&score).unwrap());
    write.execute(sqlx::AssertSqlSafe(sql)).await.unwrap();
    let (control, _) = ControlHandle::channel();
    let planner = Planner::new(store.clone(), control, EventHub::new(1), planner::Settings::default());
    Books::new(store, planner, Settings::default())
}

#[tokio::test]
async fn what_is_wanted_of_rows_is_what_stands_in_them() {
    let folder = tempfile::tempdir().unwrap();
    let books = books(folder.path()).await;
    for (source, rows, least) in [
        (Source::Calls, 1, 25),
        (Source::Callbacks, 1, 45),
        (Source::Owed, 1, 45),
        (Source::Answers, 3, 130),
        (Source::Opinions, 4, 180),
        (Source::Findings, 1, 12),
        (Source::MustAudit, 2, 16),
        (Source::Sheets, 1, 14),
    ] {
        let whole = values(&books, source, Wanted::default()).await;
        let ids: BTreeSet<&String> = whole.keys().map(|(id, _)| id).collect();
        assert_eq!(ids.len(), rows, "{source:?}");
        assert!(whole.len() >= least, "{source:?}: {} values", whole.len());
        for name in whole.keys().map(|(_, name)| name).collect::<BTreeSet<_>>() {
            let one = Wanted::only([name.as_str()]);
            let made_of = record::made_of(source, &one);
            let wanted = Wanted::only([name.as_str()].into_iter().chain(made_of));
            let of = |values: &Values| -> Values {
                let own = values.iter().filter(|((_, own), _)| own == name);
                own.map(|(key, value)| (key.clone(), value.clone())).collect()
            };
            assert_eq!(of(&values(&books, source, wanted).await), of(&whole), "{source:?}: {name}");
        }
    }
}

#[tokio::test]
async fn callbacks_are_read_with_their_parts_as_they_are_alone() {
    let folder = tempfile::tempdir().unwrap();
    let books = books(folder.path()).await;
    let days = (date(2026, 3, 3), date(2026, 3, 3));
    let sources = [Source::Callbacks, Source::Answers, Source::Opinions];
    let mut walk = books.walk_over(sources.to_vec(), Wanted::default(), days).await.unwrap();
    let mut together = BTreeMap::new();
    while let Some(chunk) = walk.next_of_each().await.unwrap() {
        for (source, records) in chunk {
            together.entry(source).or_insert_with(Vec::new).extend(records);
        }
    }
    assert_eq!(together.len(), 3);
    for source in sources {
        let mut walk = books.walk(source, days).await.unwrap();
        let mut alone = Vec::new();
        while let Some(records) = walk.next().await.unwrap() {
            alone.extend(records);
        }
        assert_eq!(together[&source], alone, "{source:?}");
    }
}
