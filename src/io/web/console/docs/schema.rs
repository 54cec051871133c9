//! Schemas as lists of fields.

use serde_json::Value;

use super::operation::followed;
use super::word;

/// Fields within fields that are shown.
const DEPTH: usize = 4;
/// Fields of one list: what has more is read in the document.
const MOST: usize = 120;

/// One field.
pub(super) struct Field {
    /// With those it stands in: `settings.windows[]`.
    pub name: String,
    pub kind: String,
    pub is_required: bool,
    pub about: String,
}

/// The fields of a schema, those of inner objects behind their own.
pub(super) fn fields(document: &Value, schema: &Value) -> Vec<Field> {
    let mut found = Vec::new();
    collect(document, schema, "", DEPTH, &mut found);
    found.truncate(MOST);
    found
}

fn collect(document: &Value, schema: &Value, head: &str, depth: usize, found: &mut Vec<Field>) {
    if depth == 0 || found.len() >= MOST {
        return;
    }
    let schema = followed(document, schema);
    for several in ["allOf", "oneOf", "anyOf"] {
        for part in schema[several].as_array().into_iter().flatten() {
            collect(document, part, head, depth - usize::from(several != "allOf"), found);
        }
    }
    if schema["items"].is_object() {
        collect(document, &schema["items"], &format!("{head}[]"), depth, found);
    }
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let whole = if head.is_empty() { name.clone() } else { format!("{head}.{name}") };
        let about = match word(property, "description") {
            "" => word(followed(document, property), "description"),
            about => about,
        };
        found.push(Field {
            kind: type_of(document, property),
            is_required: required.contains(&name.as_str()),
            about: about.to_owned(),
            name: whole.clone(),
        });
        collect(document, property, &whole, depth - 1, found);
    }
}

/// What a value is, in few words: `integer or null`, `array of string`, `one of a, b`.
pub(super) fn type_of(document: &Value, schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        let target = followed(document, schema);
        return match &target["enum"] {
            Value::Array(_) => type_of(document, target),
            _ if target["type"] == "object" || target["properties"].is_object() => name.to_owned(),
            _ => type_of(document, target),
        };
    }
    if let Some(words) = schema["enum"].as_array() {
        let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
        return format!("one of {}", words.join(", "));
    }
    for several in ["oneOf", "anyOf", "allOf"] {
        if let Some(parts) = schema[several].as_array() {
            let mut kinds: Vec<String> = parts.iter().map(|part| type_of(document, part)).collect();
            kinds.sort_by_key(|kind| kind == "null");
            kinds.dedup();
            return kinds.join(" or ");
        }
    }
    let one = |kind: &str| match kind {
        "array" => format!("array of {}", type_of(document, &schema["items"])),
        kind => kind.to_owned(),
    };
    match &schema["type"] {
        Value::String(kind) => one(kind),
        Value::Array(kinds) => {
            kinds.iter().filter_map(Value::as_str).map(one).collect::<Vec<_>>().join(" or ")
        }
        _ if schema["properties"].is_object() => "object".to_owned(),
        _ => "any".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_stand_with_their_places_and_kinds() {
        let document = json!({ "components": { "schemas": {
            "Inner": { "type": "object", "properties": { "at": { "type": "integer" } } },
            "Mode": { "type": "string", "enum": ["now", "abort"] },
        } } });
        let schema = json!({ "type": "object", "required": ["items"], "properties": {
            "items": { "type": "array", "items": { "$ref": "#/components/schemas/Inner" } },
            "mode": { "$ref": "#/components/schemas/Mode" },
            "next": { "type": ["string", "null"] },
        } });
        let all = fields(&document, &schema);
        let told: Vec<_> = all.iter().map(|f| (f.name.as_str(), f.kind.as_str(), f.is_required)).collect();
        assert_eq!(
            told,
            [
                ("items", "array of Inner", true),
                ("items[].at", "integer", false),
                ("mode", "one of now, abort", false),
                ("next", "string or null", false),
            ]
        );
    }
}
