//! The wizard that brings a file in: chosen, understood, mapped, tried, brought in. What it does is
//! done by `assets/js/elements/import-wizard.js` with routes of the API; its words stand in the page.

use axum::extract::State;
use axum::response::Response;

use super::super::super::api::{PolicyOutline, PolicyText};
use super::super::super::listing::Items;
use super::super::super::problem::Problem;
use super::super::super::state::Shared;
use super::super::choice::Choice;
use super::super::frame::{Frame, NavItem, Visitor, page};
use super::super::lang::Lang;
use super::tabs;
use crate::access::Permission;
use crate::io::store::archive::SourceMapping;
use crate::io::store::read::ListRow;

/// Words that the wizard shows by a code of the API: their kind, and the codes.
const WORDS: [(&str, &[&str]); 4] = [
    ("lists-fault", super::imported::FAULTS),
    ("lists-cure", super::imported::FAULTS),
    (
        "lists-field",
        &[
            "phone",
            "name",
            "external_id",
            "extension",
            "due",
            "priority",
            "language",
            "quiet_hours",
            "customer_id",
            "grade",
            "preferred_hours",
            "key_account",
            "plan_every",
            "plan_from",
            "owner",
            "email",
            "standing",
            "id",
            "at",
            "matter",
            "received_at",
            "entered_at",
            "customer.address",
        ],
    ),
    ("lists-result", super::imported::RESULTS),
];

/// Sentences of the wizard that hold no number; scripts know them by the end of their key.
const SENTENCES: [&str; 15] = [
    "lists-import-sending",
    "lists-import-reading",
    "lists-import-format-csv",
    "lists-import-format-xlsx",
    "lists-import-format-xls",
    "lists-import-own-field",
    "lists-import-line",
    "lists-import-column",
    "lists-import-problem",
    "lists-import-row",
    "lists-import-no-problems",
    "lists-import-nothing",
    "lists-import-broken",
    "lists-import-rejected-name",
    "lists-import-took-out",
];

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "lists/import.html")]
struct Import {
    frame: Frame,
    tabs: Vec<NavItem>,
    lists: Vec<Choice>,
    intakes: Vec<Choice>,
    sources: Vec<String>,
    brings_lists: bool,
    words: String,
}

/// Every word that scripts show, as JSON: `kind-code` to text.
fn words(lang: Lang) -> Result<String, Problem> {
    let mut all = std::collections::BTreeMap::new();
    for (kind, codes) in WORDS {
        for code in codes {
            let key = format!("{kind}-{}", code.replace(['_', '.'], "-"));
            all.insert(key, lang.word(kind, &code.replace('.', "_")));
        }
    }
    for key in SENTENCES {
        all.insert(key.replace("lists-import-", ""), lang.text(key).into_owned());
    }
    // The numbers are put in by the script.
    let file_is = lang.with2("lists-import-file-is", "format", "{format}", "n", "{n}");
    all.insert("file-is".into(), file_is.into_owned());
    all.insert("commit-n".into(), lang.with("lists-import-commit-n", "n", "{n}").into_owned());
    all.insert("first-problems".into(), lang.with("lists-import-first-problems", "n", "{n}").into_owned());
    all.insert("lists-field--".into(), lang.word("lists-field", "skip"));
    serde_json::to_string(&all).map_err(|e| Problem::internal(&e))
}

pub(super) async fn show(State(api): State<Shared>, visitor: Visitor) -> Response {
    match read(&api, &visitor).await {
        Ok(shown) => page(&shown),
        Err(problem) => visitor.fault(&api, &problem),
    }
}

async fn read(api: &Shared, visitor: &Visitor) -> Result<Import, Problem> {
    let frame = visitor.frame(api, "nav-lists", "lists-import-title");
    let brings_lists = visitor.may(Permission::ListsImport);
    let mut lists = Vec::new();
    if brings_lists && visitor.may(Permission::ListsSee) {
        let known: Items<ListRow> = visitor.get("/lists?limit=100").await?;
        lists = known.items.into_iter().map(|row| choice(row.name.clone(), row.name)).collect();
    }
    let mut sources: Vec<String> = Vec::new();
    if visitor.may(Permission::FactsSee) {
        let known: Items<SourceMapping> = visitor.get("/intake-sources").await?;
        sources = known.items.into_iter().map(|row| row.source).collect();
        sources.sort();
        sources.dedup();
    }
    Ok(Import {
        tabs: tabs(visitor, "/lists/import"),
        lists,
        intakes: intakes(visitor, &frame).await?,
        sources,
        brings_lists,
        words: words(frame.lang)?,
        frame,
    })
}

fn choice(value: String, label: String) -> Choice {
    Choice { value, label, is_chosen: false }
}

/// Lists that the policies know, as `pack/intake`, and customers alone as `pack/`. A daemon without
/// policies has none.
async fn intakes(visitor: &Visitor, frame: &Frame) -> Result<Vec<Choice>, Problem> {
    let policies: Items<PolicyText> = match visitor.get("/policies").await {
        Ok(policies) => policies,
        Err(problem) if problem.status == 503 => return Ok(Vec::new()),
        Err(problem) => return Err(problem),
    };
    let mut all = Vec::new();
    for policy in policies.items {
        let outline: PolicyOutline = visitor.get(&format!("/policies/{}/outline", policy.pack)).await?;
        for intake in outline.intakes {
            let title = frame.lang.title(&intake.title, &intake.title_en);
            all.push(choice(
                format!("{}/{}", policy.pack, intake.name),
                format!("{} · {title}", policy.title),
            ));
        }
        let customers = frame.lang.text("lists-import-customers");
        all.push(choice(format!("{}/", policy.pack), format!("{} · {customers}", policy.title)));
    }
    Ok(all)
}
