//! An office with the shipped ticket files and policies, its desk, and calls that a test makes up.

use std::collections::BTreeMap;
use std::sync::Arc;

use ringback::app::{load_calendar, load_tickets};
use ringback::base::Timestamp;
use ringback::config;
use ringback::io::desk::{self, TicketDesk};
use ringback::io::planner;
use ringback::policy::pack::{Pack, Policies, Policy};
use ringback::ticket::rules_of_tickets;
use serde_json::{Value, json};

use crate::plan::shop::{Shop, at};
use crate::support::databases::{Database, execute, number, text};
use crate::web::site::{Answer, send};

pub struct Office {
    pub shop: Shop,
    pub desk: TicketDesk,
    calls: u32,
}

impl Office {
    pub async fn open(database: &Database) -> Office {
        Office::with(database, str::to_owned).await
    }

    /// Wang is of the department to which complaints of Xi'an go, Li of another.
    fn people() -> BTreeMap<String, Vec<String>> {
        let of = |name: &str, department: &str| (name.to_owned(), vec![department.to_owned()]);
        [of("wang (工程部)", "工程部"), of("li (财务部)", "财务部")].into()
    }

    /// The same with changes to the texts of the policies.
    pub async fn with(database: &Database, change: impl Fn(&str) -> String) -> Office {
        let mut policies = Policies::default();
        for file in std::fs::read_dir("config/policies").unwrap() {
            let path = file.unwrap().path();
            let text = change(&std::fs::read_to_string(&path).unwrap());
            policies.add(Policy::parse(&path.display().to_string(), &text).unwrap()).unwrap();
        }
        let packs: Vec<Pack> = policies.all().map(|policy| policy.pack.clone()).collect();
        let settings = planner::Settings {
            policies: Arc::new(policies.with_rules(&rules_of_tickets())),
            calendar: load_calendar(&config::Policy::default()).unwrap(),
            lines: 10,
            ..planner::Settings::default()
        };
        let shop = Shop::with(database, settings).await;
        let tickets = load_tickets(&config::Policy::default()).unwrap();
        assert_eq!(tickets.problems, Vec::<String>::new());
        let settings = desk::Settings {
            packs: Arc::new(tickets.packs),
            home_area: Some("021".into()),
            people: Office::people(),
        };
        let desk = TicketDesk::new(shop.site.store.clone(), shop.planner.clone(), settings);
        shop.site.api.set_tickets(desk.clone());
        shop.site.api.desk().packs().set(packs);
        Office { shop, desk, calls: 0 }
    }

    /// Turns of the desk at that moment until nothing is left to do.
    pub async fn turn(&self, moment: &str) -> desk::Turn {
        let now = self.shop.set(moment);
        loop {
            let turn = self.desk.turn(now).await.unwrap();
            if !turn.more {
                return turn;
            }
        }
    }

    /// A turn of the planner, then of the desk.
    pub async fn both(&self, moment: &str) {
        self.shop.turn(moment).await;
        self.turn(moment).await;
    }

    pub fn set(&self, moment: &str) {
        self.shop.set(moment);
    }

    /// A customer of a pack.
    pub async fn customer(&self, pack: &str, name: &str, phone: &str, fields: Value) -> i64 {
        let id = self.shop.customer(name, phone).await;
        let fields = fields.to_string();
        self.sql(&format!("UPDATE customers SET pack = '{pack}', fields = '{fields}' WHERE id = {id}")).await;
        self.sql(&format!("UPDATE customer_phones SET pack = '{pack}' WHERE customer_id = {id}")).await;
        id
    }

    pub async fn sql(&self, sql: &str) {
        execute(&self.shop.site.store, sql).await.unwrap();
    }

    pub async fn number(&self, sql: &str) -> i64 {
        number(&self.shop.site.store, sql).await
    }

    pub async fn text(&self, sql: &str) -> String {
        text(&self.shop.site.store, sql).await
    }

    /// Something happens to customer 13800000001, whose matter is `M-13800000001`: id of the event.
    pub async fn happens(&self, pack: &str, kind: &str, key: &str, moment: &str, fields: Value) -> i64 {
        self.set(moment);
        let phone = "13800000001";
        let body = json!({ "kind": kind, "external_id": key, "at": moment, "matter": format!("M-{phone}"),
                           "customer": { "name": format!("客户{phone}"), "phones": [phone] }, "fields": fields });
        let report = self.shop.site.post(&format!("/api/v1/events?pack={pack}"), body).await.expect(200);
        report["results"][0]["event_id"].as_i64().unwrap_or_else(|| panic!("{report}"))
    }

    /// A file is brought in by a section of a pack.
    pub async fn brings(&self, pack: &str, intake: &str, moment: &str, file: &str) {
        self.set(moment);
        let site = &self.shop.site;
        let path = format!("/api/v1/intake?pack={pack}&intake={intake}");
        let request = site.request(reqwest::Method::POST, &path, &site.admin);
        let report = send(request.header("content-type", "text/csv").body(file.to_owned())).await.expect(201);
        assert_eq!(report["counts"]["rejected"], 0, "{report}");
    }

    /// A token whose holder has a role of the company.
    pub async fn token(&self, name: &str, role: &str) -> String {
        let body = json!({ "name": name, "scope": "operate", "expires_in": null, "roles": [role] });
        let made = self.shop.site.post("/api/v1/tokens", body).await.expect(201);
        made["secret"].as_str().unwrap().to_owned()
    }

    /// Does something to a ticket with that token.
    pub async fn act_as(&self, token: &str, moment: &str, ticket: &Value, body: Value) -> Answer {
        self.set(moment);
        let path = format!("/api/v1/tickets/{}/acts", ticket["ticket"]["id"]);
        send(self.shop.site.request(reqwest::Method::POST, &path, token).json(&body)).await
    }

    /// A call that ended: its id. `keys` are answers to the menu.
    pub async fn call(&mut self, call: Made<'_>) -> String {
        self.calls += 1;
        let id = format!("01K{:023}", self.calls);
        let (from, end) = (at(call.at).0, at(call.at).0 + call.seconds * 1_000);
        let answered = if call.answered { (from + 3_000).to_string() } else { "NULL".into() };
        self.sql(&format!(
            "INSERT INTO calls (id, direction, state, phone, dialled, reserved_at, started_at, answered_at, ended_at,
                 disposition)
             VALUES ('{id}', '{}', 'ended', '{}', '{}', {from}, {from}, {answered}, {end}, '{}')",
            call.direction, call.phone, call.dialled, call.disposition
        ))
        .await;
        if let Some(key) = call.key {
            self.answer(&id, "menu", key, None, false).await;
        }
        id
    }

    pub async fn answer(
        &self,
        call: &str,
        question: &str,
        key: &str,
        score: Option<i64>,
        dissatisfied: bool,
    ) {
        let seq = self.number(&format!("SELECT COUNT(*) + 1 FROM answers WHERE call_id = '{call}'")).await;
        let score = score.map_or("NULL".into(), |s| s.to_string());
        self.sql(&format!(
            "INSERT INTO answers (call_id, seq, question, keys, score, at, dissatisfied)
             VALUES ('{call}', {seq}, '{question}', '{key}', {score}, 0, {})",
            i64::from(dissatisfied)
        ))
        .await;
    }

    /// An inbound call, served; its id.
    pub async fn inbound(&mut self, moment: &str, phone: &str, key: Option<&str>) -> String {
        self.call(Made { at: moment, phone, key, ..Made::default() }).await
    }

    /// A call of ours that was answered, or not.
    pub async fn outbound(&mut self, moment: &str, phone: &str, answered: bool) -> String {
        let disposition = if answered { "completed" } else { "no_answer" };
        self.call(Made { at: moment, phone, direction: "outbound", answered, disposition, ..Made::default() })
            .await
    }

    /// Opens a ticket by the API; the answer.
    pub async fn opening(&self, moment: &str, body: Value) -> Answer {
        self.set(moment);
        self.shop.site.post("/api/v1/tickets", body).await
    }

    /// Opens a ticket by the API; its detail.
    pub async fn ticket(&self, moment: &str, body: Value) -> Value {
        self.opening(moment, body).await.expect(201)
    }

    /// Does something to a ticket.
    pub async fn act(&self, moment: &str, ticket: &Value, body: Value) -> Answer {
        self.set(moment);
        self.shop.site.post(&format!("/api/v1/tickets/{}/acts", ticket["ticket"]["id"]), body).await
    }

    /// The same that must be taken; the ticket as it is then.
    pub async fn done(&self, moment: &str, ticket: &Value, body: Value) -> Value {
        self.act(moment, ticket, body).await.expect(200)
    }

    /// Reports a stage.
    pub async fn report(&self, moment: &str, ticket: &Value, stage: &str, fields: Value) -> Value {
        self.done(moment, ticket, json!({ "do": "report", "stage": stage, "fields": fields })).await
    }

    /// The ticket as it stands.
    pub async fn show(&self, ticket: &Value) -> Value {
        self.shop.site.get(&format!("/api/v1/tickets/{}", ticket["ticket"]["id"])).await.expect(200)
    }

    /// The same, by place in the list: 0 is the oldest.
    pub async fn nth(&self, place: i64) -> Value {
        let id = self.number(&format!("SELECT id FROM tickets ORDER BY id LIMIT 1 OFFSET {place}")).await;
        self.shop.site.get(&format!("/api/v1/tickets/{id}?unmask=true")).await.expect(200)
    }

    pub async fn list(&self, query: &str) -> Vec<Value> {
        let answer = self.shop.site.get(&format!("/api/v1/tickets?limit=500&{query}")).await.expect(200);
        answer["items"].as_array().unwrap().clone()
    }

    /// How many notices of a topic were queued for somebody.
    pub async fn told(&self, topic: &str, to: &str) -> i64 {
        self.number(&format!("SELECT COUNT(*) FROM notices WHERE topic = '{topic}' AND recipient = '{to}'"))
            .await
    }

    /// Open callbacks of tickets: purpose, due, deadline.
    pub async fn wanted(&self, purpose: &str) -> i64 {
        self.number(&format!(
            "SELECT COUNT(*) FROM ticket_callbacks t JOIN callbacks b ON b.id = t.callback_id
             WHERE t.purpose = '{purpose}' AND b.state = 'open'"
        ))
        .await
    }

    /// When the last callback of a purpose is due.
    pub async fn wanted_at(&self, purpose: &str) -> Timestamp {
        Timestamp(
            self.number(&format!(
                "SELECT b.due FROM ticket_callbacks t JOIN callbacks b ON b.id = t.callback_id
                 WHERE t.purpose = '{purpose}' ORDER BY b.id DESC LIMIT 1"
            ))
            .await,
        )
    }

    /// The last open verification ends so, as the planner would settle it.
    pub async fn verified(&mut self, moment: &str, outcome: &str, score: Option<i64>) {
        let callback = self
            .number(
                "SELECT MAX(t.callback_id) FROM ticket_callbacks t JOIN callbacks b ON b.id = t.callback_id
                 WHERE t.purpose = 'verify' AND b.state = 'open'",
            )
            .await;
        let reached = outcome != "unreached";
        let call = self.outbound(moment, "13999999999", reached).await;
        if reached {
            self.answer(
                &call,
                "v1",
                if outcome == "dissatisfied" { "2" } else { "1" },
                score,
                outcome == "dissatisfied",
            )
            .await;
        }
        // The call was made for the callback: it is no call to somebody else.
        self.sql(&format!("UPDATE calls SET ticketed = 1 WHERE id = '{call}'")).await;
        let (state, now) = (if reached { "done" } else { "excused" }, at(moment).0);
        self.sql(&format!(
            "UPDATE callbacks SET state = '{state}', outcome = '{outcome}', closed_at = {now}, call_id = '{call}'
             WHERE id = {callback}"
        ))
        .await;
        self.turn(moment).await;
    }
}

/// A call that a test makes up.
pub struct Made<'a> {
    pub at: &'a str,
    pub direction: &'a str,
    pub phone: &'a str,
    pub dialled: &'a str,
    pub answered: bool,
    pub disposition: &'a str,
    pub key: Option<&'a str>,
    pub seconds: i64,
}

impl Default for Made<'_> {
    fn default() -> Self {
        Made {
            at: "2026-03-03 09:00",
            direction: "inbound",
            phone: "13800000001",
            dialled: "",
            answered: true,
            disposition: "served",
            key: None,
            seconds: 20,
        }
    }
}

/// A stage of a ticket.
pub fn stage<'a>(ticket: &'a Value, id: &str) -> &'a Value {
    let stages = ticket["stages"].as_array().unwrap();
    stages.iter().find(|s| s["id"] == id).unwrap_or_else(|| panic!("no stage {id}: {stages:#?}"))
}

/// A moment as the API shows it.
pub fn ms(moment: &str) -> Value {
    json!(at(moment).0)
}

/// That a ticket's department receives it, as somebody says who is not of it.
pub fn received(ticket: &Value) -> Value {
    json!({ "do": "acknowledge", "department": ticket["ticket"]["department"] })
}
