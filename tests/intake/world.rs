//! An interface with small policy packs.

use reqwest::Method;
use ringback::policy::pack::Pack;
use serde_json::Value;

use crate::support::databases::Database;
use crate::web::site::{Answer, Site, send};

pub const PACKS: [&str; 3] = [
    r#"
pack = "install"
title = "安装"
[event."install.finished"]
title = "安装完成"
[event."slip.received"]
title = "收到反馈单"
[rule]
[intake.finished]
event = "install.finished"
[intake.slips]
event = "slip.received"
columns = { "客户评分" = "score" }
same_day = true
expects = "install.finished"
by = "08:30"
[[intake.slips.reject]]
reason = "no_customer_score"
title = "客户评分 is empty: ask the customer and hand the slip in again"
when = [{ field = "score", given = false }]
[intake.lenient]
event = "slip.received"
columns = { "客户评分" = "score" }
[[intake.lenient.reject]]
reason = "no_customer_score"
warn_only = true
when = [{ field = "score", given = false }]
[intake.shipping]
event = "slip.received"
by = "10:00"
"#,
    r#"
pack = "auto_repair"
title = "汽修"
[event."job.settled"]
title = "已结算"
[rule]
[intake.settled]
event = "job.settled"
only = [{ field = "status", is = ["已结算"] }]
columns = { "状态" = "status" }
"#,
    r#"
pack = "billboard"
title = "广告牌"
[event."order.placed"]
title = "下单"
[event."project.handed_over"]
title = "移交"
[event."appointment.made"]
title = "预约"
[rule]
[intake.orders]
event = "order.placed"
[intake.handover]
event = "project.handed_over"
sets = { state = "after_sales" }
copy_to = ["项目管理部"]
[intake.appointments]
event = "appointment.made"
[[intake.appointments.reject]]
reason = "deposit_too_low"
title = "the deposit is less than half of the price"
when = [{ field = "deposit/price", below = 0.5 }]
"#,
];

pub async fn site(database: &Database) -> Site {
    let site = Site::on(database).await;
    let packs = PACKS.iter().map(|text| toml::from_str::<Pack>(text).unwrap_or_else(|e| panic!("{e}")));
    site.api.desk().packs().set(packs);
    site
}

impl Site {
    /// Brings a file in; `query` names pack and intake.
    pub async fn intake(&self, query: &str, file: impl Into<Vec<u8>>) -> Answer {
        let request = self.request(Method::POST, &format!("/api/v1/intake?{query}"), &self.admin);
        send(request.header("content-type", "application/octet-stream").body(file.into())).await
    }

    /// The first page of a list.
    pub async fn items(&self, path: &str) -> Vec<Value> {
        let page = self.get(&format!("/api/v1/{path}")).await.expect(200);
        page["items"].as_array().unwrap().clone()
    }

    pub fn set_clock(&self, at: &str) {
        let at: jiff::Timestamp = at.parse().unwrap();
        self.clock.store(at.as_millisecond(), std::sync::atomic::Ordering::Relaxed);
    }
}

pub fn counts(report: &Value, names: &[&str]) -> Vec<u64> {
    names.iter().map(|name| report["counts"][*name].as_u64().unwrap()).collect()
}
