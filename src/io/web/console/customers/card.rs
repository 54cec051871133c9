//! One customer: the record, the numbers, everything that happened, and what can be done.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use serde::Deserialize;

use super::super::super::api::{CustomerCard, PolicyOutline};
use super::super::super::listing::Items;
use super::super::super::problem::Problem;
use super::super::super::state::Shared;
use super::super::address::{asked, query, segment};
use super::super::choice::{Choice, Fact, choices};
use super::super::frame::{Frame, Visitor, page};
use super::super::lang::Lang;
use super::search::class_of;
use super::timeline::{KINDS, Moment, Sources, moments};
use crate::access::Permission;
use crate::io::store::read::CallbackRow;
use crate::io::store::ticket::TicketRow;

/// Moments that are shown at once.
const MOMENTS: usize = 60;
/// Callbacks and tickets of one customer that are read.
const OF_ONE: u32 = 200;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Query {
    /// Only moments of this kind.
    show: Option<String>,
    /// All of them.
    all: bool,
    unmask: bool,
}

/// A kind of moments that can be looked at alone.
struct Kind {
    label: String,
    href: String,
    count: i64,
    is_here: bool,
}

/// A field of the customer's own.
struct Field {
    name: String,
    label: String,
    value: String,
    /// A person added it, and no file has brought it since.
    is_by_hand: bool,
}

/// What the visitor may do here.
struct May {
    edit: bool,
    edit_names: bool,
    unmask_all: bool,
    unmask: bool,
    merge: bool,
    erase: bool,
    export: bool,
    bar: bool,
    call_back: bool,
    open_ticket: bool,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "customers/card.html", blocks = ["timeline"])]
struct Card {
    frame: Frame,
    card: CustomerCard,
    standing: String,
    class: &'static str,
    facts: Vec<Fact>,
    fields: Vec<Field>,
    /// Fields of the policy that the customer does not have.
    blanks: Vec<Fact>,
    /// The policy lists no fields: any may be added.
    is_open: bool,
    numbers: String,
    kinds: Vec<Kind>,
    moments: Vec<Moment>,
    hidden: i64,
    all_href: String,
    unmask_href: String,
    is_unmasked: bool,
    may: May,
    standings: Vec<Choice>,
    rules: Vec<Choice>,
    ticket_kinds: Vec<Choice>,
    today: String,
}

pub(super) async fn show(
    State(api): State<Shared>,
    visitor: Visitor,
    Path(id): Path<String>,
    uri: Uri,
) -> Response {
    match read(&api, &visitor, &id, &uri).await {
        Ok(shown) if visitor.look.is_fragment => page(&shown.as_timeline()),
        Ok(shown) => page(&shown),
        Err(problem) => visitor.fault(&api, &problem),
    }
}

async fn read(api: &Shared, visitor: &Visitor, id: &str, uri: &Uri) -> Result<Card, Problem> {
    let asked_for: Query = query(uri)?;
    let frame = visitor.frame(api, "nav-customers", "customers-card-title");
    let unmask = if asked_for.unmask { "?unmask=true" } else { "" };
    let card: CustomerCard = visitor.get(&format!("/customers/{}{unmask}", segment(id))).await?;
    let callbacks = all_of::<CallbackRow>(visitor, Permission::CallbacksSee, "callbacks", id).await?;
    let tickets = all_of::<TicketRow>(visitor, Permission::TicketsSee, "tickets", id).await?;
    let outline = outline(visitor, &card.customer.pack).await?;
    let titles = titles(&frame, outline.as_ref());
    let sources = Sources { card: &card, callbacks: &callbacks, tickets: &tickets, titles: &titles };
    let moments = moments(&frame, &sources);
    let may = may(visitor, &card);
    let kinds = kinds(&frame, uri, &asked_for, &moments);
    let mut shown: Vec<Moment> = moments
        .into_iter()
        .filter(|moment| asked_for.show.as_deref().is_none_or(|kind| kind == moment.kind))
        .collect();
    let hidden = if asked_for.all { 0 } else { shown.len().saturating_sub(MOMENTS) };
    shown.truncate(shown.len() - hidden);
    let rules = match (&outline, may.call_back) {
        (Some(outline), true) => rules(frame.lang, outline),
        _ => Vec::new(),
    };
    const STANDINGS: [&str; 4] = ["active", "opted_out", "gone", "deceased"];
    Ok(Card {
        standing: frame.lang.word("customers-standing", &card.customer.standing),
        class: class_of(&card.customer.standing),
        facts: facts(&frame, &card),
        fields: own_fields(&card, outline.as_ref()),
        blanks: blanks(&card, outline.as_ref()),
        is_open: outline.as_ref().is_none_or(|outline| outline.customer.is_empty()),
        numbers: numbers(&card),
        kinds,
        moments: shown,
        hidden: i64::try_from(hidden).unwrap_or(i64::MAX),
        all_href: format!("{}{}", uri.path(), asked(uri, &[("all", "true")])),
        unmask_href: format!("{}{}", uri.path(), asked(uri, &[("unmask", "true")])),
        is_unmasked: asked_for.unmask,
        standings: choices(&frame, "customers-standing", STANDINGS, Some(&card.customer.standing)),
        rules,
        ticket_kinds: if may.open_ticket {
            ticket_kinds(api, &frame, &card.customer.pack)
        } else {
            Vec::new()
        },
        today: frame.times.today().to_string(),
        may,
        card,
        frame,
    })
}

/// What the API has of one customer, for who may see it.
async fn all_of<T: serde::de::DeserializeOwned>(
    visitor: &Visitor,
    needed: Permission,
    what: &str,
    id: &str,
) -> Result<Vec<T>, Problem> {
    if !visitor.may(needed) {
        return Ok(Vec::new());
    }
    let found: Items<T> = visitor.get(&format!("/{what}?customer={}&limit={OF_ONE}", segment(id))).await?;
    Ok(found.items)
}

/// The policy of the customer; None: the daemon has none of that name.
async fn outline(visitor: &Visitor, pack: &str) -> Result<Option<PolicyOutline>, Problem> {
    if !visitor.may(Permission::RulesSee) {
        return Ok(None);
    }
    match visitor.get(&format!("/policies/{}/outline", segment(pack))).await {
        Ok(outline) => Ok(Some(outline)),
        Err(problem) if matches!(problem.status, 404 | 503) => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// Titles of rules and events of the policy, by `rule:<id>` and `event:<kind>`.
fn titles(frame: &Frame, outline: Option<&PolicyOutline>) -> BTreeMap<String, String> {
    let Some(outline) = outline else { return BTreeMap::new() };
    let english = frame.lang == Lang::English;
    let rule = |rule: &super::super::super::api::RuleOutline| {
        (format!("rule:{}", rule.id), frame.lang.title(&rule.title, &rule.title_en).to_owned())
    };
    let title = |(kind, title): (&String, &String)| (format!("event:{kind}"), title.clone());
    let events = outline.events.iter().filter(|(_, title)| !title.is_empty()).map(title);
    let in_english = outline.events_en.iter().filter(|_| english).map(title);
    outline.rules.iter().map(rule).chain(events).chain(in_english).collect()
}

fn rules(lang: Lang, outline: &PolicyOutline) -> Vec<Choice> {
    let manual = outline.rules.iter().filter(|rule| rule.active);
    let choice = |rule: &super::super::super::api::RuleOutline| Choice {
        value: rule.id.clone(),
        label: lang.title(&rule.title, &rule.title_en).to_owned(),
        is_chosen: false,
    };
    manual.map(choice).collect()
}

/// Kinds of tickets that may be opened for a customer of this policy.
fn ticket_kinds(api: &Shared, frame: &Frame, pack: &str) -> Vec<Choice> {
    let Ok(desk) = api.tickets() else { return Vec::new() };
    let Ok(rules) = desk.rules(pack) else { return Vec::new() };
    let choice = |(word, kind): (&String, &crate::ticket::Kind)| Choice {
        value: word.clone(),
        label: frame.lang.title(&kind.title, &kind.title_en).to_owned(),
        is_chosen: false,
    };
    rules.pack.kind.iter().map(choice).collect()
}

fn may(visitor: &Visitor, card: &CustomerCard) -> May {
    let lives = card.customer.standing != "erased";
    let may = |needed| lives && visitor.may(needed);
    May {
        edit: may(Permission::CustomersEdit),
        edit_names: may(Permission::NamesWhole),
        unmask_all: may(Permission::NumbersWhole),
        unmask: may(Permission::NumbersUnmask),
        merge: may(Permission::CustomersMerge),
        erase: may(Permission::CustomersErase),
        export: may(Permission::CustomersExport),
        bar: may(Permission::DoNotCallAdd) && !card.phones.is_empty(),
        call_back: may(Permission::CallbacksAdd),
        open_ticket: may(Permission::TicketsOpen),
    }
}

fn kinds(frame: &Frame, uri: &Uri, asked_for: &Query, moments: &[Moment]) -> Vec<Kind> {
    let here = asked_for.show.as_deref().unwrap_or_default();
    let count = |kind: &str| {
        let those = moments.iter().filter(|moment| kind.is_empty() || moment.kind == kind);
        i64::try_from(those.count()).unwrap_or(i64::MAX)
    };
    let kind = |word: &str| Kind {
        label: match word {
            "" => frame.lang.text("customers-kind-all").into_owned(),
            word => frame.lang.word("customers-kind", word),
        },
        href: format!("{}{}", uri.path(), asked(uri, &[("show", word)])),
        count: count(word),
        is_here: word == here,
    };
    std::iter::once("").chain(KINDS).map(kind).filter(|kind| kind.count > 0 || kind.is_here).collect()
}

/// Numbers in use as lines: `13800000000 (妻子)`.
fn numbers(card: &CustomerCard) -> String {
    let present = card.phones.iter().filter(|row| row.valid_to.is_none());
    let line = |row: &crate::io::store::archive::read::PhoneRow| {
        let extension =
            if row.extension.is_empty() { String::new() } else { format!("转{}", row.extension) };
        let label = if row.label.is_empty() { String::new() } else { format!(" ({})", row.label) };
        format!("{}{extension}{label}", row.phone)
    };
    present.map(line).collect::<Vec<_>>().join("\n")
}

/// The fields of a customer, or of a version of them, as JSON has them.
fn fields_of(text: &str) -> BTreeMap<String, serde_json::Value> {
    let value: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    let fields = value.get("fields").cloned().unwrap_or(value);
    serde_json::from_value(fields).unwrap_or_default()
}

/// What the policy says that a field holds; else its name.
fn label(outline: Option<&PolicyOutline>, name: &str) -> String {
    let title = outline.and_then(|outline| outline.customer.get(name)).filter(|title| !title.is_empty());
    title.cloned().unwrap_or_else(|| name.to_owned())
}

fn own_fields(card: &CustomerCard, outline: Option<&PolicyOutline>) -> Vec<Field> {
    let own = fields_of(&card.customer.fields);
    let field = |(name, value): (String, serde_json::Value)| Field {
        label: label(outline, &name),
        value: value.as_str().map_or_else(|| value.to_string(), str::to_owned),
        is_by_hand: is_by_hand(card, &name),
        name,
    };
    own.into_iter().map(field).collect()
}

/// Whether a person added the field. What a file brought would come back with the next one.
fn is_by_hand(card: &CustomerCard, name: &str) -> bool {
    // The newest version stands first.
    let mut versions: Vec<_> = card.versions.iter().collect();
    versions.sort_by_key(|row| std::cmp::Reverse(row.version));
    for row in versions {
        let (before, after) = (fields_of(&row.before), fields_of(&row.after));
        match (row.intake_id, before.get(name), after.get(name)) {
            (Some(_), before, after) if before != after => return false,
            (None, None, Some(_)) => return true,
            _ => {}
        }
    }
    false
}

/// Fields that the policy knows and the customer does not have.
fn blanks(card: &CustomerCard, outline: Option<&PolicyOutline>) -> Vec<Fact> {
    let own = fields_of(&card.customer.fields);
    let known = outline.into_iter().flat_map(|outline| outline.customer.keys());
    let lacks = known.filter(|name| !own.contains_key(*name));
    lacks.map(|name| Fact { label: label(outline, name), value: name.clone() }).collect()
}

/// What is known of a customer, without what is not.
fn facts(frame: &Frame, card: &CustomerCard) -> Vec<Fact> {
    let (lang, row) = (frame.lang, &card.customer);
    let mut all = Vec::new();
    let mut tell = |key: &str, value: String| {
        if !value.is_empty() {
            all.push(Fact { label: lang.word("customers-field", key), value });
        }
    };
    tell("external_id", row.external_id.clone());
    tell("grade", row.grade.clone());
    tell("owner", row.owner.clone());
    tell("language", row.language.clone());
    tell("email", row.email.clone());
    tell("preferred_hours", row.preferred_hours.clone());
    tell("quiet_hours", row.quiet_hours.clone());
    if let Some(warranty) = &card.warranty {
        let key = if warranty.in_warranty { "customers-in-warranty" } else { "customers-out-of-warranty" };
        tell("warranty", lang.with(key, "day", &warranty.until).into_owned());
    }
    if let Some(membership) = &card.membership {
        let vip = if membership.vip { lang.text("customers-vip").into_owned() } else { String::new() };
        let parts = [vip, membership.card_no.clone()];
        tell("membership", parts.into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join(" · "));
    }
    tell("pack", row.pack.clone());
    all
}
