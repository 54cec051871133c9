//! One operation, taken apart for its page.

use serde_json::Value;

use super::schema::{Field, fields, type_of};
use super::{permission_of, word};

/// A parameter.
pub(super) struct Parameter {
    pub name: String,
    /// `path`, `query` or `header`.
    pub place: String,
    pub kind: String,
    pub is_required: bool,
    pub about: String,
}

/// What an answer or a body holds.
pub(super) struct Content {
    pub media: String,
    pub fields: Vec<Field>,
    pub example: String,
}

/// One answer.
pub(super) struct Answer {
    pub status: String,
    pub about: String,
    pub contents: Vec<Content>,
}

/// One operation.
pub(super) struct Operation {
    pub method: String,
    pub path: String,
    pub summary: String,
    pub about: String,
    pub permission: String,
    pub parameters: Vec<Parameter>,
    pub body: Vec<Content>,
    pub answers: Vec<Answer>,
    /// Refusals: status and what it means.
    pub errors: Vec<Answer>,
    pub curl: String,
}

impl Operation {
    pub fn new(document: &Value, (path, method): (&str, &str), operation: &Value, root: &str) -> Operation {
        let parameters: Vec<Parameter> = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|one| parameter(document, one))
            .collect();
        let body = contents(document, &operation["requestBody"]);
        let all = operation["responses"].as_object().into_iter().flatten();
        let all = all.map(|(status, answer)| answer_of(document, status, answer));
        let (answers, errors) = all.partition(|answer| answer.status.as_str() < "400");
        let permission = permission_of(operation).to_owned();
        Operation {
            curl: curl(root, (path, method), &permission, body.first()),
            method: method.to_uppercase(),
            path: path.to_owned(),
            summary: word(operation, "summary").to_owned(),
            about: word(operation, "description").to_owned(),
            permission,
            parameters,
            body,
            answers,
            errors,
        }
    }
}

fn parameter(document: &Value, one: &Value) -> Parameter {
    Parameter {
        name: word(one, "name").to_owned(),
        place: word(one, "in").to_owned(),
        kind: type_of(document, &one["schema"]),
        is_required: one["required"] == true,
        about: word(one, "description").to_owned(),
    }
}

/// What a reference leads to.
pub(super) fn followed<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let target = value["$ref"].as_str().and_then(|path| document.pointer(path.trim_start_matches('#')));
    target.unwrap_or(value)
}

fn answer_of(document: &Value, status: &str, answer: &Value) -> Answer {
    let answer = followed(document, answer);
    Answer {
        status: status.to_owned(),
        about: word(answer, "description").to_owned(),
        contents: contents(document, answer),
    }
}

fn contents(document: &Value, body: &Value) -> Vec<Content> {
    let all = body["content"].as_object().into_iter().flatten();
    let mut contents: Vec<Content> = all
        .map(|(media, about)| Content {
            media: media.clone(),
            fields: if media.contains("json") { fields(document, &about["schema"]) } else { Vec::new() },
            example: about.get("example").map(pretty).unwrap_or_default(),
        })
        .collect();
    // JSON first: it is what most clients read.
    contents.sort_by_key(|content| !content.media.contains("json"));
    contents
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// A line for a shell that does the operation.
fn curl(root: &str, (path, method): (&str, &str), permission: &str, body: Option<&Content>) -> String {
    let mut line = String::from("curl");
    if method != "get" {
        line.push_str(&format!(" -X {}", method.to_uppercase()));
    }
    if !permission.is_empty() {
        line.push_str(" -H 'Authorization: Bearer rb_...'");
    }
    if let Some(body) = body {
        line.push_str(&format!(" \\\n  -H 'Content-Type: {}'", body.media));
        if body.media.contains("json") {
            let compact: Value = serde_json::from_str(&body.example).unwrap_or_default();
            line.push_str(&format!(" \\\n  -d '{}'", compact.to_string().replace('\'', "'\\''")));
        } else {
            line.push_str(" \\\n  --data-binary @FILE");
        }
    }
    format!("{line} \\\n  '{root}{path}'")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_operation_is_taken_apart_with_its_body_answers_and_command() {
        let document = json!({ "components": {
            "schemas": { "Body": { "type": "object", "required": ["name"], "properties": {
                "name": { "type": "string", "description": "Its name." } } } },
            "responses": { "NotFound": { "description": "There is no such thing" } },
        } });
        let operation = json!({
            "summary": "Makes one", "security": [{ "bearer": ["lists.import"] }],
            "parameters": [{ "name": "id", "in": "path", "required": true, "schema": { "type": "integer" } }],
            "requestBody": { "content": { "application/json": {
                "schema": { "$ref": "#/components/schemas/Body" }, "example": { "name": "it's" } } } },
            "responses": { "201": { "description": "Made" }, "404": { "$ref": "#/components/responses/NotFound" } },
        });
        let made = Operation::new(&document, ("/lists/{id}", "post"), &operation, "https://x");
        assert_eq!((made.method.as_str(), made.permission.as_str()), ("POST", "lists.import"));
        assert_eq!((made.answers.len(), made.errors[0].about.as_str()), (1, "There is no such thing"));
        assert_eq!(
            (made.body[0].fields[0].name.as_str(), made.body[0].fields[0].is_required),
            ("name", true)
        );
        assert_eq!(
            made.curl,
            "curl -X POST -H 'Authorization: Bearer rb_...' \\\n  -H 'Content-Type: application/json' \\\n  \
             -d '{\"name\":\"it'\\''s\"}' \\\n  'https://x/lists/{id}'"
        );
    }
}
