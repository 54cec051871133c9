//! Days: what happened yesterday is called today, what comes in is called at once.

use ringback::base::Disposition;
use serde_json::json;

use super::shop::{SHOP, Shop, at, phone, settings};
use crate::support::databases::{Database, on_both_databases};

on_both_databases! {
    sch_01_yesterdays_installs_are_called_from_nine_and_the_score_closes_the_callback,
    sch_03_a_slip_is_called_at_once_and_at_the_next_opening_if_it_comes_at_night,
    win_04_two_rules_due_for_one_number_are_one_call,
    win_04_what_was_joined_is_called_by_itself_when_the_other_is_taken_out,
    win_04_a_number_that_may_not_be_called_is_never_on_the_list,
    arc_03_a_cancelled_contract_takes_its_callbacks_out_of_the_dialler,
    sch_02_a_deadline_that_passes_is_marked_and_the_mark_stays,
    sch_18_samples_are_drawn_on_their_days_and_a_week_with_too_few_is_told,
    every_callback_of_a_day_has_one_stored_reason,
    win_02_a_day_counts_on_the_agents_of_its_pack_who_are_at_work,
}

async fn sch_01_yesterdays_installs_are_called_from_nine_and_the_score_closes_the_callback(db: &Database) {
    let mut shop = Shop::open(db).await;
    shop.happened(3, "install.finished", "2026-03-02 16:00").await;
    shop.turn("2026-03-02 16:01").await;
    assert_eq!(shop.callbacks("state=open").await.len(), 3);
    shop.turn("2026-03-03 08:49:59").await;
    assert!(shop.entries("installed").await.is_empty(), "before the list is released nobody is called");
    let turn = shop.turn("2026-03-03 08:50").await;
    assert_eq!(turn.released, 3);
    let numbers: Vec<String> = shop.entries("installed").await.into_iter().map(|e| e.1).collect();
    assert_eq!(numbers, [phone(0), phone(1), phone(2)], "those three and nobody else");
    let windows = shop.text("SELECT settings FROM campaigns WHERE name = 'shop/installed'").await;
    assert!(windows.contains("09:00-12:00"), "the dialler opens at nine: {windows}");
    // 09:02: the first is reached and gives a five, the second a one.
    shop.set("2026-03-03 09:02");
    shop.call("installed", &phone(0), Disposition::Completed, &[Some(5)]).await;
    shop.call("installed", &phone(1), Disposition::Completed, &[Some(1)]).await;
    let turn = shop.turn("2026-03-03 09:05").await;
    assert_eq!(turn.settled, 2);
    let done = shop.callbacks("state=done").await;
    let outcomes: Vec<&str> = done.iter().map(|c| c["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["satisfied", "dissatisfied"]);
    assert!(done.iter().all(|c| c["call_id"].is_string() && c["breached_at"].is_null()), "{done:#?}");
    shop.turn("2026-03-04 00:01").await;
    let books = shop.books("2026-03-03").await;
    assert_eq!((&books["due"], &books["done"], &books["open"]), (&json!(3), &json!(2), &json!(1)));
}

async fn sch_03_a_slip_is_called_at_once_and_at_the_next_opening_if_it_comes_at_night(db: &Database) {
    let shop = Shop::open(db).await;
    shop.turn("2026-03-03 08:50").await;
    let day = shop.customer("day", &phone(1)).await;
    shop.event(day, "slip.cleaning", "2026-03-03 14:02", "", "{}").await;
    let turn = shop.turn("2026-03-03 14:02:01").await;
    assert_eq!(turn.released, 1, "within seconds the dialler has it");
    let due = shop.number("SELECT due_at FROM entries WHERE state = 'pending'").await;
    assert!(due <= at("2026-03-03 14:02:01").0, "and may call at once");
    let priority = shop.number("SELECT priority FROM campaigns WHERE name = 'shop/cleaning'").await;
    assert_eq!(priority, 9, "ahead of routine calls");
    let night = shop.customer("night", &phone(2)).await;
    shop.event(night, "slip.cleaning", "2026-03-03 22:00", "", "{}").await;
    let turn = shop.turn("2026-03-03 22:00:01").await;
    assert_eq!(turn.released, 0, "nobody is called at ten in the evening");
    let why = shop
        .text(
            "SELECT code FROM day_verdicts v JOIN callbacks b ON b.id = v.callback_id
                         JOIN customers c ON c.id = b.customer_id WHERE c.name = 'night'",
        )
        .await;
    assert_eq!(why, "window_closed");
    let turn = shop.turn("2026-03-04 08:50").await;
    assert_eq!(turn.released, 1, "it stands on the list of the next morning");
    shop.books("2026-03-03").await;
}

async fn win_04_two_rules_due_for_one_number_are_one_call(db: &Database) {
    let mut shop = Shop::open(db).await;
    let one = shop.customer("one", &phone(1)).await;
    shop.event(one, "install.finished", "2026-03-02 16:00", "A", r#"{"second":"yes"}"#).await;
    shop.turn("2026-03-03 08:50").await;
    assert_eq!(shop.callbacks("state=open").await.len(), 2, "two rules, two callbacks");
    let all = shop.number("SELECT COUNT(*) FROM entries").await;
    assert_eq!(all, 1, "one call for both");
    let words = shop.verdicts("2026-03-03").await;
    assert_eq!(words, [("one".into(), "due".into()), ("one".into(), "merged".into())]);
    shop.set("2026-03-03 09:10");
    shop.call("installed", &phone(1), Disposition::Completed, &[Some(5)]).await;
    shop.turn("2026-03-03 09:12").await;
    let done = shop.callbacks("state=done").await;
    assert_eq!(done.len(), 2, "{done:#?}");
    assert_eq!(done[0]["call_id"], done[1]["call_id"], "by the same call");
    shop.turn("2026-03-04 00:01").await;
    assert_eq!(shop.books("2026-03-03").await["done"], 2);
}

async fn win_04_what_was_joined_is_called_by_itself_when_the_other_is_taken_out(db: &Database) {
    let shop = Shop::open(db).await;
    let one = shop.customer("one", &phone(1)).await;
    shop.event(one, "install.finished", "2026-03-02 16:00", "A", r#"{"second":"yes"}"#).await;
    shop.turn("2026-03-03 08:50").await;
    let first = shop.only("rule=installed").await;
    shop.edit(&first, "remove", json!({ "reason": "asked already" })).await.expect(200);
    let turn = shop.turn("2026-03-03 08:55").await;
    assert_eq!(turn.released, 1, "the other is called for itself");
    assert_eq!(shop.entries("installed").await[0].2, "stopped");
    assert_eq!(shop.entries("second").await[0].2, "pending");
    let second = shop.only("rule=second").await;
    assert!(second["merged_into"].is_null(), "{second}");
}

async fn win_04_a_number_that_may_not_be_called_is_never_on_the_list(db: &Database) {
    let shop = Shop::open(db).await;
    shop.happened(2, "install.finished", "2026-03-02 16:00").await;
    let banned = phone(0).parse().unwrap();
    shop.site.store.add_do_not_call(&banned, "asked", "test", at("2026-03-02 17:00")).await.unwrap();
    shop.turn("2026-03-03 08:50").await;
    let numbers: Vec<String> = shop.entries("installed").await.into_iter().map(|e| e.1).collect();
    assert_eq!(numbers, [phone(1)]);
    let words = shop.verdicts("2026-03-03").await;
    assert_eq!(words, [("C0".into(), "do_not_call".into()), ("C1".into(), "due".into())]);
}

async fn arc_03_a_cancelled_contract_takes_its_callbacks_out_of_the_dialler(db: &Database) {
    let shop = Shop::open(db).await;
    let one = shop.customer("one", &phone(1)).await;
    shop.event(one, "install.finished", "2026-03-04 16:00", "order-1", "{}").await;
    shop.turn("2026-03-05 08:50").await;
    assert_eq!(shop.entries("installed").await[0].2, "pending");
    shop.event(one, "contract.cancelled", "2026-03-05 08:55", "order-1", "{}").await;
    shop.turn("2026-03-05 08:55:01").await;
    assert_eq!(shop.entries("installed").await[0].2, "stopped");
    let callback = shop.only("").await;
    assert_eq!((&callback["state"], &callback["outcome"]), (&json!("excused"), &json!("withdrawn")));
    let turn = shop.turn("2026-03-06 08:50").await;
    assert_eq!(turn.released, 0, "none is dialled the day after");
    assert_eq!(shop.books("2026-03-05").await["excused"], 1);
}

async fn sch_02_a_deadline_that_passes_is_marked_and_the_mark_stays(db: &Database) {
    let mut shop = Shop::open(db).await;
    shop.happened(1, "install.finished", "2026-03-02 16:00").await;
    shop.turn("2026-03-03 08:50").await;
    let turn = shop.turn("2026-03-04 00:00").await;
    let open = shop.only("breached=true").await;
    assert_eq!(open["breached_at"], at("2026-03-04 00:00").0, "{turn:?}");
    shop.turn("2026-03-04 08:50").await;
    shop.set("2026-03-04 09:30");
    shop.call("installed", &phone(0), Disposition::Completed, &[Some(5)]).await;
    shop.turn("2026-03-04 09:31").await;
    let done = shop.only("breached=true").await;
    assert_eq!((&done["state"], &done["breached_at"]), (&json!("done"), &json!(at("2026-03-04 00:00").0)));
}

async fn sch_18_samples_are_drawn_on_their_days_and_a_week_with_too_few_is_told(db: &Database) {
    let shop = Shop::open(db).await;
    for n in 0..40 {
        let id = shop.customer(&format!("P{n}"), &phone(n)).await;
        let fields = if n < 36 { r#"{"state":"normal"}"# } else { r#"{"state":"damaged"}"# };
        shop.event(id, "parcel.signed", "2026-03-02 10:00", "", fields).await;
    }
    let mut alarms = shop.site.api.parts.events.subscribe(None);
    for day in ["2026-03-03", "2026-03-04", "2026-03-05", "2026-03-06"] {
        shop.turn(&format!("{day} 08:50")).await;
        shop.turn(&format!("{day} 09:50")).await;
    }
    assert_eq!(shop.number("SELECT COUNT(*) FROM draws").await, 2, "on Tuesday and Thursday");
    let drawn = shop.callbacks("rule=sampled").await;
    assert_eq!(drawn.len(), 10, "five each time, and nobody twice");
    let damaged =
        "SELECT COUNT(*) FROM callbacks b JOIN events e ON e.id = b.event_id WHERE e.fields LIKE '%damaged%'";
    assert_eq!(shop.number(damaged).await, 0, "only those that were signed as they should");
    let people = "SELECT COUNT(DISTINCT customer_id) FROM callbacks";
    assert_eq!(shop.number(people).await, 10);
    // The same days over the same facts draw the same.
    let picks = shop.text("SELECT picks FROM draws ORDER BY day LIMIT 1").await;
    let seed = shop.text("SELECT seed FROM draws ORDER BY day LIMIT 1").await;
    let unit = |n: usize| ringback::plan::sample::Unit {
        key: format!("parcel.signed-{}-2026-03-02 10:00-", n + 1),
        stratum: String::new(),
        customer: ringback::base::CustomerId(n as i64 + 1),
        event: ringback::base::EventId(n as i64 + 1),
        at: at("2026-03-02 10:00"),
    };
    let units: Vec<_> = (0..36).map(unit).collect();
    let pack = settings(&[SHOP]);
    let policy = pack.policies.in_force("shop", jiff::civil::date(2026, 3, 3)).unwrap();
    let sample = policy.pack.rule["sampled"].on.sample.as_ref().unwrap();
    let again = ringback::plan::sample::draw(
        sample,
        &pack.calendar,
        jiff::civil::date(2026, 3, 3),
        seed.parse().unwrap(),
        &units,
        &std::collections::BTreeMap::new(),
    );
    assert_eq!(serde_json::to_string(&again).unwrap(), picks, "anybody can draw it again");
    // A week without a draw is told on Monday.
    shop.turn("2026-03-16 08:50").await;
    let mut told = String::new();
    while let Ok(ringback::io::web::Batch::Events(events)) =
        tokio::time::timeout(std::time::Duration::from_millis(50), alarms.next()).await
    {
        events.iter().filter(|e| &*e.topic == "alarm").for_each(|e| told.push_str(&e.json));
    }
    assert!(told.contains("under_quota: shop/sampled"), "{told}");
}

async fn every_callback_of_a_day_has_one_stored_reason(db: &Database) {
    let mut shop = Shop::open(db).await;
    shop.happened(5, "install.finished", "2026-03-02 16:00").await;
    shop.turn("2026-03-03 08:50").await;
    shop.set("2026-03-03 09:10");
    shop.call("installed", &phone(0), Disposition::Completed, &[Some(4)]).await;
    shop.call("installed", &phone(1), Disposition::Refused, &[]).await;
    shop.call("installed", &phone(2), Disposition::NoAnswer, &[]).await;
    shop.turn("2026-03-03 09:20").await;
    shop.turn("2026-03-04 00:01").await;
    let books = shop.books("2026-03-03").await;
    assert_eq!((&books["done"], &books["excused"], &books["open"]), (&json!(1), &json!(2), &json!(2)));
    let why = shop.site.get("/api/v1/plan/shop/2026-03-03/why").await.expect(200);
    let words: Vec<(&str, &str)> = why["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| (v["verdict"].as_str().unwrap(), v["code"].as_str().unwrap()))
        .collect();
    let expect = [
        ("done", "finished"),
        ("excused", "refused"),
        ("excused", "unreached"),
        ("not", "due"),
        ("not", "due"),
    ];
    assert_eq!(words, expect);
    let rows = shop.number("SELECT COUNT(*) FROM day_verdicts WHERE day = '2026-03-03'").await;
    assert_eq!(rows, 5, "one for each");
}

async fn win_02_a_day_counts_on_the_agents_of_its_pack_who_are_at_work(db: &Database) {
    let mut told = settings(&[SHOP]);
    let packs = |packs: &[&str]| packs.iter().map(|pack| (*pack).to_owned()).collect();
    told.agents = [
        ("anna".to_owned(), packs(&[])),
        ("bert".to_owned(), packs(&["shop", "hospital"])),
        ("carl".to_owned(), packs(&["hospital"])),
    ]
    .into();
    let shop = Shop::with(db, told).await;
    shop.happened(3, "install.finished", "2026-03-02 16:00").await;
    let agents = "SELECT MAX(agent_count) FROM recorded_days WHERE pack = 'shop' AND day = ";
    shop.turn("2026-03-03 08:50").await;
    assert_eq!(shop.number(&format!("{agents}'2026-03-03'")).await, 2, "carl works for others");
    // Where there are shifts, those who come to work count, and nobody on leave.
    let (from, to) = (at("2026-03-04 09:00").0, at("2026-03-04 18:00").0);
    let shifts = format!(
        "INSERT INTO shifts (pack, person, starts_at, ends_at) VALUES ('shop', 'anna', {from}, {to}),
             ('shop', 'bert', {from}, {to}), ('shop', 'dora', {from}, {to});
         INSERT INTO leaves (person, from_day, to_day, reason, created_by, created_at)
             VALUES ('anna', '2026-03-04', '2026-03-04', 'ill', 'x', 0),
                    ('bert', '2026-03-04', '2026-03-04', 'ill', 'x', 0)"
    );
    crate::support::databases::execute(&shop.site.store, &shifts).await.unwrap();
    shop.turn("2026-03-04 08:50").await;
    assert_eq!(shop.number(&format!("{agents}'2026-03-04'")).await, 1);
}
