//! A house with calls of a month, as the examiner leaves them.

use std::fmt::Write as _;
use std::sync::Arc;

use reqwest::Method;
use ringback::app::load_forms;
use ringback::base::{CallId, Rng, Timestamp};
use ringback::config;
use ringback::io::audit::{AuditOffice, Settings};
use serde_json::{Value, json};

use crate::plan::shop::{Shop, at};
use crate::support::databases::{Database, execute, number};
use crate::web::site::{Answer, send};

/// One call of a person.
pub struct Made<'a> {
    pub moment: &'a str,
    pub agent: &'a str,
    pub pack: &'a str,
    /// Reasons of its evidence, as JSON.
    pub audit: &'a str,
    pub recorded: bool,
}

impl Default for Made<'_> {
    fn default() -> Self {
        Made { moment: "2026-03-02 10:00", agent: "li", pack: "home_decoration", audit: "[]", recorded: true }
    }
}

pub struct House {
    pub shop: Shop,
    pub office: AuditOffice,
    calls: u32,
    /// Rows that wait to be written together.
    sql: String,
}

impl House {
    pub async fn open(database: &Database) -> House {
        let shop = Shop::open(database).await;
        let loaded = load_forms(&config::Policy::default()).unwrap();
        assert_eq!(loaded.problems, Vec::<String>::new());
        let settings = Settings { forms: Arc::new(loaded.forms) };
        let office = AuditOffice::new(shop.site.store.clone(), shop.planner.clone(), settings);
        shop.site.api.set_audits(office.clone());
        House { shop, office, calls: 0, sql: String::new() }
    }

    /// A call of a minute from a customer of its own; its id. Written by [`House::written`].
    pub fn call(&mut self, made: &Made<'_>) -> String {
        self.calls += 1;
        let (id, sql) = rows_of(self.calls, made);
        self.sql.push_str(&sql);
        id
    }

    /// What the agent wrote into the register after a call, and scores that the customer keyed.
    pub fn register(&mut self, call: &str, outcome: &str, text: &str, typed: &Value, keyed: &[(&str, i64)]) {
        let n = self.calls;
        let at = 1_772_000_000_000i64;
        write!(
            self.sql,
            "INSERT INTO callbacks (id, pack, rule, version, customer_id, subject, occurrence, origin, method, earliest, due,
                 deadline, sums, state, reason, detail, outcome, closed_at, created_at, changed_at, filled)
                 VALUES ({n}, 'home_decoration', 'stage', 'x', {n}, 's{n}', 0, 'manual', 'phone', 0, 0, 0, '{{}}', 'done',
                 'finished', '{text}', '{outcome}', {at}, 0, 0, '{typed}');
             INSERT INTO entries (id, list_id, row_key, external_id, phone, extension, name, language, priority, fields,
                 state, reason, detail, due_at, created_at, changed_at, last_call, callback_id)
                 VALUES ({n}, 7, 'k{n}', '', '1', '', '王', '', 5, '{{}}', 'done', '', '', 0, 0, 0, '{call}', {n});
             UPDATE calls SET entry_id = {n} WHERE id = '{call}';"
        )
        .unwrap();
        for (seq, (question, score)) in keyed.iter().enumerate() {
            write!(
                self.sql,
                "INSERT INTO answers (call_id, seq, question, keys, score, at) VALUES ('{call}', {seq}, '{question}',
                     '{score}', {score}, 0);"
            )
            .unwrap();
        }
    }

    /// A finding in a call.
    pub fn finding(
        &mut self,
        call: &str,
        number: u32,
        detector: &str,
        rule: &str,
        value: f64,
        severity: &str,
        charge: &str,
    ) {
        let agent = if charge == "agent" { "'li'" } else { "NULL" };
        write!(
            self.sql,
            "INSERT INTO findings (call_id, number, detector, value, unit, start_ms, end_ms, severity, charge, agent, rule,
                 detail) VALUES ('{call}', {number}, '{detector}', {value:?}, '', 1000, 2000, '{severity}', '{charge}', {agent},
                 '{rule}', '');"
        )
        .unwrap();
    }

    /// A list that entries of the register are in.
    pub fn a_list(&mut self) {
        self.sql.push_str("INSERT INTO lists (id, name, created_at) VALUES (7, 'home_decoration/stage', 0);");
    }

    pub fn also(&mut self, sql: &str) {
        self.sql.push_str(sql);
    }

    /// Writes what waits.
    pub async fn written(&mut self) {
        let sql = std::mem::take(&mut self.sql);
        execute(&self.shop.site.store, &sql).await.unwrap();
    }

    pub async fn number(&self, sql: &str) -> i64 {
        number(&self.shop.site.store, sql).await
    }

    /// Asks as an administrator.
    pub async fn ask(&self, method: Method, path: &str, body: Value) -> Answer {
        self.ask_as(&self.shop.site.admin, method, path, body).await
    }

    pub async fn ask_as(&self, token: &str, method: Method, path: &str, body: Value) -> Answer {
        let request = self.shop.site.request(method.clone(), &format!("/api/v1{path}"), token);
        send(if method == Method::GET { request } else { request.json(&body) }).await
    }

    pub async fn get(&self, path: &str) -> Value {
        self.ask(Method::GET, path, Value::Null).await.expect(200)
    }

    /// A token in the name of a person.
    pub async fn token(&self, name: &str, scope: &str) -> String {
        let made = self.ask(Method::POST, "/tokens", json!({ "name": name, "scope": scope })).await;
        made.expect(201)["secret"].as_str().unwrap().to_owned()
    }

    /// Freezes a month and draws.
    pub async fn drawn(&self, month: &str, seed: &str, auditors: &[&str]) -> Value {
        let frozen = self.ask(Method::POST, "/audits/draws", json!({ "month": month })).await.expect(201);
        let body = json!({ "seed": seed, "auditors": auditors });
        self.ask(Method::POST, &format!("/audits/draws/{}/seed", frozen["id"]), body).await.expect(200)
    }

    /// Every case, by id.
    pub async fn cases(&self, query: &str) -> Vec<Value> {
        self.get(&format!("/audits/cases?limit=500&{query}")).await["items"].as_array().unwrap().clone()
    }
}

/// The rows of the call with that number: its id, and what writes them.
pub fn rows_of(n: u32, made: &Made<'_>) -> (String, String) {
    let from = at(made.moment).0;
    let id = CallId::new(Timestamp(from), &mut Rng::seeded(n.into())).to_string();
    let (phone, end) = (format!("139{n:08}"), from + 60_000);
    let recording = if made.recorded { format!("'{id}.wav'") } else { "NULL".into() };
    let (agent, pack, audit) = (made.agent, made.pack, made.audit);
    let mut sql = String::new();
    write!(
        sql,
        "INSERT INTO customers (id, pack, external_id, name, language, grade, preferred_hours, quiet_hours, key_account,
             plan_every, owner, email, standing, fields, version, created_at, changed_at)
             VALUES ({n}, '{pack}', 'x{n}', '王', '', '', '', '', 0, '', '', '', 'active', '{{}}', 1, 0, 0);
         INSERT INTO customer_phones (customer_id, pack, phone, extension, label, position, valid_from)
             VALUES ({n}, '{pack}', '{phone}', '', '', 0, 0);
         INSERT INTO calls (id, direction, state, phone, reserved_at, started_at, answered_at, ended_at, ended_by,
             disposition, recording, hung_up_first, ticketed, heard)
             VALUES ('{id}', 'outbound', 'ended', '{phone}', {from}, {from}, {from}, {end}, 'peer', 'served',
             {recording}, 'customer', 1, 1);
         INSERT INTO legs (call_id, number, kind, target, agent, started_at, answered_at, ended_at, result, ended_by)
             VALUES ('{id}', 1, 'agent', '1001', '{agent}', {from}, {from}, {end}, 'talked', 'us');
         INSERT INTO call_evidence (call_id, made_at, pack, version, agent, talk_ms, heard_ms, heard, worst, audit,
             problem, transcription)
             VALUES ('{id}', {end}, '{pack}', '0123456789ab', '{agent}', 60000, 60000, '{{}}', 'info', '{audit}', '', '');"
    )
    .unwrap();
    (id, sql)
}

/// A sheet with all points for every item that applies to the case, but these.
pub fn sheet(case: &Value, but: &[(&str, f64)]) -> Value {
    let mut marks = serde_json::Map::new();
    for (id, item) in case["form"]["item"].as_object().unwrap() {
        let filled = &case["prefill"][id];
        if item["off"] == json!(true) || filled["na"] == json!(true) {
            continue;
        }
        let wanted = but.iter().find(|(other, _)| other == id).map(|(_, points)| *points);
        let scale = item["scale"].as_u64().unwrap();
        let mark = match wanted {
            Some(points) if scale > 0 => json!({ "mark": points as u64 }),
            Some(points) => json!({ "points": points }),
            None if scale > 0 => json!({ "mark": scale }),
            None => json!({ "points": item["points"] }),
        };
        marks.insert(id.clone(), mark);
    }
    json!({ "marks": marks })
}
