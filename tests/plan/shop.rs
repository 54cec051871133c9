//! A shop with customers and things that happened to them, its planner, and a dialler that does
//! what a test says.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use ringback::base::{CallId, CampaignId, Disposition, EntryId, Timestamp};
use ringback::calendar::Calendar;
use ringback::io::planner::{Planner, Settings, Turn};
use ringback::policy::pack::{Policies, Policy};
use serde_json::Value;

use crate::support::databases::{Database, execute, number, text};
use crate::web::site::{Call, Site};

/// The policy of the tests: one rule of each kind.
pub const SHOP: &str = r#"
pack = "shop"
title = "门店"
source = "test"
brand = "门店"

[windows]
call = ["09:00-12:00", "14:00-18:00"]

[event."install.finished"]
title = "安装完成"
[event."contract.cancelled"]
title = "合同解除"
[event."slip.cleaning"]
title = "保洁回执单"
[event."visit.planned"]
title = "上门计划"
[event."patient.discharged"]
title = "出院"
[event."parcel.signed"]
title = "签收"

[rule.installed]
title = "安装次日回访"
source = "SCH-01"
on = { event = ["install.finished"] }
cancelled_by = ["contract.cancelled"]
due = "1d"
deadline = "1d"
script = "hospital"
caller = { on_behalf_of = "客服部" }

[rule.second]
title = "安装满意度"
source = "ours"
on = { event = ["install.finished"] }
when = [{ field = "second", is = ["yes"] }]
due = "1d"
deadline = "3d"
priority = 3
script = "generic"

[rule.cleaning]
title = "保洁回访"
source = "SCH-03"
on = { event = ["slip.cleaning"] }
due = "0min"
deadline = "1d"
priority = 9
script = "generic"

[rule.visit]
title = "上门回访"
source = "SCH-32"
on = { event = ["visit.planned"] }
due = "1d"
deadline = "3d"
method = "onsite"

[rule.discharged]
title = "出院回访"
source = "SCH-20, SCH-23, SCH-33"
on = { event = ["patient.discharged"] }
earliest = "7d"
due = "7d"
deadline = "10d"
fallback = "email"
script = "hospital"

[rule.by_hand]
title = "其他需要回访的客户"
source = "SCH-13"
on = { manual = true }
due = "0d"
deadline = "0d"
script = "generic"

[rule.sampled]
title = "抽查"
source = "SCH-18"
on = { sample = { from = "parcel.signed", days = ["Tue", "Thu", "Sat"], size = 5, recency = "7d", cooloff = "30d", min_a_week = 2, max_a_week = 3 } }
when = [{ field = "state", is = ["normal"] }]
due = "0d"
deadline = "1d"
script = "express"
"#;

pub struct Shop {
    pub site: Site,
    pub planner: Planner,
}

/// A moment in Shanghai: `2026-03-03 09:00`.
pub fn at(text: &str) -> Timestamp {
    let civil: jiff::civil::DateTime = text.parse().unwrap();
    Timestamp::from_jiff(civil.in_tz("Asia/Shanghai").unwrap().timestamp())
}

pub fn policies(texts: &[&str]) -> Arc<Policies> {
    let mut policies = Policies::default();
    for (place, text) in texts.iter().enumerate() {
        policies.add(Policy::parse(&format!("{place}.toml"), text).unwrap()).unwrap();
    }
    Arc::new(policies)
}

pub fn settings(texts: &[&str]) -> Settings {
    let zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
    Settings {
        policies: policies(texts),
        calendar: Arc::new(Calendar::plain(zone)),
        lines: 10,
        ..Settings::default()
    }
}

impl Shop {
    pub async fn open(database: &Database) -> Shop {
        Shop::with(database, settings(&[SHOP])).await
    }

    pub async fn with(database: &Database, settings: Settings) -> Shop {
        let site = Site::on(database).await;
        let planner = Planner::new(
            site.store.clone(),
            site.api.parts.control.clone(),
            site.api.parts.events.clone(),
            settings,
        );
        site.api.set_planner(planner.clone());
        Shop { site, planner }
    }

    /// Sets the clock.
    pub fn set(&self, moment: &str) -> Timestamp {
        let now = at(moment);
        self.site.clock.store(now.0, Ordering::Relaxed);
        now
    }

    /// What the clock shows.
    pub fn now(&self) -> Timestamp {
        Timestamp(self.site.clock.load(Ordering::Relaxed))
    }

    /// Turns at that moment until nothing is left to do.
    pub async fn turn(&self, moment: &str) -> Turn {
        let now = self.set(moment);
        loop {
            let turn = self.planner.turn(now).await.unwrap();
            if !turn.more {
                return turn;
            }
        }
    }

    /// A customer who is to be looked at.
    pub async fn customer(&self, name: &str, phone: &str) -> i64 {
        let sql = format!(
            "INSERT INTO customers (pack, external_id, name, language, grade, preferred_hours, quiet_hours, key_account,
                 plan_every, owner, email, standing, fields, version, created_at, changed_at)
             VALUES ('shop', '{name}', '{name}', '', '', '', '', 0, '', '', '', 'active', '{{\"product\":\"boiler\"}}', 1, 0, 0)"
        );
        execute(&self.site.store, &sql).await.unwrap();
        let id = number(&self.site.store, &format!("SELECT id FROM customers WHERE name = '{name}'")).await;
        let sql = format!(
            "INSERT INTO customer_phones (customer_id, pack, phone, extension, label, position, valid_from)
             VALUES ({id}, 'shop', '{phone}', '', '', 0, 0)"
        );
        execute(&self.site.store, &sql).await.unwrap();
        id
    }

    /// Something that happened to them; they are to be looked at.
    pub async fn event(&self, customer: i64, kind: &str, moment: &str, matter: &str, fields: &str) {
        let (time, key) = (at(moment).0, format!("{kind}-{customer}-{moment}-{matter}"));
        let sql = format!(
            "INSERT INTO events (pack, kind, external_id, at, has_time, customer_id, matter, fields, late, received_at)
             VALUES ('shop', '{kind}', '{key}', {time}, 1, {customer}, '{matter}', '{fields}', 0, {time})"
        );
        execute(&self.site.store, &sql).await.unwrap();
    }

    /// Customers `0..count` to each of whom the same happened.
    pub async fn happened(&self, count: usize, kind: &str, moment: &str) -> Vec<i64> {
        let mut ids = Vec::new();
        for n in 0..count {
            let id = self.customer(&format!("C{n}"), &phone(n)).await;
            self.event(id, kind, moment, "", "{}").await;
            ids.push(id);
        }
        ids
    }

    pub async fn number(&self, sql: &str) -> i64 {
        number(&self.site.store, sql).await
    }

    pub async fn text(&self, sql: &str) -> String {
        text(&self.site.store, sql).await
    }

    /// Callbacks as the API shows them.
    pub async fn callbacks(&self, query: &str) -> Vec<Value> {
        let answer = self.site.get(&format!("/api/v1/callbacks?limit=500&{query}")).await.expect(200);
        answer["items"].as_array().unwrap().clone()
    }

    /// The only callback.
    pub async fn only(&self, query: &str) -> Value {
        let all = self.callbacks(query).await;
        assert_eq!(all.len(), 1, "{all:#?}");
        all[0].clone()
    }

    /// Changes a callback through the API.
    pub async fn edit(&self, callback: &Value, what: &str, body: Value) -> crate::web::site::Answer {
        self.site.post(&format!("/api/v1/callbacks/{}/{what}", callback["id"]), body).await
    }

    /// The list of a day.
    pub async fn plan(&self, day: &str) -> Value {
        let path = format!("/api/v1/plan?pack=shop&date={day}&unmask=true");
        self.site.get(&path).await.expect(200)["plans"][0].clone()
    }

    /// Who is on the list of a day, and who is not: name and word.
    pub async fn verdicts(&self, day: &str) -> Vec<(String, String)> {
        let plan = self.plan(day).await;
        let line = |l: &Value| (l["name"].as_str().unwrap().into(), l["code"].as_str().unwrap().into());
        let mut lines: Vec<(String, String)> = plan["lines"].as_array().unwrap().iter().map(line).collect();
        lines.sort();
        lines
    }

    /// What the dialler has in a rule's list: id, number and state.
    pub async fn entries(&self, rule: &str) -> Vec<(EntryId, String, String)> {
        self.entries_of(&format!("shop/{rule}")).await
    }

    /// The same of a list by its name.
    pub async fn entries_of(&self, list: &str) -> Vec<(EntryId, String, String)> {
        let Some(list) = self.site.store.list_by_name(list).await.unwrap() else {
            return Vec::new();
        };
        let answer = self.site.get(&format!("/api/v1/lists/{}/entries?limit=500&unmask=true", list.id)).await;
        let rows = answer.expect(200)["items"].as_array().unwrap().clone();
        let row = |e: &Value| {
            let text = |key: &str| e[key].as_str().unwrap().to_owned();
            (EntryId(e["id"].as_i64().unwrap()), text("phone"), text("state"))
        };
        rows.iter().map(row).collect()
    }

    /// The dialler calls an entry of a rule's list, and the call ends so.
    pub async fn call(
        &mut self,
        rule: &str,
        number: &str,
        end: Disposition,
        scores: &[Option<i32>],
    ) -> CallId {
        self.call_of(&format!("shop/{rule}"), number, end, scores).await
    }

    /// The same of a list by its name.
    pub async fn call_of(
        &mut self,
        name: &str,
        number: &str,
        end: Disposition,
        scores: &[Option<i32>],
    ) -> CallId {
        let list = self.site.store.list_by_name(name).await.unwrap().unwrap();
        let campaigns = self.site.store.campaigns().await.unwrap();
        let campaign: CampaignId = campaigns.iter().find(|c| c.list == list.id).unwrap().id;
        let entries = self.entries_of(name).await;
        // The newest: a number may stand on the list once for each of its callbacks.
        let entry = entries.iter().rfind(|(_, phone, _)| phone == number).unwrap().0;
        let now = self.site.clock.load(Ordering::Relaxed);
        let call = Call { disposition: end, scores, seconds: 20, recording: None, detail: "" };
        self.site.call(campaign, entry, number, now, call).await
    }

    /// The books of a day balance, and every callback of it has a reason.
    pub async fn books(&self, day: &str) -> Value {
        let state =
            self.text(&format!("SELECT state FROM day_plans WHERE pack = 'shop' AND day = '{day}'")).await;
        assert_eq!(state, "closed", "{day}");
        let summary =
            self.text(&format!("SELECT summary FROM day_plans WHERE pack = 'shop' AND day = '{day}'")).await;
        let books = serde_json::from_str::<Value>(&summary).unwrap()["books"].clone();
        let of = |key: &str| books[key].as_u64().unwrap();
        assert_eq!(of("due"), of("done") + of("open") + of("excused"), "{books}");
        assert_eq!(of("missing"), 0, "{books}");
        books
    }
}

/// A mobile number for each.
pub fn phone(n: usize) -> String {
    format!("138{n:08}")
}
