//! `"Display" <uri>;params`: From, To, Contact, Route, Record-Route and the identity fields.

use std::fmt;

use super::Params;
use super::list::{is_token_byte, quote, read_quoted, trim};
use crate::sip::uri::Uri;

/// An address with display name and header parameters (RFC 3261 section 20.10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameAddr {
    /// Display name without quotes and escapes.
    pub display: Option<String>,
    /// The address.
    pub uri: Uri,
    /// Parameters of the field, such as `tag`; not those of the URI.
    pub params: Params,
}

impl NameAddr {
    /// An address without name and parameters.
    pub fn new(uri: Uri) -> Self {
        NameAddr { display: None, uri, params: Params::new() }
    }

    /// The same with a display name; an empty one is none.
    pub fn with_display(mut self, display: &str) -> Self {
        self.display = (!display.is_empty()).then(|| display.to_owned());
        self
    }

    /// The same with a tag.
    pub fn with_tag(mut self, tag: &str) -> Self {
        self.params.set("tag", tag);
        self
    }

    /// The tag.
    pub fn tag(&self) -> Option<&str> {
        self.params.get("tag").filter(|tag| !tag.is_empty())
    }

    /// Reads one address. None where it breaks the grammar; tolerated are a missing space
    /// before `<` and white space around the URI inside the brackets.
    pub fn parse(text: &str) -> Option<NameAddr> {
        let text = trim(text);
        if text.starts_with('"') {
            let (display, rest) = read_quoted(text)?;
            // A folded line reads as a space (RFC 3261 section 7.3.1); none is ever written.
            let display = display.replace(['\r', '\n'], " ");
            return in_brackets(Some(display), trim(rest));
        }
        match text.find('<') {
            Some(at) => {
                let words = trim(&text[..at]);
                let plain = words.bytes().all(|b| is_token_byte(b) || b == b' ' || b == b'\t' || b >= 0x80);
                if !plain {
                    return None;
                }
                in_brackets((!words.is_empty()).then(|| words.to_owned()), &text[at..])
            }
            None => bare(text),
        }
    }
}

fn in_brackets(display: Option<String>, text: &str) -> Option<NameAddr> {
    let (uri, params) = text.strip_prefix('<')?.split_once('>')?;
    let uri = Uri::parse(trim(uri)).ok()?;
    let params = Params::read(params).ok()?;
    Some(NameAddr { display: display.filter(|d| !d.is_empty()), uri, params })
}

/// Without brackets everything after the first semicolon belongs to the field, and a
/// question mark or comma may not occur (RFC 3261 section 20).
fn bare(text: &str) -> Option<NameAddr> {
    let end = text.find(';').unwrap_or(text.len());
    let uri = trim(&text[..end]);
    if uri.contains(['?', ',', ' ', '\t', '"', '>']) {
        return None;
    }
    Some(NameAddr { display: None, uri: Uri::parse(uri).ok()?, params: Params::read(&text[end..]).ok()? })
}

impl fmt::Display for NameAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(display) = &self.display {
            write!(f, "{} ", quote(display))?;
        }
        write!(f, "<{}>{}", self.uri, self.params)
    }
}
