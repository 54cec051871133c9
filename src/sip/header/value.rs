//! One header value: text for reading, and the very bytes where they are no UTF-8.

/// A header value. Peers in China send GB18030 in display names; such bytes read as
/// replacement characters and go back on the wire as they came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    text: String,
    raw: Option<Box<[u8]>>,
}

impl Value {
    /// From the wire: folded lines already joined, ends trimmed.
    pub(in crate::sip) fn from_wire(bytes: Vec<u8>) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) => Value { text, raw: None },
            Err(error) => {
                let bytes = error.into_bytes();
                let text = String::from_utf8_lossy(&bytes).into_owned();
                Value { text, raw: Some(bytes.into_boxed_slice()) }
            }
        }
    }

    /// The value as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The value as it goes on the wire.
    pub fn as_bytes(&self) -> &[u8] {
        self.raw.as_deref().unwrap_or(self.text.as_bytes())
    }

    /// Adds text at the end.
    pub(super) fn append(&mut self, text: &str) {
        if let Some(raw) = self.raw.take() {
            let mut bytes = raw.into_vec();
            bytes.extend_from_slice(text.as_bytes());
            self.raw = Some(bytes.into_boxed_slice());
        }
        self.text.push_str(text);
    }
}

/// A line break inside a value would begin a header of somebody else's choosing, so it
/// becomes a space: names and numbers of customers end up here.
impl From<String> for Value {
    fn from(mut text: String) -> Self {
        if text.bytes().any(|b| b == b'\r' || b == b'\n') {
            text = text.replace(['\r', '\n'], " ");
        }
        let trimmed = text.trim_matches([' ', '\t']);
        if trimmed.len() != text.len() {
            text = trimmed.to_owned();
        }
        Value { text, raw: None }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::from(text.to_owned())
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Value { text: number.to_string(), raw: None }
    }
}

macro_rules! from_display {
    ($($type:ty),*) => {$(
        impl From<$type> for Value {
            fn from(value: $type) -> Self {
                Value::from(value.to_string())
            }
        }

        impl From<&$type> for Value {
            fn from(value: &$type) -> Self {
                Value::from(value.to_string())
            }
        }
    )*};
}

from_display!(super::CSeq, super::NameAddr, super::RAck, super::Reason, super::SessionExpires, super::Via);
