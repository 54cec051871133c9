//! Lists and single things by whose they are: the same conditions on both databases.

use ringback::access::{Reach, Within};
use ringback::io::store::Thing;
use ringback::io::store::archive::read::CustomerFilter;
use ringback::io::store::audits::CaseFilter;
use ringback::io::store::notice::NoticeFilter;
use ringback::io::store::read::{CallFilter, CallSort, CallbackFilter};
use ringback::io::store::ticket::TicketFilter;

use crate::support::databases::{Database, execute, on_both_databases};

on_both_databases! {
    each_list_and_each_single_thing_is_narrowed_to_what_is_reached,
}

const CALL: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
const OTHER: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAW";

fn of(people: &[&str], departments: &[&str], packs: &[&str]) -> Reach {
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Reach::Within(Within { people: set(people), departments: set(departments), packs: set(packs) })
}

/// A customer of `mall` with a callback, a ticket of 工程部, and two calls: 李 talked in the first.
pub const WORLD: &[&str] = &[
    "INSERT INTO customers (pack, external_id, name, language, grade, preferred_hours, quiet_hours, key_account,
         plan_every, owner, email, standing, fields, version, created_at, changed_at)
     VALUES ('mall', 'c', 'c', '', '', '', '', 0, '', '', '', 'active', '{}', 1, 0, 0)",
    "INSERT INTO callbacks (pack, rule, version, customer_id, subject, occurrence, origin, method, earliest, due,
         deadline, sums, state, reason, detail, assignee, created_at, changed_at)
     VALUES ('mall', 'r', 'v', 1, 's', 0, 'event', 'phone', 0, 0, 1, '[]', 'open', '', '', '李', 0, 0)",
    "INSERT INTO tickets (pack, number, kind, severity, category, source, phase, state, owner, department, customer_id,
         phone, name, matter, complaint, dissatisfied, level, meeting, opened_at, version, body)
     VALUES ('mall', 'KF1', 'k', 'ordinary', '', 'call', 'open', 'open', '李', '工程部', 1, '', '', '', 0, 0, 0, '', 0, 1, '{}')",
    "INSERT INTO ticket_departments (department, ticket_id) VALUES ('工程部', 1)",
    "INSERT INTO calls (id, direction, state, phone, reserved_at, ended_at, disposition)
     VALUES ('01ARZ3NDEKTSV4RRFFQ69G5FAV', 'inbound', 'ended', '13800000001', 1, 2, 'served'),
            ('01ARZ3NDEKTSV4RRFFQ69G5FAW', 'inbound', 'ended', '13800000002', 2, 3, 'served')",
    "INSERT INTO legs (call_id, number, kind, target, agent, started_at, answered_at, ended_at, result, ended_by)
     VALUES ('01ARZ3NDEKTSV4RRFFQ69G5FAV', 1, 'agent', '8001', '李', 0, 1, 2, 'talked', 'us'),
            ('01ARZ3NDEKTSV4RRFFQ69G5FAW', 1, 'agent', '8001', '李', 0, NULL, 2, 'no_answer', 'us')",
    "INSERT INTO ticket_calls (ticket_id, call_id) VALUES (1, '01ARZ3NDEKTSV4RRFFQ69G5FAV')",
    "INSERT INTO notices (key, topic, recipient, subject, pack, facts, wants_ack, created_at)
     VALUES ('k', 't', '工程部', 's', 'mall', '{}', 0, 0)",
    "INSERT INTO audit_cases (call_id, agent, why, auditor, second, made_by, made_at)
     VALUES ('01ARZ3NDEKTSV4RRFFQ69G5FAV', '李', '[]', '审', 0, 'x', 0)",
];

async fn each_list_and_each_single_thing_is_narrowed_to_what_is_reached(database: &Database) {
    let store = database.open().await;
    for sql in WORLD {
        execute(&store, sql).await.unwrap_or_else(|e| panic!("{e}: {sql}"));
    }
    let things = [
        (Thing::Call, CALL),
        (Thing::Callback, "1"),
        (Thing::Ticket, "1"),
        (Thing::Customer, "1"),
        (Thing::Case, "1"),
        (Thing::Notice, "1"),
    ];
    // What each kind of name reaches, in the order of `things`.
    let table = [
        (of(&["李"], &[], &[]), [true, true, true, true, true, false]),
        (of(&["审"], &[], &[]), [false, false, false, false, true, false]),
        (of(&["王", "赵"], &["生产部"], &["hospital"]), [false; 6]),
        (of(&[], &["工程部"], &[]), [true, false, true, true, false, true]),
        (of(&[], &[], &["mall"]), [true, true, true, true, false, true]),
        (of(&["王", "李"], &["工程部"], &["mall"]), [true; 6]),
        (Reach::default(), [true; 6]),
        (of(&[], &[], &[]), [false; 6]),
    ];
    for (within, expect) in table {
        for ((thing, id), expect) in things.into_iter().zip(expect) {
            let reached = store.is_reached(thing, id, &within).await.unwrap();
            assert_eq!(reached, Some(expect), "{thing:?} by {within:?}");
            let within = within.clone();
            let rows = match thing {
                Thing::Call => {
                    let filter = CallFilter { within, ..CallFilter::default() };
                    let page = store.call_rows(&filter, CallSort::Newest, None, 10).await.unwrap();
                    page.rows.into_iter().filter(|row| row.id == CALL).count()
                }
                Thing::Callback => {
                    let filter = CallbackFilter { within, ..CallbackFilter::default() };
                    store.callback_rows(&filter, None, 10).await.unwrap().rows.len()
                }
                Thing::Ticket => {
                    let filter = TicketFilter { within, ..TicketFilter::default() };
                    store.ticket_rows(&filter, None, 10).await.unwrap().rows.len()
                }
                Thing::Customer => {
                    let filter = CustomerFilter { within, ..CustomerFilter::default() };
                    store.customer_rows(&filter, None, 10).await.unwrap().rows.len()
                }
                Thing::Case => {
                    let filter = CaseFilter { within, ..CaseFilter::default() };
                    store.case_page(&filter, None, 10).await.unwrap().rows.len()
                }
                Thing::Notice => {
                    let filter = NoticeFilter { within, ..NoticeFilter::default() };
                    store.notice_rows(&filter, None, 10).await.unwrap().rows.len()
                }
            };
            assert_eq!(rows, usize::from(expect), "the list of {thing:?}");
        }
    }
    // An agent who was rung and did not answer had no part in the call; what is not there is not told.
    let li = of(&["李"], &[], &[]);
    assert_eq!(store.is_reached(Thing::Call, OTHER, &li).await.unwrap(), Some(false));
    assert_eq!(store.is_reached(Thing::Ticket, "99", &li).await.unwrap(), None);
    assert_eq!(store.is_reached(Thing::Ticket, "x", &li).await.unwrap(), None);
}
