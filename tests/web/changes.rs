//! Who hears of which change: the stream of what is stored, narrowed to what one may see.

use reqwest::Method;
use ringback::io::store::{Change, NewToken, Topic};
use serde_json::{Value, json};

use super::site::{Site, send, token_of};
use super::streams::Events;
use crate::store::reach::WORLD;
use crate::support::databases::{Database, execute};
use crate::tickets::office::Office;

const PATH: &str = "/api/v1/changes/events";

/// What happens: a word for the table, and the change.
fn happenings() -> Vec<(&'static str, Change)> {
    use Topic::{
        Audit, Callback, Customer, Import, Intake, Notice, Plan, Report, ReportRun, Ticket, Warning,
    };
    let one = |topic| Change::new(topic, 1, "change", "x");
    let none = |topic| Change::new(topic, None, "change", "x");
    vec![
        ("ticket", one(Ticket)),
        ("ticket of others", Change::new(Ticket, 2, "change", "x")),
        ("case", one(Audit)),
        ("cases of 李", none(Audit).of("李")),
        ("draw", none(Audit).of_pack("other")),
        ("callback", one(Callback)),
        ("callbacks of mall", none(Callback).of_pack("mall")),
        ("customer", one(Customer)),
        ("customer who is not there", Change::new(Customer, 99, "erase", "x")),
        ("notice", one(Notice)),
        ("channel", none(Notice)),
        ("import", one(Import)),
        ("intake", one(Intake)),
        ("report", one(Report)),
        ("run", one(ReportRun)),
        ("plan", none(Plan).of_pack("mall")),
        ("warnings", none(Warning).of_pack("other")),
    ]
}

/// Role, agent, department, shop; what its stream begins with when everything was told; what it hears.
type Row = (&'static str, [&'static str; 3], Topic, &'static [&'static str]);

const TABLE: &[Row] = &[
    ("department_head", ["", "工程部", ""], Topic::Notice, &["ticket", "customer", "notice"]),
    ("department_head", ["", "生产部", ""], Topic::Notice, &["ticket of others"]),
    ("specialist", ["李", "", ""], Topic::Notice, &["ticket", "callback", "customer"]),
    ("specialist", ["王", "", ""], Topic::Notice, &[]),
    ("front_desk", ["", "", "mall"], Topic::Notice, &[]),
    ("auditor", ["", "", ""], Topic::Audit, &["case", "cases of 李", "draw"]),
    (
        "admin",
        ["", "", ""],
        Topic::Notice,
        &[
            "ticket",
            "ticket of others",
            "case",
            "cases of 李",
            "draw",
            "callback",
            "callbacks of mall",
            "customer",
            "customer who is not there",
            "notice",
            "channel",
            "import",
            "intake",
            "report",
            "run",
            "plan",
            "warnings",
        ],
    ),
];

#[tokio::test]
async fn everybody_hears_of_what_they_may_see_and_of_nothing_else() {
    let site = Site::sqlite().await;
    for sql in WORLD {
        execute(&site.store, sql).await.unwrap();
    }
    let others = "INSERT INTO tickets (pack, number, kind, severity, category, source, phase, state, owner, department,
             phone, name, matter, complaint, dissatisfied, level, meeting, opened_at, version, body)
         VALUES ('hospital', 'KF2', 'k', 'ordinary', '', 'call', 'open', 'open', '赵', '生产部', '', '', '', 0, 0, 0, '', 0, 1, '{}')";
    execute(&site.store, others).await.unwrap();
    execute(&site.store, "INSERT INTO ticket_departments (department, ticket_id) VALUES ('生产部', 2)")
        .await
        .unwrap();
    let mut streams = Vec::new();
    for (place, (role, [agent, department, shop], mark, expect)) in TABLE.iter().enumerate() {
        let name = format!("visitor-{place}");
        let new = NewToken { name: &name, scope: role, agent, department, shop, ..NewToken::default() };
        let token = token_of(&site.store, &new).await;
        let stream = Events::open_at(&site, PATH, &token, None).await;
        streams.push((name, role, mark, expect, stream));
    }
    let happenings = happenings();
    for (word, change) in &happenings {
        // The act carries the word of the table through the stream.
        site.store.tell(Change { act: (*word).to_owned(), ..change.clone() });
    }
    for (name, _, mark, ..) in &streams {
        site.store.tell(Change::new(**mark, None, name, "").of(name));
    }
    for (name, role, _, expect, stream) in &mut streams {
        let mut heard = Vec::new();
        loop {
            let (topic, id, data) = stream.next().await;
            assert!(!id.is_empty() && topic != "reset", "{topic} {id}");
            let told: Value = serde_json::from_str(&data).unwrap();
            let act = told["act"].as_str().unwrap().to_owned();
            if act == *name {
                break;
            }
            // The marks of others are of others.
            if !act.starts_with("visitor-") {
                heard.push(act);
            } else {
                assert!(**role == "admin" || **role == "auditor", "{role} hears the mark of {act}");
            }
        }
        let expect: Vec<String> = expect.iter().map(|word| (*word).to_owned()).collect();
        assert_eq!(heard, expect, "{role} {name}");
    }
}

#[tokio::test]
async fn topics_are_named_and_those_that_are_not_open_are_refused() {
    let site = Site::sqlite().await;
    let new =
        NewToken { name: "head", scope: "department_head", department: "工程部", ..NewToken::default() };
    let head = token_of(&site.store, &new).await;
    let get = async |query: &str, token: &str| {
        send(site.request(Method::GET, &format!("{PATH}{query}"), token)).await
    };
    let refused = get("?topics=ticket,tikcet", &head).await.expect(422);
    assert!(refused["errors"][0]["hint"].as_str().unwrap().contains("ticket, audit"), "{refused}");
    assert_eq!(get("?topics=call", &head).await.status, 422, "what goes on live is another stream");
    let refused = get("?topics=ticket,audit", &head).await.expect(403);
    assert!(refused["detail"].as_str().unwrap().contains("`cases.see`"), "{refused}");
    assert_eq!(site.get("/api/v1/events?topics=nonsense").await.status, 422);
    // Who follows everything that goes on hears of changes too, with the permission of each.
    let new = NewToken { name: "operator", scope: "operate", ..NewToken::default() };
    let operator = token_of(&site.store, &new).await;
    let mut stream = Events::open_at(&site, "/api/v1/events", &operator, None).await;
    site.store.tell(Change::new(Topic::ReportRun, 1, "progress", ""));
    site.store.tell(Change::new(Topic::Import, 1, "done", ""));
    site.api.parts.events.publish("call", r#"{"n":1}"#);
    let mut heard = Vec::new();
    while heard.last().is_none_or(|topic| topic != "call") {
        heard.push(stream.next().await.0);
    }
    let roles = ringback::io::roles::built_in();
    let may = |word: &str| {
        roles.get("operate").unwrap().permissions.keys().any(|permission| permission.as_str() == word)
    };
    let mut expect: Vec<&str> = Vec::new();
    expect.extend(may("reports.see").then_some("report_run"));
    expect.extend(may("lists.see").then_some("import"));
    expect.push("call");
    assert_eq!(heard, expect);
}

#[tokio::test]
async fn a_page_begins_after_the_event_that_it_was_made_behind() {
    let site = Site::sqlite().await;
    let hub = &site.api.parts.events;
    site.store.tell(Change::new(Topic::Ticket, 1, "first", "x"));
    let after = hub.newest_id();
    site.store.tell(Change::new(Topic::Ticket, 1, "second", "x"));
    let mut stream = Events::open_at(&site, &format!("{PATH}?after={after}"), &site.admin, None).await;
    let (_, id, data) = stream.next().await;
    assert!(data.contains("second"), "{data}");
    assert_eq!(id, hub.newest_id());
    // A browser that connects again sends its own place, which is further on.
    let mut stream = Events::open_at(&site, &format!("{PATH}?after={after}"), &site.admin, Some(&id)).await;
    site.store.tell(Change::new(Topic::Ticket, 1, "third", "x"));
    assert!(stream.next().await.2.contains("third"));
    let mut stream = Events::open_at(&site, &format!("{PATH}?after=7-99"), &site.admin, None).await;
    assert_eq!(stream.next().await.0, "reset", "a place that there is not");
}

#[tokio::test]
async fn what_people_do_to_tickets_and_lists_is_told_when_it_is_stored() {
    let database = Database::sqlite();
    let office = Office::open(&database).await;
    let site = &office.shop.site;
    let mut stream =
        Events::open_at(site, &format!("{PATH}?topics=ticket,import,customer"), &site.admin, None).await;
    let mut next = async || {
        let (topic, _, data) = stream.next().await;
        let told: Value = serde_json::from_str(&data).unwrap();
        assert!(data.len() < 400, "an event is small: {data}");
        assert!(!data.contains("13800000001") && !data.contains("张伟"), "it names no customer: {data}");
        (topic, told)
    };
    let body = json!({ "pack": "xian_decoration", "kind": "complaint", "category": "工期", "phone": "13800000001",
        "name": "张伟", "fields": { "content": "迟了三天" } });
    let ticket = office.ticket("2026-03-03 10:00", body).await;
    let (topic, told) = next().await;
    assert_eq!(
        (topic.as_str(), &told["id"], &told["number"]),
        ("ticket", &ticket["ticket"]["id"], &ticket["ticket"]["number"])
    );
    assert_eq!((&told["pack"], &told["by"]), (&json!("xian_decoration"), &json!("admin")));
    office.done("2026-03-03 10:05", &ticket, json!({ "do": "comment", "text": "客户在家" })).await;
    let (_, told) = next().await;
    assert_eq!((told["act"].as_str(), &told["id"]), (Some("comment"), &ticket["ticket"]["id"]), "{told}");
    let id = &ticket["ticket"]["id"];
    let customer = office.number(&format!("SELECT customer_id FROM tickets WHERE id = {id}")).await;
    let edit = json!({ "why": "a new name", "name": "张大伟" });
    let path = format!("/api/v1/customers/{customer}");
    send(site.request(Method::PATCH, &path, &site.admin).json(&edit)).await.expect(200);
    let (topic, told) = next().await;
    assert_eq!((topic.as_str(), &told["id"], &told["act"]), ("customer", &json!(customer), &json!("edit")));
    site.upload("list_name=march", "phone,name\n13800000009,A\n").await.expect(201);
    loop {
        let (topic, told) = next().await;
        assert_eq!(topic, "import", "{told}");
        if told["act"] == "done" {
            assert_eq!(told["by"], "admin", "{told}");
            break;
        }
    }
}
