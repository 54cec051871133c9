//! Columns that hold JSON text are shown as JSON, not as a text in a text.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// The JSON of a column; what does not parse is shown as the text it is.
pub fn serialize<S: Serializer>(text: &str, s: S) -> Result<S::Ok, S::Error> {
    serde_json::from_str::<Value>(text).unwrap_or_else(|_| text.into()).serialize(s)
}

/// The column's text.
pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<String, D::Error> {
    Ok(Value::deserialize(d)?.to_string())
}

/// The same for a column that may be NULL.
pub mod optional {
    use super::*;

    /// The JSON of a column, or null.
    pub fn serialize<S: Serializer>(text: &Option<String>, s: S) -> Result<S::Ok, S::Error> {
        match text {
            Some(text) => super::serialize(text, s),
            None => s.serialize_none(),
        }
    }

    /// The column's text, or None.
    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<String>, D::Error> {
        Ok(Option::<Value>::deserialize(d)?.map(|v| v.to_string()))
    }
}
