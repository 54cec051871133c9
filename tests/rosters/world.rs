//! A repair station with its rosters.

use reqwest::Method;
use ringback::io::rosters::Rosters;
use ringback::roster::{Month, Role, Settings};
use serde_json::{Value, json};

use crate::plan::shop::Shop;
use crate::support::databases::Database;
use crate::web::site::{Answer, send};

pub const PACK: &str = "station";

pub struct Station {
    pub shop: Shop,
    pub rosters: Rosters,
}

impl Station {
    pub async fn open(db: &Database) -> Station {
        Station::with(Shop::open(db).await)
    }

    pub fn with(shop: Shop) -> Station {
        Station::by(
            shop,
            Settings { pack: PACK.into(), departments: vec!["办公室".into()], ..Settings::default() },
        )
    }

    /// By these rules.
    pub fn by(shop: Shop, settings: Settings) -> Station {
        let events = shop.site.api.parts.events.clone();
        let rosters = Rosters::new(shop.site.store.clone(), shop.planner.clone(), events, vec![settings]);
        shop.site.api.set_rosters(rosters.clone());
        Station { shop, rosters }
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        let site = &self.shop.site;
        send(site.request(Method::PUT, &format!("/api/v1/{path}"), &site.admin).json(&body)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.shop.site.post(&format!("/api/v1/{path}"), body).await
    }

    pub async fn get(&self, path: &str) -> Value {
        self.shop.site.get(&format!("/api/v1/{path}")).await.expect(200)
    }

    /// Saves and publishes a whole month; the leader of every night is at extension 801.
    pub async fn publish(&self, month: &str) {
        self.put(&format!("rosters/{PACK}/{month}"), json!({ "duties": duties(month) })).await.expect(200);
        self.post(&format!("rosters/{PACK}/{month}/publish"), json!({})).await.expect(200);
    }

    /// Turns at that moment.
    pub async fn turn(&self, moment: &str) {
        let now = self.shop.set(moment);
        self.rosters.turn(now).await.unwrap();
    }

    /// Whom a call of that moment rings, in order.
    pub async fn chain(&self, moment: &str) -> Vec<String> {
        let at = crate::plan::shop::at(moment).0;
        let duty = self.get(&format!("on-duty/{PACK}?at={at}&unmask=true")).await;
        duty["chain"].as_array().unwrap().iter().map(|p| p["address"].as_str().unwrap().to_owned()).collect()
    }

    /// Open warnings of a code: subject and day.
    pub async fn warnings(&self, code: &str) -> Vec<(String, String)> {
        let page = self.get(&format!("warnings?pack={PACK}&open=true&limit=500")).await;
        let text = |w: &Value, key: &str| w[key].as_str().unwrap().to_owned();
        let all = page["items"].as_array().unwrap().iter().filter(|w| w["code"] == code);
        let mut found: Vec<_> = all.map(|w| (text(w, "subject"), text(w, "day"))).collect();
        found.sort();
        found
    }

    /// Recipients of notices of a topic, sorted.
    pub async fn heard(&self, topic: &str) -> Vec<String> {
        let page = self.get(&format!("notices?topic={topic}&limit=500")).await;
        let mut to: Vec<String> =
            page["items"].as_array().unwrap().iter().map(|n| n["to"].as_str().unwrap().to_owned()).collect();
        to.sort();
        to
    }
}

/// Every role of every night: two leaders in turn, and one person for each other role.
pub fn duties(month: &str) -> Vec<Value> {
    let month: Month = month.parse().unwrap();
    let mut all = Vec::new();
    for date in month.days() {
        for (n, role) in Role::ALL.into_iter().enumerate() {
            let turn = date.day() % 2;
            let (person, phone, extension) = match role {
                Role::Leader => (format!("领导{turn}"), format!("1380000000{turn}"), format!("80{turn}")),
                role => (role.title().to_owned(), format!("139000000{n:02}"), String::new()),
            };
            all.push(
                json!({ "date": date.to_string(), "role": role.as_str(), "person": person, "phone": phone,
                "extension": extension }),
            );
        }
    }
    all
}
