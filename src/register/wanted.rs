//! Which values of rows are read: what nobody asks for is neither fetched nor made.

use std::sync::Arc;

/// Names of values that somebody reads. Every value, unless it is narrowed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted(Option<Arc<[Box<str>]>>);

impl Wanted {
    /// Only these names; one that ends with a dot stands for all below it: `event.`.
    pub fn only<'a>(names: impl IntoIterator<Item = &'a str>) -> Wanted {
        let mut names: Vec<Box<str>> = names.into_iter().map(Box::from).collect();
        names.sort_unstable();
        names.dedup();
        Wanted(Some(names.into()))
    }

    /// Whether a value is read.
    pub fn has(&self, name: &str) -> bool {
        self.any(|known| known == name || known.ends_with('.') && name.starts_with(known))
    }

    /// Whether one of some values is read; a name that ends with a dot asks for any below it.
    pub fn has_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| if name.ends_with('.') { self.has_below(name) } else { self.has(name) })
    }

    /// Whether any value is read whose name begins with `prefix`, a word and a dot.
    pub fn has_below(&self, prefix: &str) -> bool {
        self.any(|known| known.starts_with(prefix))
    }

    fn any(&self, is_it: impl Fn(&str) -> bool) -> bool {
        self.0.as_ref().is_none_or(|names| names.iter().any(|known| is_it(known)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_read_unless_it_is_narrowed() {
        let all = Wanted::default();
        assert!(all.has("pack") && all.has_below("event.") && all.has_any(&["agent"]));
        let some = Wanted::only(["pack", "event.installer", "filled."]);
        assert!(some.has("pack") && some.has("event.installer") && some.has("filled.note"));
        assert!(!some.has("event.crew") && !some.has("phone") && !some.has("filled"));
        assert!(some.has_below("event.") && some.has_below("filled.") && !some.has_below("customer."));
        assert!(some.has_any(&["phone", "pack"]) && !some.has_any(&["phone", "name"]));
        assert!(some.has_any(&["phone", "event."]) && !some.has_any(&["phone", "customer."]));
        assert!(!Wanted::only([]).has("pack"));
    }
}
