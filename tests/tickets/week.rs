//! A week of random callers, with restarts in between: no call is without a ticket, no ticket
//! without a next step, nobody is called twice for one thing.

use ringback::base::Rng;
use ringback::io::desk::TicketDesk;

use super::office::{Made, Office};
use crate::support::databases::{Database, block_on};

/// A pack of each kind, one customer group each.
const PACKS: [&str; 6] = [
    "home_decoration",
    "xian_decoration",
    "furniture_mall",
    "sales_company",
    "repair_station_rescue",
    "generic_enterprise",
];

fn below(rng: &mut Rng, n: u64) -> u64 {
    rng.next_u64() % n
}

#[test]
fn a_week_of_random_callers_loses_nobody() {
    block_on(async {
        let database = Database::sqlite();
        let mut office = Office::open(&database).await;
        for (n, pack) in PACKS.iter().enumerate() {
            office.customer(pack, &format!("C{n}"), &format!("1380000000{n}"), serde_json::json!({})).await;
        }
        let mut rng = Rng::seeded(7);
        let mut minutes = 0;
        for step in 0..140 {
            minutes += 20 + below(&mut rng, 100);
            let moment = moment(minutes);
            random_call(&mut office, &mut rng, &moment).await;
            if step % 15 == 14 {
                // The daemon starts anew: everything is in the database.
                let (store, planner) = (office.shop.site.store.clone(), office.shop.planner.clone());
                office.desk = TicketDesk::new(store, planner, office.desk.settings());
            }
            office.turn(&moment).await;
            if step % 4 == 0 && office.wanted("verify").await > 0 {
                let outcome = ["satisfied", "dissatisfied", "unreached"][below(&mut rng, 3) as usize];
                office.verified(&moment, outcome, None).await;
            }
            is_whole(&office).await;
        }
        let tickets = office.number("SELECT COUNT(*) FROM tickets").await;
        let closed = office.number("SELECT COUNT(*) FROM tickets WHERE phase = 'closed'").await;
        assert!(
            tickets > 30 && closed > 5,
            "{tickets} tickets, {closed} closed: the week was too quiet to show anything"
        );
    });
}

fn moment(minutes: u64) -> String {
    let (day, rest) = (2 + minutes / 1_440, minutes % 1_440);
    format!("2026-03-{day:02} {:02}:{:02}", rest / 60, rest % 60)
}

async fn random_call(office: &mut Office, rng: &mut Rng, moment: &str) {
    let phone = format!("138000000{:02}", below(rng, 12));
    let known = format!("1380000000{}", below(rng, PACKS.len() as u64));
    let phone = if below(rng, 3) == 0 { phone } else { known };
    match below(rng, 8) {
        0..=3 => {
            let key = ["1", "2", "3", "4"][below(rng, 4) as usize];
            office.inbound(moment, &phone, Some(key)).await;
        }
        4 | 5 => {
            let end = ["cancelled", "hung_up", "failed", "lost"][below(rng, 4) as usize];
            let lost =
                Made { at: moment, phone: &phone, answered: false, disposition: end, ..Made::default() };
            office.call(lost).await;
        }
        6 => {
            office.outbound(moment, &phone, below(rng, 2) == 0).await;
        }
        _ => {
            let call = office.outbound(moment, &phone, true).await;
            office.answer(&call, "q1", "1", Some(1), true).await;
        }
    }
}

async fn is_whole(office: &Office) {
    for (what, sql) in [
        (
            "an inbound call without a ticket",
            "SELECT COUNT(*) FROM calls c WHERE c.direction = 'inbound' AND c.state = 'ended'
               AND NOT EXISTS (SELECT 1 FROM ticket_calls t WHERE t.call_id = c.id)",
        ),
        ("a call that nobody has seen to", "SELECT COUNT(*) FROM calls WHERE state = 'ended' AND ticketed = 0"),
        ("a ticket without an owner", "SELECT COUNT(*) FROM tickets WHERE owner = '' OR state = ''"),
        (
            "an open ticket without a next step",
            "SELECT COUNT(*) FROM tickets t WHERE t.phase = 'open' AND t.due_at IS NULL
               AND t.body NOT LIKE '%\"done_at\":null%'",
        ),
        (
            "a verification without a call",
            "SELECT COUNT(*) FROM tickets t WHERE t.phase = 'verifying' AND t.state = 'verifying'
               AND NOT EXISTS (SELECT 1 FROM ticket_callbacks k JOIN callbacks b ON b.id = k.callback_id
                               WHERE k.ticket_id = t.id AND k.purpose = 'verify' AND b.state = 'open')",
        ),
        (
            "a caller who would be called back twice",
            "SELECT COUNT(*) FROM (SELECT b.customer_id FROM ticket_callbacks k JOIN callbacks b ON b.id = k.callback_id
               WHERE k.purpose = 'return' AND b.state = 'open' GROUP BY b.customer_id HAVING COUNT(*) > 1) x",
        ),
        (
            "a closed ticket with an open call",
            "SELECT COUNT(*) FROM tickets t JOIN ticket_callbacks k ON k.ticket_id = t.id JOIN callbacks b ON b.id = k.callback_id
             WHERE t.phase = 'closed' AND b.state = 'open'",
        ),
        ("a number that is there twice", "SELECT COUNT(*) - COUNT(DISTINCT pack || number) FROM tickets"),
    ] {
        assert_eq!(office.number(sql).await, 0, "{what}");
    }
}
