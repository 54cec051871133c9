//! Examples made of schemas: names of fields say what a value looks like.

use serde_json::{Map, Value, json};

/// Schemas within schemas that are followed: what is deeper is left empty.
const DEPTH: usize = 6;

/// An example of a schema; `name` is that of the field that it is for.
pub(super) fn of_schema(schema: &Value, schemas: &Value, name: &str) -> Value {
    made(schema, schemas, name, DEPTH)
}

fn made(schema: &Value, schemas: &Value, name: &str, depth: usize) -> Value {
    if let Some(example) = schema.get("example").or_else(|| schema["examples"].get(0)) {
        return example.clone();
    }
    if let Some(first) = schema["enum"].get(0).or_else(|| schema.get("const")) {
        return first.clone();
    }
    if depth == 0 {
        return Value::Null;
    }
    if let Some(target) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return made(&schemas[target], schemas, name, depth - 1);
    }
    for several in ["oneOf", "anyOf"] {
        if let Some(choices) = schema[several].as_array() {
            let first = choices.iter().find(|choice| choice["type"] != "null");
            return first.map_or(Value::Null, |choice| made(choice, schemas, name, depth));
        }
    }
    if let Some(parts) = schema["allOf"].as_array() {
        let mut all = Map::new();
        for part in parts {
            if let Value::Object(fields) = made(part, schemas, name, depth) {
                all.extend(fields);
            }
        }
        return Value::Object(all);
    }
    match kind(schema) {
        "object" => object(schema, schemas, depth),
        "array" => match made(&schema["items"], schemas, name, depth - 1) {
            Value::Null => json!([]),
            one => json!([one]),
        },
        "integer" => number(schema, name),
        "number" => schema.get("default").cloned().unwrap_or(json!(1.0)),
        "boolean" => schema.get("default").cloned().unwrap_or(json!(false)),
        "string" => schema.get("default").cloned().unwrap_or_else(|| json!(text(schema, name))),
        _ => json!({}),
    }
}

/// The type, of several the first that is not null.
fn kind(schema: &Value) -> &str {
    match &schema["type"] {
        Value::String(kind) => kind,
        Value::Array(kinds) => {
            kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("null")
        }
        _ if schema["properties"].is_object() => "object",
        _ => "",
    }
}

/// Whether null is allowed.
pub(super) fn is_nullable(schema: &Value) -> bool {
    let several =
        |name: &str| schema[name].as_array().is_some_and(|all| all.iter().any(|one| one["type"] == "null"));
    schema["type"].as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "null"))
        || several("oneOf")
        || several("anyOf")
}

fn object(schema: &Value, schemas: &Value, depth: usize) -> Value {
    let mut fields = Map::new();
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        if super::is_left_out(property, required.contains(&name.as_str())) {
            continue;
        }
        let value = made(property, schemas, name, depth - 1);
        if !value.is_null() || required.contains(&name.as_str()) {
            fields.insert(name.clone(), value);
        }
    }
    if fields.is_empty() && schema["additionalProperties"].is_object() {
        let value = made(&schema["additionalProperties"], schemas, "", depth - 1);
        fields.insert("key".into(), value);
    }
    Value::Object(fields)
}

/// A Monday, 2026-03-02 09:00 in Shanghai.
const MOMENT: i64 = 1_772_413_200_000;

fn number(schema: &Value, name: &str) -> Value {
    if let Some(value) =
        schema.get("default").or_else(|| schema.get("minimum").filter(|m| m.as_i64() != Some(0)))
    {
        return value.clone();
    }
    let is_time =
        name == "at" || name == "now" || name == "since" || name == "until" || name.ends_with("_at");
    match name {
        _ if is_time => json!(MOMENT),
        _ if name.ends_with("_ms") => json!(60_000),
        "status" => json!(422),
        "score" => json!(5),
        _ => json!(1),
    }
}

fn text(schema: &Value, name: &str) -> &'static str {
    match schema["format"].as_str() {
        Some("date") => return "2026-03-02",
        Some("date-time") => return "2026-03-02T09:00:00+08:00",
        Some("uuid") => return "0195f1c8-7d2a-7c3e-9f51-2b6c8d4e1a70",
        Some("binary") => return "",
        _ => {}
    }
    match name {
        "phone" | "number" | "caller" => "13800138000",
        "name" | "customer" => "王小明",
        "title" => "三月回访",
        "pack" | "shop" => "furniture_mall",
        "agent" | "auditor" => "zhou.min",
        "actor" | "by" | "owner" => "li.wei",
        "language" => "zh-CN",
        "department" => "售后部",
        "day" | "date" | "from" | "to" => "2026-03-02",
        "month" => "2026-03",
        "time" => "09:00",
        "email" => "wang@example.cn",
        "reason" | "note" | "comment" | "text" | "detail" | "description" => "客户要求改约到周六上午",
        "script" => "furniture-mall",
        "scope" | "role" | "roles" => "read",
        "type" => "/problems/invalid",
        "url" | "link" => "https://ringback.example.cn/",
        "key" => "2026-03-spring",
        "call" | "call_id" => "0195f1c8-7d2a-7c3e-9f51-2b6c8d4e1a70",
        "trunk" => "carrier",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_has_the_shape_of_its_schema() {
        let schemas = json!({
            "Body": {
                "type": "object", "required": ["phone", "kind", "roles"],
                "properties": {
                    "phone": { "type": "string" },
                    "kind": { "type": "string", "enum": ["listen", "whisper"] },
                    "roles": { "type": "array", "items": { "type": "string" } },
                    "expires_in": { "type": ["integer", "null"] },
                    "at": { "type": "integer" },
                    "inner": { "$ref": "#/components/schemas/Inner" },
                },
            },
            "Inner": { "allOf": [{ "type": "object", "properties": { "on": { "type": "boolean" } } }] },
        });
        let made = of_schema(&json!({ "$ref": "#/components/schemas/Body" }), &schemas, "");
        assert_eq!(
            made,
            json!({ "phone": "13800138000", "kind": "listen", "roles": ["read"], "at": MOMENT, "inner": { "on": false } })
        );
    }

    #[test]
    fn a_schema_that_holds_itself_ends() {
        let schemas = json!({ "Node": { "type": "object", "properties": { "next": { "$ref": "#/components/schemas/Node" } } } });
        assert!(of_schema(&json!({ "$ref": "#/components/schemas/Node" }), &schemas, "").is_object());
    }
}
