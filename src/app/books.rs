//! Files of registers, reports and appraisals, and the turns of the books beside the driver.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;

use super::turns::{Owes, Pace, Turned, is_end_of_call};
use crate::agent::Wish;
use crate::base::Timestamp;
use crate::config;
use crate::io::assets;
use crate::io::books::{ACTOR, Books, Error, Settings};
use crate::io::web::{Batch, Control, ControlHandle};
use crate::register::{Register, Registers};
use crate::report::{Appraisal, Report, Reports};
use crate::written::Mistake;

/// A turn at least so often: somebody may set the clock.
const AT_LEAST: Duration = Duration::from_secs(60);
/// When a turn is tried again that the database did not take.
const AGAIN: Duration = Duration::from_secs(30);
/// After the settings were changed.
const GATHER: Duration = Duration::from_millis(300);
/// A call that ended is reported, and its callback settled, some seconds after its end was told.
const SETTLED: Duration = Duration::from_secs(4);
/// Between a turn and the next at the least.
const BREATH: Duration = Duration::from_secs(1);

/// Registers, reports and appraisals, and what could not be used of them.
#[derive(Debug, Default)]
pub struct LoadedBooks {
    /// What can be used.
    pub settings: Settings,
    /// One message a file, for people.
    pub problems: Vec<String>,
}

/// Reads every file: the embedded ones, overridden by those in the folders `registers`, `reports`
/// and `appraisals` below that of the policies.
///
/// # Errors
/// A folder that cannot be read.
pub fn load(settings: &config::Policy) -> std::io::Result<LoadedBooks> {
    let folder = settings.folder.as_deref();
    let mut problems = Vec::new();
    let (mut registers, mut reports) = (Registers::default(), Reports::default());
    for register in read(folder, "registers", Register::parse, &mut problems)? {
        registers.add(register);
    }
    for report in read(folder, "reports", Report::parse, &mut problems)? {
        match report.registers.iter().find(|id| registers.get(id).is_none()) {
            Some(unknown) => {
                problems.push(format!("reports/{}.toml: there is no register `{unknown}`", report.id))
            }
            None => reports.add(report),
        }
    }
    let appraisals: BTreeMap<String, Appraisal> =
        read(folder, "appraisals", Appraisal::parse, &mut problems)?
            .into_iter()
            .map(|appraisal| (appraisal.id.clone(), appraisal))
            .collect();
    let settings = Settings {
        registers: Arc::new(registers),
        reports: Arc::new(reports),
        appraisals: Arc::new(appraisals),
        public_url: String::new(),
    };
    Ok(LoadedBooks { settings, problems })
}

fn read<T>(
    folder: Option<&Path>,
    kind: &str,
    parse: impl Fn(&str, &str) -> Result<T, Mistake>,
    problems: &mut Vec<String>,
) -> std::io::Result<Vec<T>> {
    let mut all = Vec::new();
    for (place, text) in assets::written(kind, folder)? {
        match parse(&place, &text) {
            Ok(one) => all.push(one),
            Err(mistake) => problems.push(mistake.to_string()),
        }
    }
    Ok(all)
}

/// What the configuration tells the books.
///
/// # Errors
/// A sentence: what cannot be read.
pub(super) fn settings(config: &config::Settings) -> Result<Settings, String> {
    let loaded = load(&config.policy).map_err(|e| format!("registers and reports cannot be read: {e}"))?;
    for problem in &loaded.problems {
        tracing::error!(problem, "a register or report cannot be used");
    }
    let public_url = config.api.public_url.clone().unwrap_or_default();
    Ok(Settings { public_url, ..loaded.settings })
}

/// The books, and the agents whom they hold.
pub(super) struct BooksSide {
    books: Books,
    control: ControlHandle,
    /// Agents who were made not ready until they have saved.
    held: Mutex<BTreeSet<String>>,
}

impl BooksSide {
    pub fn new(books: Books, control: ControlHandle) -> BooksSide {
        BooksSide { books, control, held: Mutex::default() }
    }

    /// Holds agents who have not saved, and lets those go who have. Whoever cannot be moved now,
    /// because no phone of theirs is there, is tried again in the next turn.
    async fn hold(&self, now: Timestamp) -> Result<(), Error> {
        let wanted = self.books.held(now).await?;
        let mut held = self.held.lock().await;
        for (agent, reason) in wanted.iter().filter(|(agent, _)| !held.contains(*agent)).collect::<Vec<_>>() {
            if self.moved(agent, Wish::NotReady(reason.clone())).await {
                held.insert(agent.clone());
            }
        }
        for agent in held.iter().filter(|agent| !wanted.contains_key(*agent)).cloned().collect::<Vec<_>>() {
            self.moved(&agent, Wish::Available).await;
            held.remove(&agent);
        }
        Ok(())
    }

    async fn moved(&self, agent: &str, wish: Wish) -> bool {
        let order = Control::Agent { name: agent.to_owned(), wish, by: ACTOR.to_owned() };
        self.control.ask(order).await.is_ok()
    }
}

impl Owes for BooksSide {
    const WHO: &'static str = "books";
    const PACE: Pace = Pace { gather: GATHER, again: AGAIN, at_least: AT_LEAST, breath: BREATH };

    async fn turn(&self, now: Timestamp) -> Result<Turned, impl Display> {
        let turn = self.books.turn(now).await?;
        self.hold(now).await?;
        Ok::<_, Error>(Turned { more: false, next: turn.next })
    }

    async fn woken(&self) {
        self.books.woken().await;
    }

    fn woken_by(batch: &Batch) -> Option<Duration> {
        let Batch::Events(events) = batch else { return Some(GATHER) };
        events.iter().any(is_end_of_call).then_some(SETTLED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_registers_reports_and_appraisals_are_good() {
        let loaded = load(&config::Policy::default()).unwrap();
        assert_eq!(loaded.problems, Vec::<String>::new());
        assert!(loaded.settings.registers.all().count() >= 30);
        assert!(loaded.settings.reports.all().count() >= 15);
        assert!(loaded.settings.appraisals.contains_key("default"));
        let mut titles = BTreeSet::new();
        for register in loaded.settings.registers.all() {
            assert!(
                titles.insert(&register.title),
                "{}: two sheets of a workbook cannot have one name",
                register.id
            );
        }
    }

    /// Stored rows of a callback that an agent talked about a minute ago, by the register of installations.
    const TALKED: &str = "
        INSERT INTO customers (id, pack, external_id, name, language, grade, preferred_hours, quiet_hours, key_account,
            plan_every, owner, email, standing, fields, version, created_at, changed_at)
            VALUES (1, 'whole_house_install', 'x', '王', '', '', '', '', 0, '', '', '', 'active', '{}', 1, 0, 0);
        INSERT INTO customer_phones (customer_id, pack, phone, extension, label, position, valid_from)
            VALUES (1, 'whole_house_install', '13800000001', '', '', 0, 0);
        INSERT INTO calls (id, direction, state, phone, reserved_at, started_at, answered_at, ended_at, disposition)
            VALUES ('01A', 'outbound', 'ended', '13800000001', AT, AT, AT, AT, 'completed');
        INSERT INTO legs (call_id, number, kind, target, agent, started_at, answered_at, ended_at, result, ended_by)
            VALUES ('01A', 1, 'agent', '8001', 'wang', AT, AT, AT, 'talked', 'peer');
        INSERT INTO callbacks (id, pack, rule, version, customer_id, subject, occurrence, origin, method, earliest, due,
            deadline, sums, state, reason, detail, outcome, closed_at, call_id, assignee, created_at, changed_at)
            VALUES (5, 'whole_house_install', 'install', 'v', 1, 's', 0, 'event', 'phone', 0, 0, AT, '{}', 'done', 'made', '',
            'satisfied', AT, '01A', '', 0, 0);";

    #[tokio::test]
    async fn reg_02_the_agents_next_call_is_held_until_the_entry_is_saved() {
        use crate::io::store::{Db, Store};
        use crate::io::web::{Done, EventHub};
        use sqlx::Executor;

        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&format!("sqlite:{}/books.db", folder.path().display())).await.unwrap();
        let at = Timestamp(1_772_503_200_000);
        let Db::Sqlite { write, .. } = store.db() else { panic!("SQLite was opened") };
        let sql = TALKED.replace("AT", &at.0.to_string());
        write.execute(sqlx::AssertSqlSafe(sql)).await.unwrap();
        let (control, mut orders) = ControlHandle::channel();
        let planner = crate::io::planner::Planner::new(
            store.clone(),
            control.clone(),
            EventHub::new(1),
            crate::io::planner::Settings::default(),
        );
        let books = Books::new(store.clone(), planner, load(&config::Policy::default()).unwrap().settings);
        let side = BooksSide::new(books, control);
        let wishes = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let told = wishes.clone();
        let engine = tokio::spawn(async move {
            while let Some(order) = orders.recv().await {
                if let Control::Agent { name, wish, .. } = order.control {
                    told.lock().unwrap().push((name, wish));
                }
                order.reply.send(Ok(Done::Accepted)).ok();
            }
        });
        let minute = |minutes: i64| Timestamp(at.0 + minutes * 60_000);
        let taken = || std::mem::take(&mut *wishes.lock().unwrap());
        side.hold(minute(1)).await.unwrap();
        assert_eq!(taken(), [("wang".to_owned(), Wish::NotReady("back_office".into()))]);
        side.hold(minute(2)).await.unwrap();
        assert_eq!(taken(), [], "held once");
        let notes = ["outstanding", "progress_told"].map(|word| (word.to_owned(), "是".to_owned()));
        store.add_register_notes("callback:5", &notes, "wang", minute(3)).await.unwrap();
        side.hold(minute(4)).await.unwrap();
        assert_eq!(taken(), [("wang".to_owned(), Wish::Available)], "and let go once it is saved");
        engine.abort();
    }
}
