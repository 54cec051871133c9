//! The agent's desk over HTTP: an agent sees their own and no other's, a stream of their own tells them of
//! their calls, and the floor shows everybody.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use ringback::agent::State;
use ringback::base::{CallId, Rng};
use ringback::call::Direction;
use ringback::io::store::{LinkKind, NewAccount};
use ringback::io::web::{
    AgentRules, AwayReason, LiveAgent, LiveCall, LiveLeg, LivePhone, LiveQueue, LiveSnapshot, hash_secret,
};

use super::site::{Answer, MONDAY, Site, ready, send};

/// Somebody who is logged in: the cookie of their session.
pub struct Person<'a> {
    site: &'a Site,
    cookie: String,
}

impl<'a> Person<'a> {
    /// An account with these roles, who comes by a link.
    pub async fn new(site: &'a Site, new: NewAccount<'_>) -> Person<'a> {
        let secret = format!("rb_{}", new.name);
        let expires = MONDAY + Duration::from_secs(30 * 86_400);
        let account = site.store.add_account(&new, "test", MONDAY).await.unwrap();
        site.store
            .add_account_link(&hash_secret(&secret), LinkKind::Login, Some(account.id), expires)
            .await
            .unwrap();
        let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        let came = client.build().unwrap().get(format!("{}/welcome/{secret}", site.base));
        let came = send(came).await;
        let cookie = came.header("set-cookie").split(';').next().unwrap().to_owned();
        assert!(cookie.contains('='), "{} {}", came.status, came.text());
        Person { site, cookie }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.get_in(path, "zh-CN").await
    }

    pub async fn get_in(&self, path: &str, lang: &str) -> Answer {
        let request = self.site.client.request(Method::GET, format!("{}{path}", self.site.base));
        send(request.header("cookie", format!("{}; rb_lang={lang}", self.cookie))).await
    }

    pub async fn send(&self, method: Method, path: &str, body: &serde_json::Value) -> Answer {
        let request = self.site.client.request(method, format!("{}{path}", self.site.base));
        send(request.header("cookie", &self.cookie).header("origin", &self.site.base).json(body)).await
    }
}

/// One account of a role of ours.
pub async fn person<'a>(site: &'a Site, name: &str, role: &str, agent: &str) -> Person<'a> {
    let roles = [role.to_owned()];
    Person::new(site, NewAccount { name, roles: &roles, agent, ..NewAccount::default() }).await
}

fn agent(name: &str, extension: &str, state: State, call: Option<CallId>) -> LiveAgent {
    LiveAgent {
        name: name.into(),
        extension: extension.into(),
        state,
        reason: if state == State::NotReady { "lunch".into() } else { "by_hand".into() },
        since: MONDAY,
        until: None,
        call,
        phones: vec![LivePhone {
            transport: "udp".into(),
            address: "127.0.0.1:5062".into(),
            user_agent: "test".into(),
            since: MONDAY.0,
        }],
        phones_since: MONDAY,
        offered: 3,
        answered: 2,
        answer_delay_ms: 9_000,
        slowest_answer_ms: 6_000,
    }
}

fn call(id: CallId) -> LiveCall {
    LiveCall {
        id,
        direction: Direction::Inbound,
        campaign: None,
        entry: None,
        phone: "13800000001".into(),
        name: "张伟".into(),
        trunk: None,
        state: "bridged".into(),
        script: "hotline".into(),
        step: String::new(),
        started_at: MONDAY,
        answered_at: Some(MONDAY),
        on_hold: false,
        recording_paused: false,
        legs: vec![LiveLeg {
            number: 1,
            kind: "agent".into(),
            target: "8001".into(),
            state: "up".into(),
            held: false,
            muted: false,
            consulted: false,
            supervises: None,
        }],
    }
}

/// Anna in that state, Bob at lunch, one queue.
fn floor(site: &Site, anna: State, on: Option<CallId>) {
    let rules = AgentRules {
        reasons: vec![AwayReason { word: "lunch".into(), limit_ms: 60_000 }],
        wrap_up_may_end: true,
    };
    let queue = LiveQueue { name: "service".into(), offered: 4, answered: 3, ..LiveQueue::default() };
    site.live.send_replace(Arc::new(LiveSnapshot {
        agents: vec![agent("anna", "8001", anna, on), agent("bob", "8002", State::NotReady, None)],
        calls: on.into_iter().map(call).collect(),
        agent_rules: rules,
        queues: vec![LiveQueue { service_level: Some(0.5), ..queue }],
        ..ready()
    }));
}

/// What a site needs for cards: a planner and the desk of tickets are there.
async fn office() -> crate::tickets::office::Office {
    let database = crate::support::databases::Database::sqlite();
    let office = crate::tickets::office::Office::open(&database).await;
    std::mem::forget(database);
    office.set("2026-03-02 09:00");
    office
}

#[tokio::test]
async fn an_agent_sees_their_state_their_call_and_their_own_desk_only() {
    let office = office().await;
    let site = &office.shop.site;
    floor(site, State::Available, None);
    let anna = person(site, "anna.li", "agent", "anna").await;
    let page = anna.get("/desk").await;
    assert_eq!(page.status, 200, "{}", page.text());
    let text = page.text();
    assert!(text.contains("空闲") && text.contains("等待来电") && text.contains("desk-away-lunch"), "{text}");
    assert!(!text.contains("value=\"bob\""), "nobody else's desk is offered");
    // The call comes: card, number masked, order to pick up.
    let id = CallId::new(MONDAY, &mut Rng::seeded(4));
    office.customer("xian_decoration", "张伟", "13800000001", serde_json::json!({"product": "橱柜"})).await;
    floor(site, State::Offered, Some(id));
    let text = anna.get("/desk").await.text();
    assert!(text.contains("data-said=\"来电：张伟 138****0001，请接听\""), "{text}");
    assert!(text.contains("橱柜") && !text.contains("13800000001"), "{text}");
    floor(site, State::OnCall, Some(id));
    let text = anna.get_in("/desk", "en").await.text();
    for word in ["id=\"desk-hold\"", "id=\"desk-mute\"", "id=\"desk-hang-up\"", "desk-transfer", "On a call"]
    {
        assert!(text.contains(word), "{word}: {text}");
    }
    // Another's desk is refused by the API, and a name that is none leads to the choice.
    assert_eq!(anna.get("/desk?agent=bob").await.status, 403);
    assert!(anna.get("/desk?agent=nobody").await.text().contains("nobody"));
    assert_eq!(anna.get("/desk?colour=red").await.status, 422);
    let lead = person(site, "boss", "manager", "").await;
    assert!(lead.get("/desk").await.text().contains("<option value=\"bob\">"));
    assert!(lead.get("/desk?agent=bob").await.text().contains("用餐"));
    let clerk = person(site, "clerk", "order_clerk", "").await;
    assert_eq!(clerk.get("/desk").await.status, 403, "who has no desk");
}

#[tokio::test]
async fn the_card_of_a_call_that_is_over_stays_until_the_work_is_done() {
    let mut office = office().await;
    let call = office.inbound("2026-03-02 09:05", "13800000001", None).await;
    let site = &office.shop.site;
    let change = format!(
        "INSERT INTO agent_states (agent, state, reason, call_id, changed_by, began_at)
         VALUES ('anna', 'on_call', 'call', '{call}', 'phone', 1), ('anna', 'wrap_up', 'call', '{call}', 'daemon', 2)"
    );
    crate::support::databases::execute(&site.store, &change).await.unwrap();
    floor(site, State::WrapUp, None);
    let anna = person(site, "anna.li", "agent", "anna").await;
    let card = anna.get("/api/v1/agents/anna/card").await.expect(200);
    assert_eq!(card["call"], call, "{card}");
    assert!(card["live"].is_null());
    let text = anna.get("/desk").await.text();
    assert!(text.contains("话后处理") && text.contains("id=\"desk-wrapped\""), "{text}");
    assert!(text.contains(&format!("href=\"/calls/{call}\"")), "{text}");
    // The number stays ours: a ticket for the call takes it from the call.
    let body = serde_json::json!({ "pack": "xian_decoration", "kind": "complaint", "call": call });
    let made = anna.send(Method::POST, "/api/v1/tickets", &body).await.expect(201);
    assert_eq!(made["ticket"]["phone"], "138****0001");
    floor(site, State::Available, None);
    anna.get("/api/v1/agents/anna/card").await.expect(404);
}

#[tokio::test]
async fn the_floor_shows_all_agents_and_queues_and_what_may_be_done_with_them() {
    let office = office().await;
    let site = &office.shop.site;
    let id = CallId::new(MONDAY, &mut Rng::seeded(4));
    floor(site, State::OnCall, Some(id));
    let lead = person(site, "lead", "manager", "").await;
    for (lang, words) in
        [("zh-CN", ["班组现场", "service", "50%", "耳语"]), ("en", ["Team", "bob", "50%", "Whisper"])]
    {
        let text = lead.get_in("/desk/team", lang).await.text();
        for word in words {
            assert!(text.contains(word), "{word}: {text}");
        }
    }
    let anna = person(site, "anna.li", "agent", "anna").await;
    let text = anna.get("/desk/team").await.text();
    assert!(text.contains("bob") && !text.contains("/supervise"), "an agent listens to nobody: {text}");
    assert!(!text.contains("/agents/bob/state"), "and steers nobody else: {text}");
}

#[tokio::test]
async fn what_was_promised_stands_on_the_desk_by_its_time_and_is_overdue_in_words() {
    let office = office().await;
    let site = &office.shop.site;
    floor(site, State::Available, None);
    let customer = office.customer("xian_decoration", "张伟", "13800000001", serde_json::json!({})).await;
    let body = serde_json::json!({ "pack": "xian_decoration", "kind": "complaint", "customer": customer,
        "fields": { "content": "柜门关不上" } });
    let made = site.post("/api/v1/tickets", body).await.expect(201);
    let acts = format!("/api/v1/tickets/{}/acts", made["ticket"]["id"]);
    let promise =
        |at: &str| serde_json::json!({ "do": "promise", "at": format!("{at}:00+08:00"), "what": "上门方案" });
    let assign = serde_json::json!({ "do": "assign", "owner": "anna", "reason": "熟悉" });
    site.post(&acts, assign).await.expect(200);
    site.post(&acts, promise("2026-03-02T15:00")).await.expect(200);
    let anna = person(site, "anna.li", "agent", "anna").await;
    let owed = anna.get("/api/v1/agents/anna/promises").await.expect(200);
    let first = &owed["items"][0];
    assert_eq!(
        (&first["what"], &first["keeper"], &first["phone"]),
        (&"上门方案".into(), &"anna".into(), &"138****0001".into())
    );
    let callback = first["callback_id"].as_i64().unwrap_or_else(|| panic!("no call is on the list: {owed}"));
    anna.get("/api/v1/agents/bob/promises").await.expect(403);
    let text = anna.get("/desk").await.text();
    assert!(text.contains("到期承诺") && text.contains("上门方案") && !text.contains("已超时"), "{text}");
    // A ticket that was opened from the customer's page has no number, and is on the card of their call.
    let id = CallId::new(MONDAY, &mut Rng::seeded(4));
    floor(site, State::OnCall, Some(id));
    let card = anna.get("/api/v1/agents/anna/card").await.expect(200);
    assert_eq!(card["tickets"][0]["id"], made["ticket"]["id"], "{card}");
    assert_eq!(card["promises"][0]["what"], "上门方案", "{card}");
    floor(site, State::Available, None);
    // The customer was given a later time: one promise is owed, and it has passed.
    site.post(&acts, promise("2026-03-02T16:00")).await.expect(200);
    let owed = anna.get("/api/v1/agents/anna/promises").await.expect(200);
    assert_eq!(owed["items"].as_array().unwrap().len(), 1, "{owed}");
    office.set("2026-03-02 16:01");
    let text = anna.get("/desk").await.text();
    assert!(text.contains("⚠</span> 已超时") && text.contains(&format!("/customers/{customer}")), "{text}");
    // Its card is opened with one button, which only one agent has.
    let callback = owed["items"][0]["callback_id"].as_i64().unwrap_or(callback);
    let path = |who: &str| format!("/api/v1/agents/{who}/preview/{callback}");
    anna.send(Method::POST, &path("anna"), &serde_json::json!({})).await.expect(200);
    let text = anna.get("/desk").await.text();
    assert!(text.contains("id=\"desk-dial-card\"") && text.contains("来龙去脉"), "{text}");
    assert_eq!(site.post(&path("bob"), serde_json::json!({})).await.status, 409, "anna has it");
    // Closed, nothing is owed any more.
    site.post(&acts, serde_json::json!({ "do": "override", "reason": "测试" })).await.expect(200);
    let owed = anna.get("/api/v1/agents/anna/promises").await.expect(200);
    assert_eq!(owed["items"], serde_json::json!([]));
}

/// Reads a stream until it has said something of that name.
async fn told(mut stream: reqwest::Response, wanted: &str) -> String {
    let mut text = String::new();
    while !text.contains(wanted) {
        let chunk = tokio::time::timeout(Duration::from_secs(10), stream.chunk()).await.expect("an event");
        text.push_str(std::str::from_utf8(&chunk.unwrap().expect("more")).unwrap());
    }
    text
}

#[tokio::test]
async fn an_agents_stream_tells_of_their_own_calls_and_of_nobody_elses() {
    let office = office().await;
    let site = &office.shop.site;
    floor(site, State::Available, None);
    let anna = person(site, "anna.li", "agent", "anna").await;
    assert_eq!(anna.get("/api/v1/events?topics=agent").await.status, 403, "the whole house is not theirs");
    assert_eq!(anna.get("/api/v1/agents/bob/events").await.status, 403);
    let open = async |path: &str| {
        let request = site.client.get(format!("{}/api/v1{path}", site.base));
        request.header("cookie", &anna.cookie).send().await.unwrap()
    };
    let (own, all) = (open("/agents/anna/events").await, open("/agents/events").await);
    assert_eq!((own.status().as_u16(), all.status().as_u16()), (200, 200));
    let hub = &site.api.parts.events;
    hub.publish("card", r#"{"agent":"bob","call":"c2","name":"李"}"#);
    hub.publish("call", r#"{"call":"c2","state":"ringing"}"#);
    hub.publish("agent", r#"{"agent":"anna","state":"offered","call":"c1"}"#);
    hub.publish("card", r#"{"agent":"anna","call":"c1","name":"张"}"#);
    hub.publish("call", r#"{"call":"c1","state":"bridged"}"#);
    hub.publish("ticket", r#"{"id":7,"owner":"bob"}"#);
    hub.publish("ticket", r#"{"id":8,"owner":"anna"}"#);
    hub.publish("queue", r#"{"call":"c9","state":"waiting"}"#);
    let heard = told(own, "c9").await;
    assert!(heard.contains("张") && heard.contains("bridged") && heard.contains("\"id\":8"), "{heard}");
    assert!(!heard.contains("李") && !heard.contains("c2") && !heard.contains("\"id\":7"), "{heard}");
    let heard = told(all, "c9").await;
    assert!(heard.contains("offered") && !heard.contains("张") && !heard.contains("bridged"), "{heard}");
}
