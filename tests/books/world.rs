//! A department with its books, whose callbacks, calls and tickets a test makes up.

use ringback::app::load_books;
use ringback::config;
use ringback::io::books::Books;
use ringback::io::store::NewToken;
use serde_json::{Value, json};

use crate::plan::shop::at;
use crate::support::databases::Database;
use crate::tickets::office::Office;
use crate::web::site::{send, token_of};

pub struct Department {
    pub office: Office,
    pub books: Books,
    made: u32,
}

/// A callback that a test makes up.
pub struct Made<'a> {
    pub pack: &'a str,
    pub rule: &'a str,
    /// When it must be done, exclusive.
    pub deadline: &'a str,
    /// When it was closed; empty: it is open.
    pub closed: &'a str,
    pub state: &'a str,
    pub outcome: &'a str,
    pub assignee: &'a str,
    /// JSON of what a person filled in.
    pub filled: Value,
    /// JSON of the fields of its event.
    pub event: Value,
    /// JSON of the fields of its customer.
    pub customer: Value,
    /// The call that closed it.
    pub call: &'a str,
    pub late: bool,
}

impl Default for Made<'_> {
    fn default() -> Self {
        Made {
            pack: "hospital",
            rule: "inpatient",
            deadline: "2026-03-04 00:00",
            closed: "2026-03-03 10:00",
            state: "done",
            outcome: "satisfied",
            assignee: "",
            filled: json!({}),
            event: json!({}),
            customer: json!({}),
            call: "",
            late: false,
        }
    }
}

impl Department {
    pub async fn open(database: &Database) -> Department {
        let office = Office::open(database).await;
        let loaded = load_books(&config::Policy::default()).unwrap();
        assert_eq!(loaded.problems, Vec::<String>::new());
        let store = office.shop.site.store.clone();
        let books = Books::new(store, office.shop.planner.clone(), loaded.settings);
        office.shop.site.api.set_books(books.clone());
        Department { office, books, made: 0 }
    }

    /// A turn of the books at that moment.
    pub async fn turn(&self, moment: &str) -> u32 {
        let now = self.office.shop.set(moment);
        self.books.turn(now).await.unwrap().made
    }

    pub async fn get(&self, path: &str) -> Value {
        self.office.shop.site.get(&format!("/api/v1{path}")).await.expect(200)
    }

    /// With a token of scope `operate`.
    pub async fn post(&self, path: &str, body: Value, status: u16) -> Value {
        let site = &self.office.shop.site;
        self.sent(&site.operate, path, body, status).await
    }

    /// The same with a token of scope `admin`.
    pub async fn decide(&self, path: &str, body: Value, status: u16) -> Value {
        let site = &self.office.shop.site;
        self.sent(&site.admin, path, body, status).await
    }

    /// Approves a report, as a manager who took no step before.
    pub async fn approve(&self, steps: &str) -> Value {
        let new = NewToken { name: "jing", scope: "manager", ..NewToken::default() };
        let manager = token_of(&self.office.shop.site.store, &new).await;
        self.sent(&manager, steps, json!({ "step": "approve" }), 200).await
    }

    async fn sent(&self, token: &str, path: &str, body: Value, status: u16) -> Value {
        let site = &self.office.shop.site;
        let request = site.request(reqwest::Method::POST, &format!("/api/v1{path}"), token).json(&body);
        send(request).await.expect(status)
    }

    /// A callback, its customer and its event; its row id.
    pub async fn callback(&mut self, made: Made<'_>) -> i64 {
        self.made += 1;
        let n = self.made;
        let customer = self
            .office
            .customer(made.pack, &format!("客户{n}"), &format!("138000{n:05}"), made.customer.clone())
            .await;
        let (deadline, event) = (at(made.deadline).0, made.event.to_string());
        let happened = deadline - 48 * 3_600_000;
        self.office
            .sql(&format!(
                "INSERT INTO events (pack, kind, external_id, at, has_time, customer_id, matter, fields, late, received_at)
                 VALUES ('{}', 'happened', 'E{n}', {happened}, 1, {customer}, 'HT{n}', '{event}', 0, {happened})",
                made.pack
            ))
            .await;
        let event = self.office.number("SELECT MAX(id) FROM events").await;
        let closed = if made.closed.is_empty() { "NULL".into() } else { at(made.closed).0.to_string() };
        let outcome = if made.closed.is_empty() { "NULL".into() } else { format!("'{}'", made.outcome) };
        let call = if made.call.is_empty() { "NULL".into() } else { format!("'{}'", made.call) };
        let breached = if made.late { deadline.to_string() } else { "NULL".into() };
        self.office
            .sql(&format!(
                "INSERT INTO callbacks (pack, rule, version, customer_id, subject, occurrence, origin, event_id, method,
                     earliest, due, deadline, sums, state, reason, detail, outcome, closed_at, call_id, assignee, filled,
                     breached_at, created_at, changed_at)
                 VALUES ('{}', '{}', 'v', {customer}, 'S{n}', 0, 'event', {event}, 'phone', {happened}, {happened}, {deadline},
                     '{{}}', '{}', 'made', '', {outcome}, {closed}, {call}, '{}', '{}', {breached}, {happened}, {happened})",
                made.pack, made.rule, made.state, made.assignee, made.filled
            ))
            .await;
        self.office.number("SELECT MAX(id) FROM callbacks").await
    }

    /// An event of the archive.
    pub async fn event(&mut self, pack: &str, kind: &str, moment: &str, fields: Value) -> i64 {
        self.made += 1;
        let (n, time) = (self.made, at(moment).0);
        let customer =
            self.office.customer(pack, &format!("客户{n}"), &format!("138000{n:05}"), json!({})).await;
        self.office
            .sql(&format!(
                "INSERT INTO events (pack, kind, external_id, at, has_time, customer_id, matter, fields, late, received_at)
                 VALUES ('{pack}', '{kind}', 'E{n}', {time}, 1, {customer}, 'HT{n}', '{fields}', 0, {time})"
            ))
            .await;
        self.office.number("SELECT MAX(id) FROM events").await
    }

    /// A register's form.
    pub async fn register(&self, id: &str, from: &str, to: &str) -> Value {
        self.get(&format!("/registers/{id}?from={from}&to={to}&unmask=true")).await
    }

    /// The rows of a form, each as its cells by name.
    pub async fn rows(&self, id: &str, from: &str, to: &str) -> Vec<Value> {
        let form = self.register(id, from, to).await;
        let names: Vec<String> = serde_json::from_value(form["names"].clone()).unwrap();
        let row = |row: &Value| {
            let cells = row["cells"].as_array().unwrap().clone();
            let mut named: serde_json::Map<String, Value> = names.iter().cloned().zip(cells).collect();
            named.insert("record".into(), row["record"].clone());
            Value::Object(named)
        };
        form["rows"].as_array().unwrap().iter().map(row).collect()
    }

    /// Writes into a row at that moment.
    pub async fn note(&self, moment: &str, record: &str, notes: Value) -> Value {
        self.office.set(moment);
        self.post("/register-notes", json!({ "record": record, "notes": notes }), 201).await
    }

    /// The report of the period in which a day lies.
    pub async fn report(&self, report: &str, day: &str) -> Value {
        let body = json!({ "report": report, "date": day });
        let answer = self.office.shop.site.post("/api/v1/reports", body).await;
        assert!(answer.status.is_success(), "{}", answer.text());
        answer.json()
    }

    /// Reports that were made, by their file and first day.
    pub async fn made(&self, report: &str) -> Vec<Value> {
        self.get(&format!("/reports?report={report}&limit=500")).await["items"].as_array().unwrap().clone()
    }

    /// Warnings of a code: subjects.
    pub async fn warned(&self, code: &str) -> Vec<String> {
        let sql = format!("SELECT COALESCE(MAX(subject), '') FROM warnings WHERE code = '{code}'");
        let count = self.office.number(&format!("SELECT COUNT(*) FROM warnings WHERE code = '{code}'")).await;
        let last = self.office.text(&sql).await;
        (0..count).map(|_| last.clone()).collect()
    }
}

/// A figure of a report.
pub fn figure<'a>(report: &'a Value, id: &str) -> &'a Value {
    let all = report["figures"].as_array().unwrap();
    all.iter().find(|f| f["id"] == id).unwrap_or_else(|| panic!("no figure {id}: {report}"))
}

/// Numerator, denominator and missing.
pub fn parts(figure: &Value) -> (u64, u64, u64) {
    let of = |key: &str| figure[key].as_u64().unwrap();
    (of("numerator"), of("denominator"), of("missing"))
}

/// The lines of a figure: name, numerator, denominator.
pub fn groups(figure: &Value) -> Vec<(String, u64, u64)> {
    let line = |g: &Value| {
        (
            g["name"].as_str().unwrap().to_owned(),
            g["numerator"].as_u64().unwrap(),
            g["denominator"].as_u64().unwrap(),
        )
    };
    figure["groups"].as_array().unwrap().iter().map(line).collect()
}
