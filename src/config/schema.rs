//! The JSON Schema of the file, for editors: made from the structs that read it, so that it
//! cannot say anything else than they do.

use schemars::generate::SchemaSettings;

use super::raw::Raw;

/// The schema as JSON text, in the draft that TOML plugins of editors know (draft 7).
pub fn schema() -> String {
    let mut schema = SchemaSettings::draft07().into_generator().into_root_schema_for::<Raw>();
    schema.insert("title".into(), "Configuration of ringback".into());
    serde_json::to_string_pretty(&schema).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::tests::{DEFAULT, bad, uncommented};
    use super::*;

    /// What the schema says of a key of the file, references followed.
    fn entry<'a>(root: &'a Value, path: &[&str]) -> Option<&'a Value> {
        let follow = |mut at: &'a Value| {
            while let Some(name) = at
                .get("$ref")
                .or_else(|| at.get("allOf")?.get(0)?.get("$ref"))
                .or_else(|| at.get("anyOf")?.get(0)?.get("$ref"))
                .and_then(Value::as_str)
            {
                at = root.pointer(name.trim_start_matches('#')).expect("references lead somewhere");
            }
            at
        };
        let mut at = root;
        for step in path {
            let here = follow(at);
            let here = here.get("items").map_or(here, follow);
            at = here.get("properties")?.get(*step)?;
        }
        Some(at)
    }

    fn keys(table: &toml::Table) -> Vec<(String, String)> {
        let tables = table.iter().flat_map(|(section, value)| match value {
            toml::Value::Table(t) => vec![(section, t)],
            toml::Value::Array(a) => a.iter().filter_map(|t| Some((section, t.as_table()?))).collect(),
            _ => Vec::new(),
        });
        tables.flat_map(|(s, t)| t.keys().map(|k| (s.clone(), k.clone())).collect::<Vec<_>>()).collect()
    }

    #[test]
    fn every_key_of_the_file_stands_in_the_schema_with_its_description() {
        let schema: Value = serde_json::from_str(&schema()).unwrap();
        let file: toml::Table = toml::from_str(&uncommented(DEFAULT)).unwrap();
        let keys = keys(&file);
        assert!(keys.len() > 80, "{}", keys.len());
        for (section, key) in keys {
            let found = entry(&schema, &[&section, &key]).unwrap_or_else(|| panic!("{section}.{key}"));
            let text = found["description"].as_str().unwrap_or_default();
            assert!(text.len() > 10, "{section}.{key} is not explained: {found}");
        }
    }

    /// Where the schema can tell, it refuses what the parser refuses.
    #[test]
    fn what_the_parser_refuses_by_its_kind_the_schema_refuses_too() {
        let schema: Value = serde_json::from_str(&schema()).unwrap();
        assert_eq!(schema["additionalProperties"], false);
        for section in ["data", "sip", "trunk", "inbound", "rtp", "amd", "api", "log"] {
            let table = entry(&schema, &[section]).unwrap();
            let name = table.pointer("/items/$ref").or(table.get("$ref")).or(table.pointer("/allOf/0/$ref"));
            let table = schema.pointer(name.unwrap().as_str().unwrap().trim_start_matches('#')).unwrap();
            assert_eq!(table["additionalProperties"], false, "{section}");
            assert!(!bad(&format!("[{section}]\nno_such_key = 1\n"), &[]).is_empty(), "{section}");
        }
        for (path, wrong, kind) in [
            (["sip", "max_calls"], "\"many\"", "integer"),
            (["recording", "enabled"], "1", "boolean"),
            (["rtp", "codecs"], "\"pcma\"", "array"),
            (["data", "dir"], "7", "string"),
        ] {
            assert_eq!(entry(&schema, &path).unwrap()["type"], kind, "{path:?}");
            assert!(!bad(&format!("[{}]\n{} = {wrong}\n", path[0], path[1]), &[]).is_empty(), "{path:?}");
        }
        let words = schema.to_string();
        for word in ["e164_plain", "register", "preferred", "(ms|s|m|h)", "\"tls\""] {
            assert!(words.contains(word), "{word}");
        }
    }
}
