//! Agents who call: the guard's answer, cards before the call, promised calls, and the robot's
//! question after a talk, over both databases.

use std::sync::Arc;

use ringback::base::{CallId, Rng, Timestamp};
use ringback::calendar::Windows;
use ringback::engine::{Clear, DialOrder};
use ringback::io::planner::Settings;
use ringback::io::store::NewToken;
use ringback::io::web::Control;
use ringback::ticket::rules_of_tickets;
use serde_json::{Value, json};

use super::shop::{SHOP, Shop, at, phone, settings};
use crate::support::databases::{Database, execute, on_both_databases};
use crate::web::site::{send, token_of};

on_both_databases! {
    win_06_an_agent_who_dials_at_1230_needs_a_reason_and_stands_in_the_adherence_report,
    win_04_the_guard_of_agents_spares_numbers_that_are_in_a_call_or_want_none,
    each_agent_has_a_card_of_their_own_which_is_dialled_skipped_or_given_back,
    rol_06_whoever_is_rated_never_makes_the_call_another_agent_is_picked,
    rem_03_a_promised_call_rings_at_1530_at_the_same_agent_or_the_deputy,
    a_customer_who_left_an_agent_without_a_rating_is_asked_once_by_the_robot,
    the_card_of_a_call_has_customer_tickets_and_script_with_one_question,
}

/// A rule by which agents call, named people and their deputies among them.
const PERSONAL: &str = r#"
[event."vip.due"]
title = "重点客户"
[rule.personal]
title = "重点客户回访"
source = "test"
on = { event = ["vip.due"] }
due = "0min"
deadline = "2d"
mode = "agent"
script = "generic"
caller = { person = "absent", deputy = "wang" }
[event."job.done"]
title = "完工"
fields = { worker = "师傅 / worker" }
[rule.rated]
title = "满意度回访"
source = "test"
on = { event = ["job.done"] }
due = "0min"
deadline = "2d"
mode = "agent"
script = "generic"
rates = { "师傅" = "worker" }
[rule.anybodys]
title = "座席回访"
source = "test"
on = { event = ["contract.cancelled"] }
due = "0min"
deadline = "2d"
mode = "agent"
script = "generic"
"#;

fn with(change: impl FnOnce(&mut Settings)) -> Settings {
    let text = SHOP.replace(r#"cancelled_by = ["contract.cancelled"]"#, "") + PERSONAL;
    let mut settings = settings(&[&text]);
    settings.policies = Arc::new((*settings.policies).clone().with_rules(&rules_of_tickets()));
    change(&mut settings);
    settings
}

fn asked(n: u64, number: &str, reason: &str) -> Clear {
    Clear {
        call: CallId::new(Timestamp(1_772_413_200_000), &mut Rng::seeded(n)),
        agent: "anna".into(),
        number: number.into(),
        override_reason: reason.into(),
        callback: None,
        windows: Windows::parse(&["08:00-20:00"], "Asia/Shanghai").unwrap(),
    }
}

async fn end(shop: &Shop, call: CallId, from: &str, answered: bool) {
    let at = at(from).0;
    let (answer, how) = if answered { (at.to_string(), "served") } else { ("NULL".into(), "no_answer") };
    let sql = format!(
        "UPDATE calls SET state = 'ended', trunk = 'a', started_at = {at}, answered_at = {answer}, ended_at = {at},
             disposition = '{how}' WHERE id = '{call}'"
    );
    execute(&shop.site.store, &sql).await.unwrap();
}

async fn win_06_an_agent_who_dials_at_1230_needs_a_reason_and_stands_in_the_adherence_report(db: &Database) {
    let shop = Shop::with(db, with(|_| {})).await;
    shop.customer("C0", &phone(0)).await;
    let noon = shop.set("2026-03-03 12:30");
    let refused = shop.planner.clear(&asked(1, &phone(0), ""), noon).await.unwrap_err();
    assert_eq!(refused.code, "window_closed");
    assert!(refused.detail.contains("only with a reason"), "{refused:?}");
    assert_eq!(shop.number("SELECT COUNT(*) FROM calls").await, 0, "nothing was written");
    let call = asked(2, &phone(0), "the customer asked for it");
    let cleared = shop.planner.clear(&call, noon).await.unwrap();
    assert_eq!((cleared.phone.as_str(), cleared.name.as_str()), (&*phone(0), "C0"));
    assert_eq!(cleared.fields["product"], "boiler", "the card's facts are the script's too");
    let row = shop.text("SELECT state || ' ' || begun_by || ' ' || direction FROM calls").await;
    assert_eq!(row, "reserved anna outbound", "on disk before the INVITE");
    end(&shop, call.call, "2026-03-03 12:30", true).await;
    // Whom nobody knows is called by the dialler's hours.
    let stranger = asked(3, &phone(7), "");
    shop.planner.clear(&stranger, noon).await.unwrap();
    end(&shop, stranger.call, "2026-03-03 12:31", false).await;
    let report = shop.site.get("/api/v1/adherence?month=2026-03").await.expect(200);
    let line = &report["overrides"][0];
    assert_eq!(
        (&line["caller"], &line["subject"]),
        (&json!("anna"), &json!(format!("call:{}", call.call))),
        "{report}"
    );
    let detail = line["detail"].as_str().unwrap();
    assert!(detail.starts_with("window_closed") && detail.ends_with("the customer asked for it"), "{detail}");
    let anna = &report["callers"][0];
    assert_eq!((&anna["caller"], &anna["calls"], &anna["overrides"]), (&json!("anna"), &json!(2), &json!(1)));
}

async fn win_04_the_guard_of_agents_spares_numbers_that_are_in_a_call_or_want_none(db: &Database) {
    let shop = Shop::with(db, with(|_| {})).await;
    let now = shop.set("2026-03-03 10:00");
    let first = asked(1, &phone(0), "");
    shop.planner.clear(&first, now).await.unwrap();
    let again = shop.planner.clear(&asked(2, &phone(0), "urgent"), now).await.unwrap_err();
    assert_eq!(again.code, "number_in_call", "a reason does not help");
    shop.site.store.add_do_not_call(&phone(1).parse().unwrap(), "asked", "test", now).await.unwrap();
    let never = shop.planner.clear(&asked(3, &phone(1), "urgent"), now).await.unwrap_err();
    assert_eq!(never.code, "do_not_call");
    let none = shop.planner.clear(&asked(4, "12", ""), now).await.unwrap_err();
    assert_eq!(none.code, "no_number");
}

async fn each_agent_has_a_card_of_their_own_which_is_dialled_skipped_or_given_back(db: &Database) {
    let shop = Shop::with(db, with(|_| {})).await;
    shop.happened(2, "contract.cancelled", "2026-03-03 08:00").await;
    shop.turn("2026-03-03 09:05").await;
    let preview = async |who: &str, status: u16| -> Value {
        shop.site.post(&format!("/api/v1/agents/{who}/preview"), json!({})).await.expect(status)
    };
    let anna = preview("anna", 200).await;
    let bob = preview("bob", 200).await;
    assert_ne!(anna["callback"]["id"], bob["callback"]["id"], "nobody has another's card");
    assert_eq!(anna["title"], "座席回访");
    assert_eq!(preview("anna", 200).await["callback"]["id"], anna["callback"]["id"], "the same again");
    let open = shop.site.get("/api/v1/agents/anna/preview").await.expect(200);
    assert_eq!(open["callback"]["id"], anna["callback"]["id"], "looked at without taking another");
    preview("carol", 404).await;
    shop.site.get("/api/v1/agents/carol/preview").await.expect(404);
    // Three minutes later it is anybody's.
    shop.set("2026-03-03 09:09");
    let carol = preview("carol", 200).await;
    let skip = async |who: &str, body: Value| {
        shop.site.post(&format!("/api/v1/agents/{who}/preview/skip"), body).await.status.as_u16()
    };
    assert_eq!(skip("carol", json!({ "reason": "" })).await, 422);
    assert_eq!(skip("carol", json!({ "reason": "my neighbour" })).await, 204);
    assert_eq!(skip("carol", json!({ "reason": "again" })).await, 404);
    let told =
        shop.text("SELECT subject || ' ' || detail FROM audit_log WHERE action = 'callback.skip'").await;
    assert_eq!(told, format!("callback:{} carol: my neighbour", carol["callback"]["id"]));
    let left = preview("dave", 200).await;
    assert_ne!(left["callback"]["id"], carol["callback"]["id"], "what was skipped rests");
    let dialled = shop.site.post("/api/v1/agents/dave/preview/dial", json!({})).await.expect(200);
    assert_eq!(dialled["agent"], "dave");
    let order = shop.site.orders.lock().unwrap().iter().rev().find_map(|order| match order {
        Control::Dial { order, .. } => Some(order.clone()),
        _ => None,
    });
    let order: DialOrder = order.expect("an order to dial");
    assert_eq!(Some(order.callback.unwrap().0), left["callback"]["id"].as_i64());
    // The guard takes the rule's hours and writes the call down for the callback.
    let now = shop.now();
    let call = Clear { callback: order.callback, ..asked(5, &order.number, "") };
    shop.planner.clear(&call, now).await.unwrap();
    end(&shop, call.call, "2026-03-03 09:10", false).await;
    shop.set("2026-03-03 09:14");
    preview("erin", 404).await;
    shop.set("2026-03-03 09:30");
    preview("erin", 200).await;
    shop.site.post("/api/v1/agents/frank/preview/dial", json!({})).await.expect(409);
}

async fn rol_06_whoever_is_rated_never_makes_the_call_another_agent_is_picked(db: &Database) {
    let shop = Shop::with(db, with(|_| {})).await;
    let customer = shop.customer("C0", &phone(0)).await;
    shop.event(customer, "job.done", "2026-03-03 08:00", "J1", r#"{"worker":"zhang"}"#).await;
    shop.turn("2026-03-03 09:05").await;
    let preview = async |who: &str, status: u16| -> Value {
        shop.site.post(&format!("/api/v1/agents/{who}/preview"), json!({})).await.expect(status)
    };
    preview("zhang", 404).await;
    let card = preview("li", 200).await;
    assert_eq!(card["rated"]["师傅"], "zhang", "{card}");
    let id = card["callback"]["id"].as_i64().unwrap();
    // The guard of the telephone says the same, and no reason helps.
    let callback = Some(ringback::base::CallbackId(id));
    let own = Clear { agent: "zhang".into(), callback, ..asked(1, &phone(0), "urgent") };
    let refused = shop.planner.clear(&own, shop.now()).await.unwrap_err();
    assert_eq!(refused.code, "not_by");
    assert!(refused.detail.contains("zhang is rated in this callback, as 师傅"), "{refused:?}");
    let other = Clear { agent: "li".into(), callback, ..asked(2, &phone(0), "") };
    shop.planner.clear(&other, shop.now()).await.unwrap();
    // Nobody gives it to them, and they do not close it by hand.
    let assign = |who: &str| json!({ "assignee": who, "reason": "test" });
    shop.site.post(&format!("/api/v1/callbacks/{id}/assign"), assign("zhang")).await.expect(409);
    shop.site.post(&format!("/api/v1/callbacks/{id}/assign"), assign("li")).await.expect(200);
    let new = NewToken { name: "z", scope: "operate", agent: "zhang", ..NewToken::default() };
    let token = token_of(&shop.site.store, &new).await;
    for (path, body) in [("note", json!({ "note": "x" })), ("answers", json!({ "answers": {} }))] {
        let path = format!("/api/v1/callbacks/{id}/{path}");
        let answer = send(shop.site.request(reqwest::Method::POST, &path, &token).json(&body)).await;
        assert_eq!(answer.status, 403, "{path}: {}", answer.text());
    }
}

async fn rem_03_a_promised_call_rings_at_1530_at_the_same_agent_or_the_deputy(db: &Database) {
    let shop = Shop::with(db, with(|_| {})).await;
    shop.happened(2, "vip.due", "2026-03-03 08:00").await;
    shop.turn("2026-03-03 09:05").await;
    for (callback, who) in shop.callbacks("").await.iter().zip(["li", "absent"]) {
        shop.edit(callback, "assign", json!({ "assignee": who, "reason": "knows them" })).await.expect(200);
        let body = json!({ "at": "2026-03-05T15:30:00+08:00", "reason": "asked for it" });
        shop.edit(callback, "appointment", body).await.expect(201);
    }
    let rung = || -> Vec<String> {
        let orders = shop.site.orders.lock().unwrap();
        let dials = orders.iter().filter_map(|order| match order {
            Control::Dial { order, .. } => Some(format!("{} {}", order.agent, order.number)),
            _ => None,
        });
        dials.collect()
    };
    shop.turn("2026-03-05 08:50").await;
    let turn = shop.turn("2026-03-05 15:29").await;
    assert!(rung().is_empty());
    assert_eq!(turn.next, at("2026-03-05 15:30"), "not a minute later");
    shop.turn("2026-03-05 15:30").await;
    let (li, absent) = (format!("li {}", phone(0)), format!("absent {}", phone(1)));
    assert_eq!(rung(), [li, absent, format!("wang {}", phone(1))], "the deputy, where they are away");
}

async fn a_customer_who_left_an_agent_without_a_rating_is_asked_once_by_the_robot(db: &Database) {
    let shop = Shop::with(db, with(|settings| settings.survey_after_agents = true)).await;
    shop.customer("C0", &phone(0)).await;
    shop.customer("C1", &phone(1)).await;
    let begun = at("2026-03-03 09:10").0;
    // Cut off by the agent; left; rated; nobody's customer.
    for (n, first, rated) in
        [(0, "agent", false), (0, "customer", false), (1, "customer", true), (9, "customer", false)]
    {
        let id = format!("01K{:023}", shop.number("SELECT COUNT(*) FROM calls").await);
        for sql in [
            format!(
                "INSERT INTO calls (id, direction, state, phone, reserved_at, started_at, answered_at, ended_at,
                     disposition, hung_up_first, survey_owed)
                 VALUES ('{id}', 'inbound', 'ended', '{}', {begun}, {begun}, {begun}, {begun}, 'served', '{first}', 1)",
                phone(n)
            ),
            format!(
                "INSERT INTO legs (call_id, number, kind, target, agent, started_at, answered_at, ended_at, result, ended_by)
                 VALUES ('{id}', 1, 'agent', '8001', '8001', {begun}, {begun}, {begun}, 'talked', 'peer')"
            ),
        ] {
            execute(&shop.site.store, &sql).await.unwrap();
        }
        if rated {
            let sql = format!(
                "INSERT INTO answers (call_id, seq, question, keys, score, at, dissatisfied)
                 VALUES ('{id}', 1, 'rate', '5', 5, 0, 0)"
            );
            execute(&shop.site.store, &sql).await.unwrap();
        }
    }
    shop.turn("2026-03-03 09:20").await;
    shop.turn("2026-03-03 09:21").await;
    let owed = shop.only("rule=agent_survey").await;
    assert_eq!(owed["name"], "C0");
    let listed: Vec<String> = shop.entries("agent_survey").await.into_iter().map(|entry| entry.1).collect();
    assert_eq!(listed, [phone(0)], "the robot has it, under the caps of the number");
    let span = format!("/api/v1/agents/talks?from={}&until={}", begun - 1, begun + 1);
    let figures = shop.site.get(&span).await.expect(200)["items"][0].clone();
    let expect = json!({ "agent": "8001", "talks": 4, "rated": 1, "customer_left": 2, "cut_off": 1,
        "survey_calls": 1, "dialled": 0 });
    assert_eq!(figures, expect);
}

async fn the_card_of_a_call_has_customer_tickets_and_script_with_one_question(db: &Database) {
    use ringback::agent::State;
    use ringback::call::Direction;
    use ringback::io::web::{LiveAgent, LiveCall, LiveSnapshot};
    let shop = Shop::with(db, with(|_| {})).await;
    shop.customer("C0", &phone(0)).await;
    let now = shop.set("2026-03-03 10:00");
    shop.site.get("/api/v1/agents/anna/card").await.expect(404);
    let call = asked(1, "", "").call;
    let live = LiveSnapshot {
        calls: vec![LiveCall {
            id: call,
            direction: Direction::Inbound,
            campaign: None,
            entry: None,
            phone: phone(0),
            name: String::new(),
            trunk: None,
            state: "script".into(),
            script: "hotline".into(),
            step: String::new(),
            started_at: now,
            answered_at: Some(now),
            on_hold: false,
            recording_paused: false,
            legs: Vec::new(),
        }],
        agents: vec![LiveAgent {
            name: "anna".into(),
            extension: "8001".into(),
            state: State::Offered,
            reason: String::new(),
            since: now,
            until: None,
            phones: Vec::new(),
            phones_since: now,
            call: Some(call),
            offered: 1,
            answered: 0,
            answer_delay_ms: 0,
            slowest_answer_ms: 0,
        }],
        ..crate::web::site::ready()
    };
    shop.site.live.send_replace(Arc::new(live));
    let card = shop.site.get("/api/v1/agents/anna/card").await.expect(200);
    assert_eq!(card["customer"]["customer"]["name"], "C0", "{card}");
    assert_eq!((&card["script"], &card["call"]), (&json!("hotline"), &json!(call.to_string())));
    assert!(!card.to_string().contains(&phone(0)), "masked unless asked for: {card}");
    let whole = shop.site.get("/api/v1/agents/anna/card?unmask=true").await.expect(200);
    assert_eq!(whole["phone"], phone(0));
}
