//! What ringback sends to the webhooks of `[[notices.channel]]`: the other direction of the API.

use serde_json::{Value, json};

/// Name of the body's schema.
const BODY: &str = "WebhookMessage";

/// The section `webhooks` of the document.
pub(super) fn webhooks() -> Value {
    let header = |name: &str, required: bool, about: &str, example: &str| {
        json!({ "name": name, "in": "header", "required": required, "description": about,
            "schema": { "type": "string" }, "example": example })
    };
    json!({ "notices": { "post": {
        "operationId": "webhook_notices",
        "tags": ["notices"],
        "summary": "A message with one notice, or with several that were gathered",
        "description": "Sent to each channel of kind `webhook`. A 2xx answer takes it; anything else, or none within \
            10 s, has it sent again, with `Retry-After` heeded: the same message has the same id, so one that \
            comes twice is known again. With a secret it is signed: `X-Ringback-Signature` is `v1=` and the hex \
            digits of HMAC-SHA256, with the secret as key, over `<X-Ringback-Timestamp>.<X-Ringback-Id>.<body>`. \
            Refuse what is signed otherwise, or whose time is more than some minutes away.",
        "parameters": [
            header("X-Ringback-Id", true, "Id of the message; that of the body.", ID),
            header("X-Ringback-Timestamp", true, "When it was sent: seconds since 1970.", "1772413200"),
            header("X-Ringback-Signature", false, "Signature; left out where the channel has no secret.", SIGNATURE),
            header("Idempotency-Key", true, "Id of the message, for receivers that know this header.", ID),
        ],
        "requestBody": { "required": true, "content": { "application/json": {
            "schema": { "$ref": format!("#/components/schemas/{BODY}") }, "example": example() } } },
        "responses": {
            "2XX": { "description": "It was taken" },
            "default": { "description": "It is sent again" },
        },
    } } })
}

const ID: &str = "5f1d3c0a9b7e4d2286aa31c45be0f917";
const SIGNATURE: &str = "v1=b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7";

/// Schema of the body, by name.
pub(super) fn schema() -> (&'static str, Value) {
    let text = |about: &str| json!({ "type": "string", "description": about });
    let notice = json!({
        "type": "object",
        "required": ["key", "topic", "to", "subject", "pack", "facts", "address", "reminder", "title", "text"],
        "properties": {
            "key": text("Key of the notice: there is one of it."),
            "topic": text("What it is about, as routes name it."),
            "to": text("Person, role or department; empty: by the routes of the topic."),
            "subject": text("The record it is about: `ticket:12`."),
            "pack": text("Policy pack of that record."),
            "facts": { "type": "object", "additionalProperties": { "type": "string" },
                "description": "Its facts; numbers and names are covered as the channel says." },
            "address": text("`sms:13800000001` or `email:...` of a customer who is told; empty: it is for people of ours."),
            "reminder": { "type": "integer", "minimum": 0,
                "description": "How often it was sent before without an acknowledgement." },
            "title": text("One line."),
            "text": text("All of it, as plain lines."),
        },
    });
    let body = json!({
        "type": "object",
        "description": "What a webhook is sent.",
        "required": ["id", "at", "title", "text", "notices", "file"],
        "properties": {
            "id": text("Names the message; the same for every attempt."),
            "at": { "type": "integer", "format": "int64",
                "description": "When the first notice was made; milliseconds since 1970." },
            "title": text("One line."),
            "text": text("All of it, as plain lines."),
            "notices": { "type": "array", "items": notice },
            "file": { "oneOf": [
                { "type": "null" },
                { "type": "object", "required": ["name", "text"],
                  "properties": { "name": text("File name."), "text": text("Its text.") } },
            ] },
        },
    });
    (BODY, body)
}

fn example() -> Value {
    json!({
        "id": ID, "at": 1_772_413_200_000_i64, "title": "工单逾期：KF20260302-0001",
        "text": "工单 KF20260302-0001 的方案应于 3 月 2 日 17:00 前给出。", "file": null,
        "notices": [{
            "key": "ticket:12/overdue/1", "topic": "ticket.overdue", "to": "工程部", "subject": "ticket:12",
            "pack": "furniture_mall", "facts": { "number": "KF20260302-0001", "phone": "138****8000" }, "address": "",
            "reminder": 0, "title": "工单逾期：KF20260302-0001", "text": "方案应于 3 月 2 日 17:00 前给出。",
        }],
    })
}
