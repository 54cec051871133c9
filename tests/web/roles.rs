//! Every route and every built-in role: who is let through stands in a file that people read.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ringback::access::{Permission, Scope, Span};
use ringback::io::roles::{built_in, load};
use ringback::io::store::NewToken;
use ringback::io::web::{Rate, openapi_json};
use serde_json::{Value, json};

use super::access::{all, status};
use super::site::{Site, send, token_of};
use crate::support::databases::execute;

/// A customer with a number, an address and two people's words.
const CUSTOMER: &[&str] = &[
    "INSERT INTO customers (pack, external_id, name, language, grade, preferred_hours, quiet_hours, key_account,
         plan_every, owner, email, standing, fields, version, created_at, changed_at)
     VALUES ('shop', 'c1', '王小明', '', '', '', '', 0, '', '', 'w@x.cn', 'active', '{\"address\":\"和平路\"}', 1, 0, 0)",
    "INSERT INTO customer_phones (customer_id, pack, phone, extension, label, position, valid_from)
     VALUES (1, 'shop', '13800000001', '', '', 0, 0)",
];

const TABLE: &str = "tests/golden/access.txt";

/// Permissions that the document names, by method and path.
fn needed() -> BTreeMap<(String, String), String> {
    let document: Value = serde_json::from_str(openapi_json()).unwrap();
    let mut found = BTreeMap::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let word = operation["security"][0]["bearer"][0].as_str().unwrap_or("-");
            found.insert((method.clone(), path.clone()), word.to_owned());
        }
    }
    found
}

#[test]
fn every_route_names_a_permission_and_every_permission_is_of_use() {
    const INSIDE: &[Permission] = &[
        Permission::NumbersWhole,
        Permission::NamesWhole,
        Permission::AuditsLead,
        Permission::TicketsLead,
        Permission::ReportsReview,
        Permission::ReportsApprove,
    ];
    let needed = needed();
    for ((method, path), word) in &needed {
        let open = ["/livez", "/readyz", "/q/", "/department/"].iter().any(|head| path.starts_with(head));
        assert_eq!(Permission::of(word).is_none(), open, "{method} {path}: {word}");
    }
    for permission in Permission::ALL {
        let of_routes = needed.values().any(|word| word == permission.as_str());
        assert!(of_routes != INSIDE.contains(permission), "{permission}");
    }
}

#[test]
fn the_built_in_roles_can_be_used_and_have_their_people() {
    let loaded = load(None).unwrap();
    assert_eq!(loaded.problems, Vec::<String>::new());
    let title = |word: &str| loaded.roles.get(word).unwrap_or_else(|| panic!("{word}")).title.clone();
    // Rows ROL-02 to ROL-05, and the house's own.
    for (word, expect) in [
        ("specialist", "客服专员"),
        ("supervisor", "客服主管"),
        ("manager", "客服经理"),
        ("dispatcher", "调度专员"),
        ("phone_specialist", "电话专员"),
        ("installation_supervisor", "安装主管"),
        ("installer", "安装师"),
        ("superintendent", "安装监理"),
        ("order_clerk", "下单员"),
        ("front_desk", "前台"),
        ("reviewer", "图纸审核"),
        ("repair_leader", "维修队长"),
        ("auditor", "质检员"),
        ("department", "部门"),
        ("operate", "操作员"),
        ("agent", "坐席"),
        ("admin", "管理员"),
    ] {
        assert_eq!(title(word), expect);
    }
    // Only an administrator holds what makes administrators.
    for role in loaded.roles.all().filter(|role| role.word != "admin") {
        assert!(!role.permissions.contains_key(&Permission::TokensEdit), "{}", role.word);
    }
    // The audited never audit, auditors draw nothing and see neither names nor numbers.
    let auditor = &loaded.roles.get("auditor").unwrap().permissions;
    for permission in [Permission::AuditsDraw, Permission::NamesWhole, Permission::NumbersWhole] {
        assert!(!auditor.contains_key(&permission), "{permission}");
    }
    for role in loaded.roles.all().filter(|role| role.scope != Scope::All) {
        for (permission, scope) in &role.permissions {
            assert!(permission.span() != Span::House || *scope == Scope::All, "{}: {permission}", role.word);
        }
    }
}

/// Walks every route of the document with a token of every built-in role.
#[tokio::test]
async fn rol_02_every_route_opens_to_the_roles_of_the_table_and_to_no_other() {
    let site = Site::sqlite().await;
    site.api.set_rate(Rate { per_second: 100_000, burst: 100_000 });
    let needed = needed();
    let roles: Vec<String> = built_in().all().map(|role| role.word.clone()).collect();
    let mut tokens = Vec::new();
    for word in &roles {
        let name = format!("of-{word}");
        let new = NewToken {
            name: &name,
            scope: word,
            agent: "李",
            department: "工程部",
            shop: "shop",
            ..NewToken::default()
        };
        tokens.push(token_of(&site.store, &new).await);
    }
    let mut table = String::from(
        "# Route, its permission, and the built-in roles that it opens to. A token of each asked it.\n",
    );
    for (method, path, _) in all().filter(|(.., smallest)| *smallest != "open") {
        let word = &needed[&((*method).to_owned(), (*path).to_owned())];
        let mut opens = Vec::new();
        for (role, token) in roles.iter().zip(&tokens) {
            // A role that reaches an agent or a pack is asked for its own.
            let asked = path.replace("{name}", if path.contains("/agents/") { "%E6%9D%8E" } else { "x" });
            let of_pack =
                ["/performance", "/warnings", "/materials", "/expenses", "/segments", "/archives", "/plan"];
            let asked = if path.contains("/registers/") || of_pack.iter().any(|end| path.ends_with(end)) {
                format!("{asked}?pack=shop")
            } else {
                asked
            };
            let answer = status(&site, method, &asked, Some(token)).await;
            assert_ne!(answer.status, 401, "{method} {path} with {role}");
            if answer.status != 403 {
                opens.push(role.as_str());
            }
        }
        writeln!(table, "{} {path} [{word}]: {}", method.to_uppercase(), opens.join(" ")).unwrap();
    }
    if std::env::var("INSTA_UPDATE").is_ok_and(|wish| wish == "always") {
        std::fs::write(TABLE, &table).unwrap();
    }
    let known = std::fs::read_to_string(TABLE).unwrap_or_default();
    for (found, expect) in table.lines().zip(known.lines()) {
        assert_eq!(found, expect, "with INSTA_UPDATE=always {TABLE} is written anew: look at what changed");
    }
    assert_eq!(table.lines().count(), known.lines().count(), "{TABLE} has other routes");
}

#[tokio::test]
async fn a_token_has_roles_and_a_holder_and_nothing_without_a_role() {
    let site = Site::sqlite().await;
    let made = site
        .post(
            "/api/v1/tokens",
            json!({"name": "li", "roles": ["department", "部门负责人"], "agent": "李", "department": "工程部", "shop": "furniture_mall"}),
        )
        .await
        .expect(201);
    for (key, expect) in
        [("scope", ""), ("agent", "李"), ("department", "工程部"), ("shop", "furniture_mall")]
    {
        assert_eq!(made[key], expect, "{made}");
    }
    let listed = site.get("/api/v1/tokens").await.expect(200);
    let li = listed["items"].as_array().unwrap().iter().find(|token| token["name"] == "li").unwrap().clone();
    assert_eq!(li["roles"], json!(["department", "部门负责人"]));
    assert_eq!(li["department"], "工程部");
    let refused =
        site.post("/api/v1/tokens", json!({"name": "x", "roles": ["departmant"]})).await.expect(422);
    assert!(refused.to_string().contains("did you mean `department`?"), "{refused}");
    site.post("/api/v1/tokens", json!({"name": "x"})).await.expect(422);
    site.post("/api/v1/tokens", json!({"name": "x", "roles": ["部门负责人"]})).await.expect(422);
    let log = site.get("/api/v1/audit?action=token.create").await.expect(200).to_string();
    assert!(
        log.contains("department, 部门负责人; agent 李; department 工程部; shop furniture_mall"),
        "{log}"
    );
    // A title alone signs and opens nothing; of a role nothing but its permissions.
    let secret = made["secret"].as_str().unwrap();
    let get = async |path: &str| send(site.request(reqwest::Method::GET, path, secret)).await;
    get("/api/v1/tickets").await.expect(200);
    let refused = get("/api/v1/callbacks").await.expect(403);
    let detail = refused["detail"].as_str().unwrap();
    assert!(detail.contains("`callbacks.see`") && detail.contains("`department`"), "{detail}");
}

#[tokio::test]
async fn whoever_may_not_see_names_sees_none_and_one_customer_is_shown_for_a_reason() {
    let site = Site::sqlite().await;
    let mut roles = built_in();
    let file = "title = \"统计\"\ntitle_en = \"Counts\"\nsource = \"ours\"\nscope = \"all\"\npermissions = [\"customers.see\", \"numbers.unmask\"]\n";
    roles.add("counts.toml", file).unwrap();
    let access = ringback::io::web::AccessSettings { roles, ..ringback::io::web::AccessSettings::built_in() };
    site.api.set_access(access);
    let new = NewToken { name: "counter", scope: "counts", ..NewToken::default() };
    let token = token_of(&site.store, &new).await;
    for sql in CUSTOMER {
        execute(&site.store, sql).await.unwrap();
    }
    let id = 1;
    let get = async |path: String| send(site.request(reqwest::Method::GET, &path, &token)).await;
    for path in ["/api/v1/customers".to_owned(), format!("/api/v1/customers/{id}")] {
        let shown = get(path.clone()).await.expect(200).to_string();
        assert!(shown.contains("王**") && shown.contains("138****0001"), "{path}: {shown}");
        for hidden in ["小明", "和平路", "w@x.cn", "13800000001"] {
            assert!(!shown.contains(hidden), "{path}: {hidden}: {shown}");
        }
    }
    get("/api/v1/customers?unmask=true".into()).await.expect(403);
    let unmask = async |body: Value| {
        let path = format!("/api/v1/customers/{id}/unmask");
        send(site.request(reqwest::Method::POST, &path, &token).json(&body)).await
    };
    unmask(json!({"reason": " "})).await.expect(422);
    let shown = unmask(json!({"reason": "the customer asks which number we have"})).await.expect(200);
    assert_eq!(
        (shown["name"].as_str(), shown["phones"][0]["phone"].as_str()),
        (Some("王小明"), Some("13800000001"))
    );
    let log = site.get("/api/v1/audit?action=unmask").await.expect(200);
    let line = &log["items"][0];
    assert_eq!(
        (line["actor"].as_str(), line["subject"].as_str()),
        (Some("counter"), Some(&*format!("customer:{id}")))
    );
    assert!(line["detail"].as_str().unwrap().contains("which number"), "{log}");
    assert_eq!(log["items"].as_array().unwrap().len(), 1, "a refused wish is no look: {log}");
}

#[tokio::test]
async fn rol_06_scores_are_not_changed_by_agents() {
    let site = Site::sqlite().await;
    let new = NewToken { name: "zhang", scope: "specialist", agent: "张", ..NewToken::default() };
    let token = token_of(&site.store, &new).await;
    for (method, path) in [
        (reqwest::Method::PUT, "/api/v1/audits/cases/7/draft"),
        (reqwest::Method::POST, "/api/v1/audits/cases/7/submit"),
        (reqwest::Method::POST, "/api/v1/score-events"),
        (reqwest::Method::POST, "/api/v1/score-events/7/decision"),
    ] {
        let answer = send(site.request(method, path, &token).json(&json!({"score": 5}))).await;
        assert_eq!(answer.status, 403, "{path}: {}", answer.text());
    }
    // Nobody at all can write over what was keyed: there is no such route.
    let put =
        site.request(reqwest::Method::PUT, "/api/v1/calls/01ARZ3NDEKTSV4RRFFQ69G5FAV/answers", &site.admin);
    send(put.json(&json!({"score": 5}))).await.expect(405);
}
