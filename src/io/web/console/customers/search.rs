//! Customers are found by what one has at hand: a name, a number, a number plate, an order.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde::Deserialize;

use super::super::super::listing::Items;
use super::super::super::problem::Problem;
use super::super::super::state::Shared;
use super::super::address::{asked, next_page, query};
use super::super::choice::{Choice, choices, told};
use super::super::frame::{Frame, Visitor, listed};
use crate::access::Permission;
use crate::io::store::archive::read::CustomerRow;

/// What the page is asked for: what the API is asked for, and one word that may be anything.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Query {
    /// A name, a number, a number plate, an order.
    q: Option<String>,
    pack: Option<String>,
    phone: Option<String>,
    text: Option<String>,
    matter: Option<String>,
    standing: Option<String>,
    key_account: Option<String>,
    field: Option<String>,
    is: Option<String>,
    from: Option<String>,
    to: Option<String>,
    #[serde(rename = "after")]
    _after: Option<String>,
}

/// One customer.
struct Line {
    id: i64,
    name: String,
    key: String,
    phone: String,
    grade: String,
    owner: String,
    standing: String,
    class: &'static str,
    is_key: bool,
    pack: String,
    about: String,
    at: i64,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "customers/search.html", blocks = ["rows"])]
struct Search {
    frame: Frame,
    asked: Query,
    standings: Vec<Choice>,
    accounts: Vec<Choice>,
    lines: Vec<Line>,
    count: i64,
    next: String,
    csv: String,
    told: String,
    brings: bool,
    more: bool,
}

/// What a word is looked for as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sought {
    Phone,
    Matter,
    Text,
}

/// What somebody has typed: digits are a number, letters with digits a number plate or an order, all
/// else a name.
fn sought(word: &str) -> Sought {
    let plain: String = word.chars().filter(|c| !matches!(c, ' ' | '-' | '+' | '(' | ')')).collect();
    let digits = plain.chars().filter(char::is_ascii_digit).count();
    let chars = plain.chars().count();
    let is_phone = digits >= 7 && digits == chars;
    match (is_phone, digits >= 2 && chars >= 4) {
        (true, _) => Sought::Phone,
        (false, true) => Sought::Matter,
        (false, false) => Sought::Text,
    }
}

/// The API's query for the page's. A plate or an order may also be the company's own key: that is
/// looked for where no event has it.
async fn find(visitor: &Visitor, uri: &Uri, word: Option<&str>) -> Result<Items<CustomerRow>, Problem> {
    let ask = async |more: &[(&str, &str)]| -> Result<Items<CustomerRow>, Problem> {
        let mut all = vec![("q", ""), ("limit", "50")];
        all.extend_from_slice(more);
        visitor.get(&format!("/customers{}", asked(uri, &all))).await
    };
    let Some(word) = word.map(str::trim).filter(|word| !word.is_empty()) else { return ask(&[]).await };
    match sought(word) {
        Sought::Phone => match ask(&[("phone", word)]).await {
            Ok(found) if !found.items.is_empty() => Ok(found),
            // Digits that are no number of anybody may be a key.
            Ok(_) => ask(&[("text", word)]).await,
            Err(problem) if problem.status == 422 => ask(&[("text", word)]).await,
            Err(problem) => Err(problem),
        },
        Sought::Matter => {
            let found = ask(&[("matter", word)]).await?;
            if found.items.is_empty() { ask(&[("text", word)]).await } else { Ok(found) }
        }
        Sought::Text => ask(&[("text", word)]).await,
    }
}

pub(super) fn class_of(standing: &str) -> &'static str {
    match standing {
        "active" => "is-good",
        "opted_out" => "is-warn",
        "erased" | "deceased" => "is-bad",
        _ => "",
    }
}

fn line(frame: &Frame, row: CustomerRow) -> Line {
    let fields: serde_json::Value = serde_json::from_str(&row.fields).unwrap_or_default();
    let own = fields.as_object().into_iter().flatten();
    let about = own.filter_map(|(_, value)| value.as_str()).filter(|value| !value.is_empty()).take(2);
    Line {
        id: row.id,
        about: about.collect::<Vec<_>>().join(" · "),
        key: row.external_id,
        phone: row.phone.unwrap_or_default(),
        grade: row.grade,
        owner: row.owner,
        class: class_of(&row.standing),
        standing: frame.lang.word("customers-standing", &row.standing),
        is_key: row.key_account == 1,
        pack: row.pack,
        at: row.changed_at,
        name: row.name,
    }
}

pub(super) async fn show(State(api): State<Shared>, visitor: Visitor, uri: Uri) -> Response {
    match read(&api, &visitor, &uri).await {
        Ok(shown) => listed(&visitor, &shown, &shown.as_rows(), !shown.told.is_empty()),
        Err(problem) => visitor.fault(&api, &problem),
    }
}

async fn read(api: &Shared, visitor: &Visitor, uri: &Uri) -> Result<Search, Problem> {
    let frame = visitor.frame(api, "nav-customers", "nav-customers");
    let (asked_for, found) = match query::<Query>(uri) {
        Ok(query) => {
            let found = find(visitor, uri, query.q.as_deref()).await;
            (query, found)
        }
        Err(problem) => (Query::default(), Err(problem)),
    };
    let (rows, told) = match found {
        Ok(rows) => (rows, String::new()),
        Err(problem) if problem.status == 422 => (Items { items: Vec::new(), next: None }, told(&problem)),
        Err(problem) => return Err(problem),
    };
    const STANDINGS: [&str; 5] = ["active", "opted_out", "gone", "deceased", "erased"];
    let more = [
        &asked_for.pack,
        &asked_for.standing,
        &asked_for.key_account,
        &asked_for.field,
        &asked_for.phone,
        &asked_for.matter,
        &asked_for.text,
    ];
    let lines: Vec<Line> = rows.items.into_iter().map(|row| line(&frame, row)).collect();
    Ok(Search {
        standings: choices(&frame, "customers-standing", STANDINGS, asked_for.standing.as_deref()),
        accounts: choices(&frame, "customers-account", ["true", "false"], asked_for.key_account.as_deref()),
        count: i64::try_from(lines.len()).unwrap_or(i64::MAX),
        lines,
        next: rows.next.map(|after| next_page(uri, &after)).unwrap_or_default(),
        csv: csv(uri, asked_for.q.as_deref()),
        told,
        brings: visitor.may(Permission::FactsBring),
        more: more.iter().any(|value| value.is_some()),
        asked: asked_for,
        frame,
    })
}

/// The same as a table to be downloaded.
fn csv(uri: &Uri, word: Option<&str>) -> String {
    let mut more = vec![("q", ""), ("after", "")];
    if let Some(word) = word.map(str::trim).filter(|word| !word.is_empty()) {
        more.push(match sought(word) {
            Sought::Phone => ("phone", word),
            Sought::Matter => ("matter", word),
            Sought::Text => ("text", word),
        });
    }
    format!("/api/v1/customers.csv{}", asked(uri, &more))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_looked_for_as_what_it_is() {
        for (word, expect) in [
            ("138 0000 0001", Sought::Phone),
            ("+86 138-0000-0001", Sought::Phone),
            ("87654321", Sought::Phone),
            ("粤B12345", Sought::Matter),
            ("HT-2026-001", Sought::Matter),
            ("王小明", Sought::Text),
            ("c1", Sought::Text),
            ("王 2", Sought::Text),
        ] {
            assert_eq!(sought(word), expect, "{word}");
        }
    }
}
