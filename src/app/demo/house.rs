//! What a furniture mall's customer service has on its tables on an ordinary morning: orders and slips of
//! the last days, open tickets, people with accounts. It comes in over the API, as it would for anybody.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use jiff::civil::Date;
use jiff::{ToSpan as _, Zoned};
use serde_json::{Value, json};

use super::super::client::Client;
use super::super::entrance::DEMO_AGENT;
use crate::base::Rng;

/// The pack that the house works by.
const PACK: &str = "furniture_mall";
/// Customers with an order.
const CUSTOMERS: u32 = 60;

const SURNAMES: [&str; 16] =
    ["王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林"];
const GIVEN: [&str; 20] = [
    "伟", "芳", "娜", "秀英", "敏", "静", "丽", "强", "磊", "洋", "艳", "勇", "军", "杰", "娟", "涛", "明",
    "超", "霞", "晓燕",
];
const PRODUCTS: [&str; 8] =
    ["布艺沙发", "实木餐桌", "定制衣柜", "真皮沙发", "儿童床", "电视柜", "整体橱柜", "床垫"];
const FITTERS: [&str; 4] = ["钱师傅", "冯师傅", "魏师傅", "蒋师傅"];
const DESIGNERS: [&str; 3] = ["苏晴", "何俊", "罗敏"];
const GUIDES: [&str; 3] = ["许倩", "邓超", "沈悦"];

/// Accounts: name, role and agent.
const PEOPLE: [(&str, &str, &str); 5] = [
    ("fang.wang", "agent", DEMO_AGENT),
    ("jing.li", "agent", "李静"),
    ("lei.zhang", "agent", "张磊"),
    ("qa", "auditor", ""),
    ("manager", "manager", ""),
];

/// A customer of the house.
pub(super) struct Customer {
    name: String,
    /// Mobile number.
    pub phone: String,
}

/// The customers, the same with the same seed.
pub(super) fn customers(seed: u64) -> Vec<Customer> {
    let mut rng = Rng::seeded(seed);
    let mut one = |n: u32| Customer {
        name: format!("{}{}", of(&SURNAMES, &mut rng), of(&GIVEN, &mut rng)),
        phone: format!("139{:04}{:04}", rng.below(10_000), n * 37 % 10_000),
    };
    (0..CUSTOMERS).map(&mut one).collect()
}

fn of<'a>(words: &[&'a str], rng: &mut Rng) -> &'a str {
    words[rng.below(words.len() as u64) as usize]
}

/// Fills the house; gives what came in, in a line.
///
/// # Errors
/// Whatever the API refused.
pub(super) async fn furnish(client: &Client, people: &[Customer], now: &Zoned) -> Result<String, String> {
    let orders = orders(people, now.date());
    let path = format!("intake?pack={PACK}&intake=orders&source=demo&file_name=orders.csv");
    let report = client.post_bytes(&path, orders.into_bytes()).await?;
    let tickets = tickets(client, people, now).await?;
    for (name, roles, agent) in PEOPLE {
        client.post("accounts", &json!({ "name": name, "roles": [roles], "agent": agent })).await?;
    }
    let added = &report["counts"]["added"];
    Ok(format!(
        "the mall: {added} orders and slips, {tickets} tickets, 3 agents, 3 callers of its hotline at a time"
    ))
}

/// Gives two calls of each other agent to whoever looks around, to listen to and score, as they end. A month's
/// draw wants a month that is over, and this house is a minute old.
///
/// # Errors
/// Whatever the API refused.
pub(super) async fn audit(client: &Client) -> Result<(), String> {
    let agents =
        PEOPLE.map(|(_, _, agent)| agent).into_iter().filter(|agent| !["", DEMO_AGENT].contains(agent));
    let agents: Vec<&str> = agents.collect();
    let mut tick = tokio::time::interval(Duration::from_secs(5));
    let mut given = BTreeSet::new();
    while given.len() < agents.len() * 2 {
        tick.tick().await;
        for agent in &agents {
            let path =
                format!("calls?agent={}&recorded=true&state=ended&sort=oldest&limit=2", encoded(agent));
            let calls = client.get(&path).await?;
            for call in calls["items"].as_array().into_iter().flatten() {
                let id = call["id"].as_str().unwrap_or_default();
                let body = json!({ "call_id": id, "auditor": DEMO_AGENT });
                // The examiner has not heard a call that ended a moment ago: it is tried again.
                if !given.contains(id) && client.post("audits/cases", &body).await.is_ok() {
                    println!("A call of {agent} waits for you in the audit.");
                    given.insert(id.to_owned());
                }
            }
        }
    }
    Ok(())
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// The order clerk's list of the last days: what was installed yesterday is called today.
fn orders(people: &[Customer], today: Date) -> String {
    let mut csv = String::from(
        "单号,合同号,单据类型,客户姓名,客户电话,日期,下单内容,设计师,导购,安装师傅,售服人员,保洁人员,产品\n",
    );
    for (n, person) in people.iter().enumerate() {
        let pick = |words: &[&'static str]| words[n % words.len()];
        let (kind, day) = match n % 12 {
            0..4 => ("安装单", today - 1.day()),
            4 | 5 => ("合同单", today - 1.day()),
            6 => ("售后单", today),
            7 => ("保洁单", today),
            8 => ("遗留单", today),
            9 => ("安装单", today - 1.year()),
            10 => ("安装单", today - 2.days()),
            _ => ("合同单", today - 20.days()),
        };
        let product = pick(&PRODUCTS);
        writeln!(
            csv,
            "DH{n:05},HT{n:05},{kind},{},{},{day},{product}一套,{},{},{},{},刘阿姨,{product}",
            person.name,
            person.phone,
            pick(&DESIGNERS),
            pick(&GUIDES),
            pick(&FITTERS),
            pick(&FITTERS),
        )
        // Writing to a string does not fail.
        .ok();
    }
    csv
}

/// Tickets at various points of their way; gives how many.
async fn tickets(client: &Client, people: &[Customer], now: &Zoned) -> Result<usize, String> {
    let soon = |minutes: i64| (now + minutes.minutes()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
    let cases: [(&str, &str, &str, &[Value]); 8] = [
        (
            "complaint",
            "serious",
            "沙发面料开线，要求更换",
            &[
                json!({ "do": "assign", "owner": "王芳" }),
                json!({ "do": "report", "stage": "answer", "result": "done" }),
                json!({ "do": "promise", "at": soon(45), "what": "给出更换方案" }),
                json!({ "do": "comment", "text": "已请安装部周五上门查看" }),
            ],
        ),
        (
            "complaint",
            "major",
            "橱柜门板甲醛味重，孩子不适",
            &[
                json!({ "do": "escalate", "cause": "客户要求检测", "process": "已致歉并安排检测", "demand": "退货" }),
            ],
        ),
        (
            "complaint",
            "",
            "送货师傅态度不好",
            &[
                json!({ "do": "assign", "owner": "李静" }),
                json!({ "do": "report", "stage": "answer", "result": "done" }),
                json!({ "do": "report", "stage": "solve", "result": "done", "fields": { "solution": "组长当面致歉" } }),
            ],
        ),
        (
            "shipping_query",
            "",
            "餐桌什么时候到货",
            &[json!({ "do": "promise", "at": soon(20), "what": "回复到货日期" })],
        ),
        ("technical_query", "", "床垫软硬怎么选", &[]),
        ("outstanding_issue", "", "缺抽屉拉手两个", &[]),
        (
            "outstanding_issue",
            "",
            "衣柜背板划伤",
            &[json!({ "do": "report", "stage": "order", "result": "done" })],
        ),
        ("technical_query", "", "电动沙发不动了", &[json!({ "do": "assign", "owner": "张磊" })]),
    ];
    for (n, (kind, severity, content, acts)) in cases.iter().enumerate() {
        let person = &people[n * 5 % people.len()];
        let body = json!({
            "pack": PACK, "kind": kind, "severity": severity, "source": "walk_in", "name": person.name, "phone": person.phone,
            "matter": format!("HT{:05}", n * 5), "department": "安装部", "fields": { "content": content },
        });
        let ticket = client.post("tickets", &body).await?;
        let id = ticket["ticket"]["id"].as_i64().ok_or("the API gave no ticket id")?;
        for act in *acts {
            client.post(&format!("tickets/{id}/acts"), act).await?;
        }
    }
    Ok(cases.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_orders_of_a_demo_are_spread_over_the_last_days_and_one_customer_has_one_number() {
        let people = customers(9);
        let numbers: std::collections::BTreeSet<_> = people.iter().map(|person| &person.phone).collect();
        assert_eq!(numbers.len(), people.len());
        let csv = orders(&people, jiff::civil::date(2026, 3, 3));
        assert_eq!(csv.lines().count(), people.len() + 1);
        for day in ["2026-03-03", "2026-03-02", "2025-03-03"] {
            assert!(csv.contains(day), "{day} in\n{csv}");
        }
    }
}
