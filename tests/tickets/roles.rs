//! What roles see and do: departments, dispatchers, reviewers, specialists, over the files that are
//! shipped.

use reqwest::Method;
use ringback::access::Teams;
use ringback::io::store::NewToken;
use ringback::io::web::AccessSettings;
use serde_json::{Value, json};

use super::office::{Made, Office};
use crate::support::databases::{Database, on_both_databases};
use crate::web::site::{Answer, send, token_of};

on_both_databases! {
    rol_01_a_department_sees_and_answers_what_is_assigned_to_it_and_nothing_else,
    rol_02_a_specialist_reaches_their_own_a_supervisor_the_team_a_manager_the_rules,
    rol_03_a_dispatcher_rejects_slips_and_makes_first_callbacks_but_not_second_ones,
    rol_03_the_front_desk_of_a_shop_reaches_its_pack_and_no_other,
    rol_04_a_reviewer_sees_the_review_queue_only,
    names_are_covered_in_every_list_for_who_may_not_see_them,
    rol_05_a_supervisor_reviews_reports_and_a_manager_approves_them_and_draws,
    rol_07_only_the_department_of_a_stage_writes_it,
    rol_09_a_project_without_an_engineer_goes_to_the_head_with_a_warning,
    rol_10_a_filing_is_not_done_without_its_receipt,
}

impl Office {
    async fn role(&self, name: &str, role: &str, agent: &str, department: &str) -> String {
        let new = NewToken { name, scope: role, agent, department, ..NewToken::default() };
        token_of(&self.shop.site.store, &new).await
    }

    async fn as_with(&self, token: &str, method: Method, path: &str, body: Value) -> Answer {
        let request = self.shop.site.request(method, &format!("/api/v1{path}"), token);
        send(if body.is_null() { request } else { request.json(&body) }).await
    }

    async fn see(&self, token: &str, path: &str) -> Answer {
        self.as_with(token, Method::GET, path, Value::Null).await
    }

    /// Numbers of the tickets that a token lists.
    async fn listed(&self, token: &str, query: &str) -> Vec<String> {
        let answer = self.see(token, &format!("/tickets{query}")).await.expect(200);
        let items = answer["items"].as_array().unwrap();
        items.iter().map(|row| row["number"].as_str().unwrap().to_owned()).collect()
    }

    /// An agent talked in a call.
    async fn talked(&self, call: &str, agent: &str) {
        self.sql(&format!(
            "INSERT INTO legs (call_id, number, kind, target, agent, started_at, answered_at, ended_at, result, ended_by)
             VALUES ('{call}', 1, 'agent', '8001', '{agent}', 0, 1, 2, 'talked', 'us')"
        ))
        .await;
    }
}

fn number(ticket: &Value) -> String {
    ticket["ticket"]["number"].as_str().unwrap().to_owned()
}

async fn rol_01_a_department_sees_and_answers_what_is_assigned_to_it_and_nothing_else(db: &Database) {
    let mut office = Office::open(db).await;
    let open = |phone: &str, department: &str| json!({ "pack": "equipment_manufacturer", "kind": "quality", "phone": phone, "department": department });
    let mine = office.ticket("2026-03-03 08:00", open("13800000001", "工程部")).await;
    let other = office.ticket("2026-03-03 08:01", open("13800000002", "生产部")).await;
    let token = office.role("gong", "department", "", "工程部").await;
    assert_eq!(office.listed(&token, "?dept=工程部").await, [number(&mine)]);
    assert_eq!(office.listed(&token, "").await, [number(&mine)]);
    assert_eq!(office.listed(&token, "?dept=生产部").await, [] as [String; 0]);
    office.see(&token, "/callbacks").await.expect(403);
    for path in
        ["/customers", "/lists", "/answers", "/live/calls", "/events", "/tokens", "/registers/callbacks"]
    {
        assert_eq!(office.see(&token, path).await.status, 403, "{path}");
    }
    let refused = office.see(&token, &format!("/tickets/{}", other["ticket"]["id"])).await.expect(403);
    assert!(refused["title"].as_str().unwrap().contains("out of the token's reach"), "{refused}");
    office.see(&token, "/tickets/999999").await.expect(404);
    // It answers what is its own.
    let acts = format!("/tickets/{}/acts", mine["ticket"]["id"]);
    let report = json!({ "do": "report", "stage": "triage", "fields": { "our_liability": "yes" } });
    let shown = office.as_with(&token, Method::POST, &acts, report).await.expect(200);
    let triage =
        shown["stages"].as_array().unwrap().iter().find(|stage| stage["id"] == "triage").unwrap().clone();
    assert_eq!((&triage["status"], &triage["done_by"]), (&json!("done"), &json!("gong")));
    for body in [json!({ "do": "assign", "owner": "gong" }), json!({ "do": "close", "how": "done" })] {
        let refused = office.as_with(&token, Method::POST, &acts, body).await.expect(403);
        assert_eq!(refused["title"], "Not by a department");
    }
    let theirs = format!("/tickets/{}/acts", other["ticket"]["id"]);
    office.as_with(&token, Method::POST, &theirs, json!({ "do": "comment", "text": "?" })).await.expect(403);
    // The call behind its ticket is heard, another is not (NOT-05).
    let behind = office.inbound("2026-03-03 08:10", "13800000001", None).await;
    let strange = office.inbound("2026-03-03 08:20", "13800000005", None).await;
    office
        .sql(&format!(
            "INSERT INTO ticket_calls (ticket_id, call_id) VALUES ({}, '{behind}')",
            mine["ticket"]["id"]
        ))
        .await;
    let calls = office.see(&token, "/calls").await.expect(200);
    let ids: Vec<&Value> = calls["items"].as_array().unwrap().iter().map(|call| &call["id"]).collect();
    assert_eq!(ids, [&json!(behind)]);
    office.see(&token, &format!("/calls/{behind}/recording")).await.expect(404);
    office.see(&token, &format!("/calls/{strange}/recording")).await.expect(403);
    // A token of no department sees nothing.
    let nobody = office.role("nobody", "department", "", "").await;
    assert_eq!(office.listed(&nobody, "").await, [] as [String; 0]);
}

async fn rol_02_a_specialist_reaches_their_own_a_supervisor_the_team_a_manager_the_rules(db: &Database) {
    let mut office = Office::open(db).await;
    let folder = tempfile::tempdir().unwrap();
    let teams: Teams =
        [("李", "a"), ("王", "a"), ("张", "b")].map(|(a, t)| (a.to_owned(), t.to_owned())).into();
    let access = AccessSettings { teams, policies: Some(folder.path().into()), ..AccessSettings::built_in() };
    office.shop.site.api.set_access(access);
    let li = office.role("li", "specialist", "李", "").await;
    let boss = office.role("boss", "supervisor", "李", "").await;
    let manager = office.role("manager", "manager", "", "").await;
    let mut calls = Vec::new();
    for (at, phone, agent) in
        [("09:00", "13800000001", "李"), ("09:10", "13800000002", "王"), ("09:20", "13800000003", "张")]
    {
        let call = office.inbound(&format!("2026-03-03 {at}"), phone, None).await;
        office.talked(&call, agent).await;
        calls.push(call);
    }
    let status = async |token: &str, call: &String| {
        office.see(token, &format!("/calls/{call}/recording")).await.status.as_u16()
    };
    // 404: it may be heard, but nothing was recorded.
    assert_eq!((status(&li, &calls[0]).await, status(&li, &calls[1]).await), (404, 403));
    assert_eq!((status(&boss, &calls[1]).await, status(&boss, &calls[2]).await), (404, 403));
    assert_eq!(status(&manager, &calls[2]).await, 404);
    for (token, expect) in [(&li, &calls[..1]), (&boss, &calls[..2]), (&manager, &calls[..])] {
        let shown = office.see(token, "/calls?sort=oldest").await.expect(200);
        let ids: Vec<&str> =
            shown["items"].as_array().unwrap().iter().map(|call| call["id"].as_str().unwrap()).collect();
        assert_eq!(ids, expect);
    }
    // Tickets and callbacks under one's name; a supervisor gives them to another.
    let open = |phone: &str, owner: &str| {
        json!({ "pack": "generic_enterprise", "kind": "complaint", "phone": phone, "owner": owner,
                "fields": { "cause_class": "x", "content": "y" } })
    };
    let own = office.ticket("2026-03-03 10:00", open("13800000001", "李")).await;
    let others = office.ticket("2026-03-03 10:01", open("13800000008", "张")).await;
    assert_eq!(office.listed(&li, "").await, [number(&own)]);
    assert_eq!(office.listed(&manager, "").await, [number(&others), number(&own)]);
    let assign = json!({ "do": "assign", "owner": "王", "reason": "holiday" });
    let acts = format!("/tickets/{}/acts", own["ticket"]["id"]);
    office.as_with(&boss, Method::POST, &acts, assign.clone()).await.expect(200);
    let acts = format!("/tickets/{}/acts", others["ticket"]["id"]);
    office.as_with(&boss, Method::POST, &acts, assign).await.expect(403);
    // Rules are the manager's.
    let policy = office.see(&li, "/policies/generic_enterprise").await.expect(200);
    let text = policy["text"].as_str().unwrap();
    let body =
        json!({ "text": format!("{text}\n# looked at\n"), "version": policy["version"], "reason": "a note" });
    let put = async |token: &str, body: &Value| {
        office.as_with(token, Method::PUT, "/policies/generic_enterprise", body.clone()).await
    };
    put(&li, &body).await.expect(403);
    put(&boss, &body).await.expect(403);
    let written = put(&manager, &body).await.expect(200);
    assert_eq!(written["before"], policy["version"]);
    let file = folder.path().join(policy["file"].as_str().unwrap());
    assert!(std::fs::read_to_string(&file).unwrap().ends_with("# looked at\n"), "{}", file.display());
    let stale = json!({ "text": text, "version": "000000000000", "reason": "a note" });
    put(&manager, &stale).await.expect(409);
    let broken = json!({ "text": text.replacen("title", "titel", 1), "version": policy["version"], "reason": "a note" });
    let refused = put(&manager, &broken).await.expect(422);
    assert!(refused.to_string().contains("titel"), "{refused}");
    assert!(std::fs::read_to_string(&file).unwrap().ends_with("# looked at\n"), "nothing was written");
    let log = office.text("SELECT actor || ' ' || subject FROM audit_log WHERE action = 'policy.edit'").await;
    assert_eq!(log, "manager policy:generic_enterprise");
}

async fn rol_03_a_dispatcher_rejects_slips_and_makes_first_callbacks_but_not_second_ones(db: &Database) {
    let office = Office::open(db).await;
    let fields = json!({ "installer": "赵师傅" });
    let event = office.happens("furniture_mall", "install.finished", "A1", "2026-03-02 15:00", fields).await;
    office.both("2026-03-02 15:10").await;
    let id = office.number("SELECT id FROM callbacks WHERE rule = 'install_first'").await;
    office.sql(&format!("UPDATE callbacks SET assignee = 'wu' WHERE id = {id}")).await;
    let dispatcher = office.role("diao", "dispatcher", "", "").await;
    let specialist = office.role("wu", "specialist", "", "").await;
    let note = async |token: &str| {
        let path = format!("/callbacks/{id}/note");
        office.as_with(token, Method::POST, &path, json!({ "note": "rang" })).await
    };
    let other = office.role("zheng", "specialist", "", "").await;
    let seen = async |token: &str, path: &str| {
        office.see(token, path).await.expect(200)["items"].as_array().unwrap().len()
    };
    for path in ["/callbacks", "/customers"] {
        assert_eq!((seen(&specialist, path).await, seen(&other, path).await), (1, 0), "{path}");
    }
    office.see(&other, &format!("/callbacks/{id}")).await.expect(403);
    note(&dispatcher).await.expect(200);
    let refused = note(&specialist).await.expect(403);
    assert!(refused["detail"].as_str().unwrap().contains("made by 调度专员"), "{refused}");
    office.sql(&format!("UPDATE callbacks SET rule = 'install_second' WHERE id = {id}")).await;
    let refused = note(&dispatcher).await.expect(403);
    assert!(refused["detail"].as_str().unwrap().contains("made by 客服专员"), "{refused}");
    note(&specialist).await.expect(200);
    // Slips are the dispatcher's to reject.
    let reject = async |token: &str| {
        let path = format!("/events/{event}/withdraw");
        office.as_with(token, Method::POST, &path, json!({ "reason": "no_customer_score" })).await
    };
    reject(&specialist).await.expect(403);
    assert!(reject(&dispatcher).await.status.is_success());
    let why = office.text(&format!("SELECT withdrawn_reason FROM events WHERE id = {event}")).await;
    assert_eq!(why, "no_customer_score");
}

async fn rol_03_the_front_desk_of_a_shop_reaches_its_pack_and_no_other(db: &Database) {
    let office = Office::open(db).await;
    let open = |pack: &str, phone: &str| json!({ "pack": pack, "kind": "consultation", "phone": phone });
    let mine = office.ticket("2026-03-03 08:00", open("furniture_mall", "13800000001")).await;
    let other = office.ticket("2026-03-03 08:01", open("hospital", "13800000002")).await;
    let new = NewToken { name: "desk", scope: "shop_desk", shop: "furniture_mall", ..NewToken::default() };
    let desk = token_of(&office.shop.site.store, &new).await;
    assert_eq!(office.listed(&desk, "").await, [number(&mine)]);
    office.see(&desk, &format!("/tickets/{}", mine["ticket"]["id"])).await.expect(200);
    office.see(&desk, &format!("/tickets/{}", other["ticket"]["id"])).await.expect(403);
    office
        .sql(
            "INSERT INTO warnings (pack, day, code, subject, detail, raised_at)
             VALUES ('furniture_mall', '2026-03-03', 'missing_slip', 'a', 'x', 0),
                    ('hospital', '2026-03-03', 'missing_slip', 'b', 'x', 0)",
        )
        .await;
    let seen = office.see(&desk, "/warnings?pack=furniture_mall").await.expect(200);
    assert_eq!(seen["items"].as_array().unwrap().len(), 1, "{seen}");
    for path in ["/warnings", "/warnings?pack=hospital", "/materials", "/expenses?pack=hospital", "/reports"]
    {
        office.see(&desk, path).await.expect(403);
    }
    office.see(&desk, "/materials?pack=furniture_mall").await.expect(200);
    office.see(&desk, "/plan?pack=furniture_mall&date=2026-03-03").await.expect(200);
    office.see(&desk, "/plan/furniture_mall/2026-03-03/why").await.expect(200);
    office.see(&desk, "/plan/hospital/2026-03-03/why?pack=furniture_mall").await.expect(403);
    let sneaky = json!({ "pack": "hospital", "date": "2026-03-03" });
    office.as_with(&desk, Method::POST, "/plan?pack=furniture_mall", sneaky).await.expect(403);
}

async fn names_are_covered_in_every_list_for_who_may_not_see_them(db: &Database) {
    let office = Office::open(db).await;
    let body =
        json!({ "pack": "hospital", "kind": "consultation", "phone": "13800000001", "name": "王小明" });
    let ticket = office.ticket("2026-03-03 08:00", body).await;
    let customer = office.customer("hospital", "王小明", "13800000001", json!({})).await;
    office
        .sql(&format!(
            "INSERT INTO callbacks (id, pack, rule, version, customer_id, subject, occurrence, origin, method, earliest, due,
                 deadline, sums, state, reason, detail, note, created_at, changed_at, filled)
             VALUES (900, 'hospital', 'inpatient', 'x', {customer}, 's', 0, 'manual', 'phone', 0, 0, 0, '{{}}', 'open', '', '',
                 '王小明 sleeps till nine', 0, 0, '{{\"who\":\"王小明\"}}')"
        ))
        .await;
    let mut access = AccessSettings::built_in();
    let role = "title = \"核对员\"\ntitle_en = \"Checker\"\nsource = \"ours\"\nscope = \"all\"\n\
                permissions = [\"tickets.see\", \"callbacks.see\"]\n";
    access.roles.add("checker.toml", role).unwrap();
    office.shop.site.api.set_access(access);
    let checker = office.role("che", "checker", "", "").await;
    for path in ["/tickets", "/callbacks", "/callbacks/900", "/tickets.csv", "/callbacks.csv"] {
        let seen = office.see(&checker, path).await;
        assert_eq!(seen.status, 200, "{path}");
        let text = seen.text();
        assert!(text.contains("王**") && !text.contains("小明"), "{path}: {text}");
    }
    // What is full of words is for who may see names.
    for path in ["/callbacks/900/card".to_owned(), format!("/tickets/{}", ticket["ticket"]["id"])] {
        let refused = office.see(&checker, &path).await.expect(403);
        assert!(refused.to_string().contains("names.whole"), "{refused}");
    }
    assert!(office.shop.site.get("/api/v1/tickets").await.text().contains("王小明"));
}

async fn rol_04_a_reviewer_sees_the_review_queue_only(db: &Database) {
    let office = Office::open(db).await;
    let open = |kind: &str, phone: &str| json!({ "pack": "xian_decoration", "kind": kind, "phone": phone });
    let drawing = office.ticket("2026-03-03 08:00", open("acceptance_review", "13800000001")).await;
    office.ticket("2026-03-03 08:01", open("complaint", "13800000002")).await;
    let token = office.role("tu", "reviewer", "", "图纸审核").await;
    assert_eq!(office.listed(&token, "").await, [number(&drawing)]);
    for path in ["/callbacks", "/customers", "/calls", "/notices", "/reports", "/audits/cases", "/plan"] {
        assert_eq!(office.see(&token, path).await.status, 403, "{path}");
    }
    let acts = format!("/tickets/{}/acts", drawing["ticket"]["id"]);
    let report = json!({ "do": "report", "stage": "review" });
    // Nobody else writes it, an operator neither.
    let operator = office.token("operator", "客服").await;
    office.as_with(&operator, Method::POST, &acts, report.clone()).await.expect(403);
    office.as_with(&token, Method::POST, &acts, report).await.expect(200);
}

async fn rol_05_a_supervisor_reviews_reports_and_a_manager_approves_them_and_draws(db: &Database) {
    let office = Office::open(db).await;
    let supervisor = office.role("zhu", "supervisor", "", "").await;
    let manager = office.role("jing", "manager", "", "").await;
    let auditor = office.role("jian", "auditor", "", "").await;
    let step = async |token: &str, step: &str| {
        office.as_with(token, Method::POST, "/reports/7/steps", json!({ "step": step })).await.status.as_u16()
    };
    // Without the books of the daemon nothing is found or done; what matters is who is let through.
    assert_ne!(step(&supervisor, "review").await, 403);
    assert_eq!(step(&supervisor, "approve").await, 403);
    assert_ne!(step(&manager, "approve").await, 403);
    assert_eq!((step(&auditor, "review").await, step(&auditor, "approve").await), (403, 403));
    let draw = async |token: &str| {
        let body = json!({ "month": "2026-02", "pack": "generic_enterprise" });
        office.as_with(token, Method::POST, "/audits/draws", body).await.status.as_u16()
    };
    assert_ne!(draw(&manager).await, 403, "the manager draws");
    assert_eq!((draw(&supervisor).await, draw(&auditor).await), (403, 403));
    let score = async |token: &str| {
        office.as_with(token, Method::PUT, "/audits/cases/7/draft", json!({})).await.status.as_u16()
    };
    assert_ne!(score(&auditor).await, 403, "auditors score");
    assert_eq!((score(&manager).await, score(&supervisor).await), (403, 403));
}

async fn rol_07_only_the_department_of_a_stage_writes_it(db: &Database) {
    let office = Office::open(db).await;
    let body = json!({ "pack": "equipment_manufacturer", "kind": "quality", "phone": "13800000001", "department": "营销中心" });
    let ticket = office.ticket("2026-03-03 08:00", body).await;
    office.report("2026-03-03 09:00", &ticket, "triage", json!({ "our_liability": "yes" })).await;
    let sign = json!({ "do": "approve", "approval": "department_head", "signed_by": "张部长" });
    office.done("2026-03-03 10:10", &ticket, sign).await;
    office.report("2026-03-03 10:20", &ticket, "quality_ledger", json!({})).await;
    let acts = format!("/tickets/{}/acts", ticket["ticket"]["id"]);
    let plan = json!({ "do": "report", "stage": "plan", "fields": { "cause": "焊接" } });
    let operator = office.token("operator", "客服").await;
    let marketing = office.role("ying", "department", "", "营销中心").await;
    let production = office.role("sheng", "department", "", "生产部").await;
    let technical = office.role("ji", "department", "", "技术部").await;
    for token in [&operator, &marketing, &production] {
        office.as_with(token, Method::POST, &acts, plan.clone()).await.expect(403);
    }
    let refused = office.as_with(&marketing, Method::POST, &acts, plan.clone()).await.expect(403);
    assert!(refused["detail"].as_str().unwrap().contains("is written by 技术部"), "{refused}");
    let shown = office.as_with(&technical, Method::POST, &acts, plan).await.expect(200);
    let stage =
        shown["stages"].as_array().unwrap().iter().find(|stage| stage["id"] == "plan").unwrap().clone();
    assert_eq!((&stage["status"], &stage["done_by"]), (&json!("done"), &json!("ji")));
}

async fn rol_09_a_project_without_an_engineer_goes_to_the_head_with_a_warning(db: &Database) {
    let mut office = Office::open(db).await;
    let named = json!({ "project": "P1", "engineer": "孙工" });
    office.customer("telecom_si", "one", "13800000001", named).await;
    office.customer("telecom_si", "two", "13800000002", json!({ "project": "P2" })).await;
    for (at, phone) in [("09:00", "13800000001"), ("09:10", "13800000002")] {
        let moment = format!("2026-03-03 {at}");
        office.call(Made { at: &moment, phone, dialled: "10000", ..Made::default() }).await;
    }
    office.turn("2026-03-03 09:20").await;
    let (one, two) = (office.nth(0).await, office.nth(1).await);
    assert_eq!((&one["ticket"]["phone"], &one["ticket"]["owner"]), (&json!("13800000001"), &json!("孙工")));
    assert!(!one["flags"].to_string().contains("no_engineer"), "{one}");
    assert_eq!(two["ticket"]["owner"], "售后服务负责人");
    assert!(two["flags"].to_string().contains("no_engineer"), "{two}");
}

async fn rol_10_a_filing_is_not_done_without_its_receipt(db: &Database) {
    let office = Office::open(db).await;
    let body = json!({ "pack": "generic_enterprise", "kind": "filing", "phone": "13800000001" });
    let ticket = office.ticket("2026-03-03 08:00", body).await;
    assert_eq!(ticket["fields"]["sale"], "in", "{ticket}");
    let done = json!({ "do": "report", "stage": "submit" });
    let refused = office.act("2026-03-03 09:00", &ticket, done.clone()).await.expect(422);
    let error = &refused["errors"][0];
    assert!(error["hint"].as_str().unwrap().contains("kind=receipt"), "{refused}");
    let attach = async |kind: &str| {
        let path = format!("/api/v1/tickets/{}/files?name=receipt.jpg&kind={kind}", ticket["ticket"]["id"]);
        let site = &office.shop.site;
        let request = site.request(Method::POST, &path, &site.admin);
        send(request.header("content-type", "application/octet-stream").body("scan")).await.expect(201);
    };
    attach("photo").await;
    office.act("2026-03-03 09:05", &ticket, done.clone()).await.expect(422);
    attach("receipt").await;
    office.done("2026-03-03 09:10", &ticket, done).await;
}
