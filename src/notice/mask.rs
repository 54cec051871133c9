//! What notices do not show: numbers and names of customers, by the rules of their pack.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::base;

/// What is covered for one pack.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mask {
    /// Telephone numbers: `138****0001`.
    pub phones: bool,
    /// Names of customers: `张*`.
    pub names: bool,
    /// Whether what was said in callbacks may be shared at all (X25: not of patients).
    pub share: bool,
    /// Departments and persons who see all of it, for they treat the case; never by a robot of
    /// a group.
    pub open_to: Vec<String>,
}

impl Default for Mask {
    fn default() -> Self {
        Mask { phones: true, names: true, share: true, open_to: Vec::new() }
    }
}

/// The masks of all packs: `masks.toml`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Masks {
    /// Facts that are telephone numbers.
    pub phones: BTreeSet<String>,
    /// Facts that are names of customers.
    pub names: BTreeSet<String>,
    /// Packs that are named nowhere below.
    pub default: Mask,
    /// Packs by id.
    pub pack: BTreeMap<String, Mask>,
}

impl Masks {
    /// The mask of a pack.
    pub fn of(&self, pack: &str) -> &Mask {
        self.pack.get(pack).unwrap_or(&self.default)
    }

    /// The facts as `to` may see them by a channel; `group`: by a robot of a group.
    pub fn cover(
        &self,
        pack: &str,
        to: &str,
        group: bool,
        facts: &BTreeMap<String, String>,
    ) -> BTreeMap<String, String> {
        let mask = self.of(pack);
        if !group && !to.is_empty() && mask.open_to.iter().any(|who| who == to) {
            return facts.clone();
        }
        let names: Vec<(&str, String)> = facts
            .iter()
            .filter(|(key, name)| mask.names && self.names.contains(*key) && name.chars().count() > 1)
            .map(|(_, name)| (name.as_str(), cover_name(name)))
            .collect();
        let covered = |(key, value): (&String, &String)| {
            let mut shown = value.clone();
            if mask.names && self.names.contains(key) {
                shown = cover_name(value);
            }
            for (name, with) in &names {
                shown = shown.replace(name, with);
            }
            if mask.phones {
                shown = match self.phones.contains(key) {
                    true => base::mask(&shown),
                    false => base::mask_numbers(&shown),
                };
            }
            (key.clone(), shown)
        };
        facts.iter().map(covered).collect()
    }
}

/// The first character of a name in Chinese, the first letter of others.
fn cover_name(name: &str) -> String {
    let mut letters = name.chars();
    let Some(first) = letters.next() else { return String::new() };
    let rest = letters.count();
    let stars = if first.is_ascii() { 3 } else { rest.min(2) };
    format!("{first}{}", "*".repeat(stars.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masks() -> Masks {
        let text = "phones = [\"phone\"]\nnames = [\"customer\"]\n\
                    [pack.hospital]\nshare = false\nopen_to = [\"主治医生\"]\n";
        toml::from_str(text).unwrap()
    }

    fn facts() -> BTreeMap<String, String> {
        [
            ("phone", "13800000001"),
            ("customer", "张小三"),
            ("note", "张小三 请回电 13800000001 或 02161234567,订单 2026030200017"),
            ("order", "138000000012"),
        ]
        .into_iter()
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .collect()
    }

    #[test]
    fn not_02_numbers_and_names_are_covered_wherever_they_stand() {
        let shown = masks().cover("wh", "", false, &facts());
        assert_eq!(shown["phone"], "138****0001");
        assert_eq!(shown["customer"], "张**");
        assert_eq!(shown["note"], "张** 请回电 138****0001 或 021****4567,订单 2026030200017");
        assert_eq!(shown["order"], "138000000012", "twelve digits are no mobile number");
    }

    #[test]
    fn only_the_department_of_a_patient_sees_who_it_is_and_never_by_a_group() {
        let masks = masks();
        assert_eq!(masks.cover("hospital", "主治医生", false, &facts()), facts());
        assert_eq!(masks.cover("hospital", "主治医生", true, &facts())["customer"], "张**");
        assert_eq!(masks.cover("hospital", "", false, &facts())["phone"], "138****0001");
        assert!(!masks.of("hospital").share && masks.of("other").share);
    }

    #[test]
    fn names_of_other_languages_keep_one_letter() {
        assert_eq!(cover_name("Smith"), "S***");
        assert_eq!(cover_name("王"), "王*");
        assert_eq!(cover_name("欧阳娜娜"), "欧**");
        assert_eq!(cover_name(""), "");
    }
}
