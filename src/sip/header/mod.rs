//! Header fields (RFC 3261 section 7.3): an ordered list with names in one spelling, and
//! typed readers for those a call needs.

mod list;
mod name;
mod name_addr;
mod params;
mod typed;
mod value;
mod via;

pub use list::{Items, split_list};
pub(in crate::sip) use list::{is_token, quote, read_quoted};
pub use name::*;
pub use name_addr::NameAddr;
pub use params::Params;
pub use typed::{CSeq, RAck, Reason, Refresher, SessionExpires};
pub use value::Value;
pub use via::Via;

use std::borrow::Cow;

/// The header fields of one message, in the order of the wire. Names compare without
/// regard to case and compact forms count as their long form.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Headers {
    fields: Vec<(Cow<'static, str>, Value)>,
}

impl Headers {
    /// No fields.
    pub fn new() -> Self {
        Headers::default()
    }

    /// No fields, with room for some.
    pub(in crate::sip) fn with_capacity(lines: usize) -> Self {
        Headers { fields: Vec::with_capacity(lines) }
    }

    /// Adds a line as it came from the wire.
    pub(in crate::sip) fn push_wire(&mut self, name: &str, value: Value) {
        let name = known(name).map_or_else(|| Cow::Owned(name.to_owned()), Cow::Borrowed);
        self.fields.push((name, value));
    }

    /// Number of header lines.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// True where there is no field.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The text of the first line of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.value(name).map(Value::as_str)
    }

    /// The first line of this name with its bytes.
    pub fn value(&self, name: &str) -> Option<&Value> {
        let name = canonical_str(name);
        self.fields.iter().find(|(n, _)| same(n, name)).map(|(_, v)| v)
    }

    /// The text of every line of this name, in order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let name = canonical_str(name);
        self.fields.iter().filter(move |(n, _)| same(n, name)).map(|(_, v)| v.as_str())
    }

    /// The single values of every line of this name, split at commas outside quotes and
    /// angle brackets (RFC 3261 section 7.3.1), trimmed, without empty ones.
    pub fn list<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.all(name).flat_map(split_list)
    }

    /// True where the list of this name holds the token, in any case: option tags, methods.
    pub fn list_has(&self, name: &str, token: &str) -> bool {
        self.list(name).any(|item| item.eq_ignore_ascii_case(token))
    }

    /// True where a line of this name exists.
    pub fn contains(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// Number of lines of this name.
    pub fn count(&self, name: &str) -> usize {
        self.all(name).count()
    }

    /// Adds a line at the end.
    pub fn push(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Value>) {
        self.fields.push((canonical(name.into()), value.into()));
    }

    /// Adds a line before all others: our Via on a request.
    pub fn push_front(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Value>) {
        self.fields.insert(0, (canonical(name.into()), value.into()));
    }

    /// Replaces all lines of this name by one, in the place of the first, else at the end.
    pub fn set(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Value>) {
        let name = canonical(name.into());
        match self.fields.iter().position(|(n, _)| same(n, &name)) {
            Some(at) => {
                self.fields[at].1 = value.into();
                let mut index = 0;
                self.fields.retain(|(n, _)| {
                    index += 1;
                    index - 1 <= at || !same(n, &name)
                });
            }
            None => self.fields.push((name, value.into())),
        }
    }

    /// Removes all lines of this name; true where there was one.
    pub fn remove(&mut self, name: &str) -> bool {
        let name = canonical_str(name);
        let before = self.fields.len();
        self.fields.retain(|(n, _)| !same(n, name));
        self.fields.len() != before
    }

    /// Adds every line of this name that `other` has, byte for byte.
    pub fn copy_from(&mut self, other: &Headers, name: &str) {
        let name = canonical_str(name);
        self.fields.extend(other.fields.iter().filter(|(n, _)| same(n, name)).cloned());
    }

    /// Names and values in order.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.fields.iter().map(|(name, value)| (name.as_ref(), value))
    }

    /// Adds a tag to To where it has none; the rest of the line stays as it came.
    pub fn add_to_tag(&mut self, tag: &str) {
        if self.to().is_some_and(|to| to.tag().is_some()) {
            return;
        }
        if let Some((_, value)) = self.fields.iter_mut().find(|(n, _)| same(n, TO)) {
            value.append(&format!(";tag={tag}"));
        }
    }
}

#[inline]
fn same(a: &str, b: &str) -> bool {
    // Known names share one static spelling, so most comparisons end at the pointer.
    (std::ptr::eq(a, b)) || (a.len() == b.len() && a.eq_ignore_ascii_case(b))
}
