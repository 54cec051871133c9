//! The document of the API, completed in one pass: what is the same for every operation is said here
//! once and not on each of them.
//!
//! Operations get an id of their own, a summary that is a sentence, the refusals that they can meet, the
//! headers for repeated requests and versions, and examples made of their schemas.

mod example;
mod webhook;

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use example::{is_nullable, of_schema};

use super::listing::PAGE_DEFAULT;
use crate::io::store::read::PAGE_LIMIT;

/// What the tags are about, in the order of the page.
pub(super) const TAGS: &[(&str, &str)] = &[
    ("lists", "Lists of numbers to be called."),
    ("entries", "Entries of lists: who is called, and what came of it."),
    ("imports", "Lists brought in from files."),
    ("campaigns", "Campaigns over lists."),
    ("intake", "What comes in: events, files, sources, and what is missing."),
    ("customers", "Customers, their segments and archives."),
    ("plan", "Policies, the list of a day, why somebody is called or not."),
    ("callbacks", "Callbacks to single customers."),
    ("calls", "Calls and their legs, and orders to those that are up."),
    ("answers", "What customers answered."),
    ("recordings", "Recordings: hearing, keeping, deleting."),
    ("evidence", "What a recording shows: findings, transcripts."),
    ("live", "What goes on at this moment."),
    ("agents", "Agents, their states, queues."),
    ("rosters", "Rosters, shifts, leaves."),
    ("tickets", "Tickets, their acts, reports about them."),
    ("visits", "Visits, materials, expenses."),
    ("questionnaires", "Questionnaires that customers fill in on a page."),
    ("audits", "Etiquette audit: draws, sheets, appeals."),
    ("custody", "The chain of custody."),
    ("registers", "Registers and notes in them."),
    ("reports", "Reports."),
    ("scores", "Monthly sheets of people."),
    ("notices", "Notices, their channels, announcements."),
    ("catalogue", "Scripts, prompts, scorecards: what there is to choose from."),
    ("do-not-call", "Numbers that are not called."),
    ("accounts", "People who log in."),
    ("tokens", "Tokens of programs, roles."),
    ("audit", "The audit log, writes that were set aside."),
    ("daemon", "Orders to the daemon."),
    ("health", "Health, metrics, this document."),
];
/// Refusals: status, name, when they come.
const REFUSALS: &[(&str, &str, &str)] = &[
    ("400", "BadRequest", "The request cannot be read"),
    ("401", "Unauthorized", "No valid token or session comes with the request"),
    ("403", "Forbidden", "The roles do not give the permission, or not for this thing"),
    ("404", "NotFound", "There is no such thing"),
    ("409", "Conflict", "It cannot be done as things stand"),
    ("412", "Changed", "The thing is not the version that `If-Match` names"),
    ("413", "TooLarge", "The body is too large"),
    ("415", "WrongType", "The body has the wrong type"),
    ("422", "Invalid", "Values cannot be used; `errors` names them"),
    ("429", "TooMany", "Too many requests; `Retry-After` says when to come back"),
    ("503", "Unavailable", "It cannot be done at this moment; `Retry-After` says when to come back"),
];
const PROBLEM: &str = "application/problem+json";
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The whole document as it is served.
pub(super) fn complete(document: &utoipa::openapi::OpenApi) -> Value {
    let mut document = serde_json::to_value(document).unwrap_or_default();
    let schemas = document["components"]["schemas"].clone();
    let readable: BTreeSet<String> = document["paths"]
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, methods)| methods.get("get").is_some())
        .map(|(path, _)| path.clone())
        .collect();
    let mut used = BTreeSet::new();
    for (path, methods) in document["paths"].as_object_mut().into_iter().flatten() {
        for method in METHODS {
            let Some(operation) = methods.get_mut(method) else { continue };
            used.extend(operation["tags"][0].as_str().map(str::to_owned));
            let about = About { path, method, has_version: has_version(&readable, path) };
            operate(operation, &about, &schemas);
        }
    }
    whole_numbers(&mut document);
    document["tags"] = tags(&used);
    document["components"]["responses"] = refusals();
    document["components"]["headers"] = headers();
    let (name, schema) = webhook::schema();
    document["components"]["schemas"][name] = schema;
    document["webhooks"] = webhook::webhooks();
    document
}

/// Numbers without a sign that are named `int32` reach twice as far.
fn whole_numbers(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            let is_u32 = fields.get("format").is_some_and(|format| format == "int32")
                && fields.get("minimum").is_some_and(|least| least == 0);
            if is_u32 {
                fields.insert("format".into(), json!("int64"));
                fields.entry("maximum").or_insert(json!(u32::MAX));
            }
            fields.values_mut().for_each(whole_numbers);
        }
        Value::Array(items) => items.iter_mut().for_each(whole_numbers),
        _ => {}
    }
}

/// One operation.
struct About<'a> {
    path: &'a str,
    method: &'a str,
    /// There is a GET of the thing that it changes.
    has_version: bool,
}

/// Whether a path or one above it can be read.
fn has_version(readable: &BTreeSet<String>, path: &str) -> bool {
    let mut path = path;
    while !readable.contains(path) {
        let Some((above, _)) = path.rsplit_once('/') else { return false };
        path = above;
    }
    path.contains('{')
}

fn operate(operation: &mut Value, about: &About<'_>, schemas: &Value) {
    operation["operationId"] = Value::String(id_of(about.method, about.path));
    sentences(operation);
    parameters(operation, about);
    answers(operation, about, schemas);
    let Some(body) = operation.get_mut("requestBody") else { return };
    for media in contents(body) {
        exemplify(media, schemas);
    }
    // Bytes of a file have a media type and no schema.
    let media = body["content"].as_object_mut().into_iter().flatten();
    for (_, media) in media.filter(|(kind, _)| !kind.contains("json") && !kind.contains("form")) {
        media["schema"] = json!({});
    }
}

/// `get_calls_id_recording`: unique, and good as the name of a function.
fn id_of(method: &str, path: &str) -> String {
    let words = path.trim_start_matches("/api/v1").split(|c: char| !c.is_ascii_alphanumeric());
    let words = words.filter(|word| !word.is_empty());
    std::iter::once(method).chain(words).collect::<Vec<_>>().join("_")
}

/// The first sentence is the summary, all else the description: comments are cut at their line ends.
fn sentences(operation: &mut Value) {
    let part = |name: &str| operation[name].as_str().unwrap_or_default().trim().to_owned();
    let (first, rest) = (part("summary"), part("description"));
    let whole = format!("{first} {rest}").split_whitespace().collect::<Vec<_>>().join(" ");
    let (summary, more) = match whole.split_once(". ") {
        Some((summary, more)) => (summary.to_owned(), more.to_owned()),
        None => (whole.trim_end_matches('.').to_owned(), String::new()),
    };
    operation["summary"] = Value::String(summary);
    match (more.is_empty(), operation.as_object_mut()) {
        (true, Some(operation)) => drop(operation.remove("description")),
        _ => operation["description"] = Value::String(more),
    }
}

fn parameters(operation: &mut Value, about: &About<'_>) {
    let takes_json =
        operation.get("requestBody").is_none_or(|body| body["content"].get("application/json").is_some());
    let is_secured = operation.get("security").is_some();
    page(operation);
    let mut more = Vec::new();
    if about.method == "post" && takes_json && is_secured {
        more.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": false,
            "description": "Makes a repetition harmless: the same key with the same body gets the first answer, \
                            for 24 hours.",
            "schema": { "type": "string", "minLength": 1, "maxLength": 200 },
        }));
    }
    if about.method != "get" && about.has_version && is_secured {
        more.push(json!({
            "name": "If-Match", "in": "header", "required": false,
            "description": "`ETag` of the thing as it was read: 412 where it has changed since.",
            "schema": { "type": "string" },
        }));
    }
    if more.is_empty() {
        return;
    }
    match operation["parameters"].as_array_mut() {
        Some(there) => there.extend(more),
        None => operation["parameters"] = Value::Array(more),
    }
}

/// Where a page of a list begins and how long it is: said alike for every list that has pages.
fn page(operation: &mut Value) {
    let Some(all) = operation.get_mut("parameters").and_then(Value::as_array_mut) else { return };
    let mut all: Vec<&mut Value> = all.iter_mut().filter(|p| p["in"] == "query").collect();
    if !["after", "limit"].iter().all(|name| all.iter().any(|p| p["name"] == *name)) {
        return;
    }
    for parameter in &mut all {
        match parameter["name"].as_str() {
            Some("after") => {
                parameter["description"] = json!("`next` of the page before.");
                parameter["schema"] = json!({ "type": "string" });
            }
            Some("limit") => {
                parameter["description"] = json!("Rows of the page.");
                parameter["schema"] = json!({ "type": "integer", "format": "int32", "minimum": 1,
                    "maximum": PAGE_LIMIT, "default": PAGE_DEFAULT });
            }
            _ => {}
        }
    }
}

/// Refusals beside the answers that the operation names itself.
fn answers(operation: &mut Value, about: &About<'_>, schemas: &Value) {
    let is_secured = operation.get("security").is_some();
    let has_body = operation.get("requestBody").is_some();
    let has_query =
        operation["parameters"].as_array().is_some_and(|all| all.iter().any(|p| p["in"] == "query"));
    let has_path = about.path.contains('{');
    let changes = about.method != "get";
    let fits = |status: &str| match status {
        "401" | "403" | "429" | "503" => is_secured,
        "404" => has_path || has_body || has_query,
        // A header or a part of the path may be no text.
        "400" => has_path || has_body || about.method == "post",
        "409" => is_secured,
        "412" => changes && about.has_version && is_secured,
        "413" | "415" => has_body,
        "422" => has_path || has_body || has_query || about.method == "post",
        _ => false,
    };
    let Some(answers) = operation["responses"].as_object_mut() else { return };
    for (status, answer) in answers.iter_mut() {
        let is_refusal = status.as_str() >= "400";
        if let Some(json) = is_refusal.then(|| answer["content"].get("application/json").cloned()).flatten()
            && json["schema"]["$ref"].as_str().is_some_and(|name| name.ends_with("/Problem"))
        {
            answer["content"] = json!({ PROBLEM: json });
        }
        if status == "200" && about.method == "get" && answer["content"].get("application/json").is_some() {
            answer["headers"] = json!({ "ETag": { "$ref": "#/components/headers/ETag" } });
        }
        let is_table = answer["description"].as_str().is_some_and(|text| text.contains("`text/csv`"));
        if is_table && answer["content"].is_object() {
            answer["content"]["text/csv"] = json!({ "schema": { "type": "string" } });
        }
        for media in contents(answer) {
            exemplify(media, schemas);
        }
    }
    for (status, name, _) in REFUSALS.iter().filter(|(status, ..)| fits(status)) {
        let refusal = || json!({ "$ref": format!("#/components/responses/{name}") });
        answers.entry((*status).to_owned()).or_insert_with(refusal);
    }
}

/// Media types of a body or an answer.
fn contents(body: &mut Value) -> impl Iterator<Item = &mut Value> {
    let content = body.get_mut("content").and_then(Value::as_object_mut);
    content
        .into_iter()
        .flat_map(|content| content.iter_mut())
        .filter(|(kind, _)| kind.contains("json"))
        .map(|(_, m)| m)
}

fn exemplify(media: &mut Value, schemas: &Value) {
    if media.get("example").is_none() && media["schema"].is_object() {
        media["example"] = of_schema(&media["schema"], schemas, "");
    }
}

fn tags(used: &BTreeSet<String>) -> Value {
    let known = TAGS.iter().filter(|(name, _)| used.contains(*name));
    let mut tags: Vec<Value> =
        known.map(|(name, about)| json!({ "name": name, "description": about })).collect();
    let others = used.iter().filter(|name| TAGS.iter().all(|(known, _)| known != name));
    tags.extend(others.map(|name| json!({ "name": name })));
    Value::Array(tags)
}

fn refusals() -> Value {
    let refusal = |(status, name, about): &(&str, &str, &str)| {
        let example = json!({
            "type": format!("/problems/{}", kind_of(name)), "title": about,
            "status": status.parse::<u16>().unwrap_or_default(),
            "detail": "what is wrong this time, and how to mend it", "instance": "19a2b3c-7f",
        });
        let mut answer = json!({
            "description": about,
            "content": { PROBLEM: { "schema": { "$ref": "#/components/schemas/Problem" }, "example": example } },
        });
        if matches!(*status, "429" | "503") {
            answer["headers"] = json!({ "Retry-After": { "$ref": "#/components/headers/RetryAfter" } });
        }
        ((*name).to_owned(), answer)
    };
    Value::Object(REFUSALS.iter().map(refusal).collect::<Map<_, _>>())
}

/// The kind of a problem document.
fn kind_of(name: &str) -> &'static str {
    match name {
        "BadRequest" => "bad-request",
        "Unauthorized" => "unauthorized",
        "Forbidden" => "forbidden",
        "NotFound" => "not-found",
        "Conflict" => "conflict",
        "Changed" => "changed",
        "TooLarge" => "too-large",
        "WrongType" => "unsupported-media-type",
        "Invalid" => "invalid",
        "TooMany" => "too-many-requests",
        _ => "unavailable",
    }
}

fn headers() -> Value {
    json!({
        "ETag": {
            "description": "Version of the answer, for `If-Match` and `If-None-Match`.",
            "schema": { "type": "string" },
        },
        "RetryAfter": { "description": "Seconds to wait.", "schema": { "type": "integer" } },
    })
}

/// Whether a property may be left out of an example.
fn is_left_out(schema: &Value, is_required: bool) -> bool {
    !is_required && is_nullable(schema)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_becomes_a_sentence_and_the_rest() {
        let check = |summary: &str, description: Value, expect: (&str, Value)| {
            let mut operation = json!({ "summary": summary, "description": description });
            sentences(&mut operation);
            assert_eq!((operation["summary"].as_str().unwrap(), operation["description"].clone()), expect);
        };
        check("All tokens.", Value::Null, ("All tokens", Value::Null));
        check(
            "Says that it is",
            json!("done. The first\none counts."),
            ("Says that it is done", json!("The first one counts.")),
        );
    }

    #[test]
    fn ids_are_unique_and_are_names() {
        assert_eq!(id_of("get", "/api/v1/calls/{id}/recording"), "get_calls_id_recording");
        assert_eq!(id_of("post", "/api/v1/do-not-call"), "post_do_not_call");
    }

    #[test]
    fn an_edit_has_the_version_of_what_can_be_read_above_it() {
        let readable = ["/t/{id}".to_owned(), "/t".to_owned()].into();
        assert!(has_version(&readable, "/t/{id}/acts"));
        assert!(has_version(&readable, "/t/{id}"));
        assert!(!has_version(&readable, "/t"));
        assert!(!has_version(&readable, "/t/new"));
    }
}
