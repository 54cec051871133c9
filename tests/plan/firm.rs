//! A firm that works by a shipped policy: what happens comes in by the API, the planner turns,
//! and the callbacks are read by the API again.

use reqwest::Method;
use ringback::calendar::Calendar;
use ringback::io::planner::Settings;
use ringback::policy::pack::Pack;
use serde_json::{Value, json};

use super::shop::{Shop, policies};
use crate::support::databases::Database;
use crate::web::site::{Answer, send};

pub struct Firm {
    pub shop: Shop,
    pack: String,
}

/// The text of a shipped policy.
pub fn shipped(name: &str) -> String {
    std::fs::read_to_string(format!("config/policies/{name}.toml")).unwrap()
}

impl Firm {
    /// Works by `config/policies/<name>.toml`.
    pub async fn open(db: &Database, name: &str) -> Firm {
        Firm::by(db, &shipped(name)).await
    }

    /// Works by the policy of that text.
    pub async fn by(db: &Database, text: &str) -> Firm {
        let calendar = Calendar::parse(&std::fs::read_to_string("config/calendar/cn.toml").unwrap()).unwrap();
        let calendar = std::sync::Arc::new(calendar);
        let settings = Settings { policies: policies(&[text]), calendar, lines: 10, ..Settings::default() };
        let shop = Shop::with(db, settings).await;
        let pack: Pack = toml::from_str(text).unwrap();
        let id = pack.pack.clone();
        shop.site.api.desk().packs().set([pack]);
        Firm { shop, pack: id }
    }

    /// Id of the pack.
    pub fn pack(&self) -> &str {
        &self.pack
    }

    /// Something happens to a customer at a time of the day; gives the answer.
    pub async fn sends(&self, kind: &str, key: &str, at: &str, phone: &str, fields: Value) -> Answer {
        self.shop.set(at);
        let body = json!({
            "kind": kind, "external_id": key, "at": at, "matter": format!("M-{phone}"),
            "customer": { "name": format!("客户{phone}"), "phones": [phone] }, "fields": fields,
        });
        self.shop.site.post(&format!("/api/v1/events?pack={}", self.pack), body).await
    }

    /// The same, and the planner turns; gives the id of the event.
    pub async fn happens(&self, kind: &str, key: &str, at: &str, phone: &str, fields: Value) -> i64 {
        let report = self.sends(kind, key, at, phone, fields).await.expect(200);
        assert_ne!(report["results"][0]["result"], "rejected", "{report}");
        self.shop.turn(at).await;
        report["results"][0]["event_id"].as_i64().unwrap()
    }

    /// Brings a file in by a section of the pack.
    pub async fn brings(&self, intake: &str, at: &str, file: &str) -> Value {
        self.shop.set(at);
        let path = format!("/api/v1/intake?pack={}&intake={intake}", self.pack);
        let request = self.shop.site.request(Method::POST, &path, &self.shop.site.admin);
        let report = send(request.header("content-type", "text/csv").body(file.to_owned())).await.expect(201);
        self.shop.turn(at).await;
        report
    }

    /// Callbacks of a rule with that state: day of the due time in Shanghai, and state.
    pub async fn days(&self, rule: &str) -> Vec<(String, String)> {
        let zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
        let day = |at: i64| {
            let at = jiff::Timestamp::from_millisecond(at).unwrap();
            at.to_zoned(zone.clone()).date().to_string()
        };
        let all = self.shop.callbacks(&format!("rule={rule}")).await;
        let line = |c: &Value| (day(c["due"].as_i64().unwrap()), c["state"].as_str().unwrap().to_owned());
        all.iter().map(line).collect()
    }

    /// Warnings: code, subject, and whether they are open; oldest first.
    pub async fn warnings(&self) -> Vec<(String, String, bool)> {
        let path = format!("/api/v1/warnings?pack={}&limit=500", self.pack);
        let page = self.shop.site.get(&path).await.expect(200);
        let text = |w: &Value, key: &str| w[key].as_str().unwrap().to_owned();
        let line = |w: &Value| (text(w, "code"), text(w, "subject"), w["settled_at"].is_null());
        let mut all: Vec<_> = page["items"].as_array().unwrap().iter().map(line).collect();
        all.reverse();
        all
    }
}

/// A line of [`Firm::warnings`].
pub fn line(code: &str, subject: &str, open: bool) -> (String, String, bool) {
    (code.into(), subject.into(), open)
}

/// A line of [`Firm::days`].
pub fn on(day: &str, state: &str) -> (String, String) {
    (day.into(), state.into())
}
