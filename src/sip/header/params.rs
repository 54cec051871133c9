//! Parameters after a semicolon: `;name`, `;name=value`, `;name="quoted"`.

use std::fmt;

use super::list::{find_outside, is_token, quote, read_quoted, trim};

/// Parameters in order; names compare without regard to case. Values are kept as they
/// stand on the wire, quotes included.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Params(Vec<(String, Option<String>)>);

/// Why parameters cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sip) struct BadParams;

impl Params {
    /// None.
    pub fn new() -> Self {
        Params::default()
    }

    /// True where there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// True where the parameter exists, with or without value.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(n, _)| n.eq_ignore_ascii_case(name))
    }

    /// The value as it stands on the wire; None where it is absent or has none.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).and_then(|(_, v)| v.as_deref())
    }

    /// The value without quotes and escapes.
    pub fn unquoted(&self, name: &str) -> Option<String> {
        let value = self.get(name)?;
        Some(read_quoted(value).map_or_else(|| value.to_owned(), |(text, _)| text))
    }

    /// Sets a value, quoting it where it is neither a token nor a host.
    pub fn set(&mut self, name: &str, value: &str) {
        let plain = value.bytes().all(|b| super::list::is_token_byte(b) || b"[]:".contains(&b));
        let value = if plain && !value.is_empty() { value.to_owned() } else { quote(value) };
        self.put(name, Some(value));
    }

    /// Sets a parameter without value, such as `lr` or `rport`.
    pub fn set_flag(&mut self, name: &str) {
        self.put(name, None);
    }

    /// Takes a parameter away.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
    }

    /// Names and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_deref()))
    }

    pub(in crate::sip) fn put(&mut self, name: &str, value: Option<String>) {
        match self.0.iter_mut().find(|(n, _)| n.eq_ignore_ascii_case(name)) {
            Some((_, old)) => *old = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    /// Reads `;a;b=c` as it follows an address or a Via; white space may stand around
    /// separators. The text is empty or begins with a semicolon.
    pub(in crate::sip) fn read(text: &str) -> Result<Params, BadParams> {
        let mut params = Params::new();
        let mut rest = trim(text);
        while !rest.is_empty() {
            rest = rest.strip_prefix(';').ok_or(BadParams)?;
            let end = find_outside(rest, b';').unwrap_or(rest.len());
            params.read_one(&rest[..end])?;
            rest = &rest[end..];
        }
        Ok(params)
    }

    fn read_one(&mut self, text: &str) -> Result<(), BadParams> {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (trim(name), Some(trim(value))),
            None => (trim(text), None),
        };
        if !is_token(name) {
            return Err(BadParams);
        }
        if let Some(value) = value {
            let whole = match value.as_bytes().first() {
                Some(b'"') => read_quoted(value).is_some_and(|(_, rest)| rest.is_empty()),
                Some(_) => !value.contains(['"', '<', '>', ' ', '\t']),
                None => false,
            };
            if !whole {
                return Err(BadParams);
            }
        }
        self.0.push((name.to_owned(), value.map(str::to_owned)));
        Ok(())
    }
}

impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.0 {
            match value {
                Some(value) => write!(f, ";{name}={value}")?,
                None => write!(f, ";{name}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_as_they_stand_and_written_back() {
        fn check(text: &str, expect: Option<&str>) {
            assert_eq!(Params::read(text).ok().map(|p| p.to_string()).as_deref(), expect, "{text}");
        }
        check("", Some(""));
        check(";tag=1", Some(";tag=1"));
        check("; a ; b = c", Some(";a;b=c"));
        check(r#";q="a;b\"c";z"#, Some(r#";q="a;b\"c";z"#));
        check(";received=2001:db8::9:255;branch=x", Some(";received=2001:db8::9:255;branch=x"));
        check(";;,;,,", None);
        check(";a=", None);
        check("x;a", None);
        check(r#";a="open"#, None);
    }
}
