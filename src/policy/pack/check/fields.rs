//! Fields that no event and no customer has.

use std::collections::BTreeSet;

use super::Check;
use crate::archive::Segment;
use crate::policy::pack::condition::{OWN_FIELDS, parts_of_quotient};
use crate::policy::pack::{Anchor, Condition, EventKind, Intake, Rule, Target};
use crate::written::nearest;

/// What every row of a list has besides the fields of its event.
const ROW_FIELDS: &[&str] = &["external_id", "matter", "at", "name", "phone"];

impl Check<'_> {
    pub(super) fn fields(&mut self) {
        for (id, rule) in &self.pack.rule {
            let known = self.fields_of(rule);
            self.conditions(&["rule", id, "when"], &rule.when, &known);
            self.conditions(&["rule", id, "close_requires_when"], &rule.close_requires_when, &known);
            for choice in &rule.scripts {
                self.conditions(&["rule", id, "scripts"], &choice.when, &known);
            }
            for (key, anchor) in
                [("anchor", Some(&rule.anchor)), ("deadline_anchor", rule.deadline_anchor.as_ref())]
            {
                if let Some(Anchor::Field(field)) = anchor {
                    self.field(&["rule", id, key], field, &known, "so its dates can never be computed");
                }
            }
            if let Target::Field(field) = &rule.target {
                self.field(&["rule", id, "target"], field, &known, "so there is nobody to call");
            }
            for (function, field) in &rule.rates {
                self.field(&["rule", id, "rates", function], field, &known, "so nobody is rated");
            }
            let strata = rule.on.sample.as_ref().map_or("", |sample| sample.strata.as_str());
            if !strata.is_empty() {
                self.field(
                    &["rule", id, "on", "sample", "strata"],
                    strata,
                    &known,
                    "so all are drawn together",
                );
            }
        }
        for (name, intake) in &self.pack.intake {
            let known = self.fields_of_rows(intake);
            self.conditions(&["intake", name, "only"], &intake.only, &known);
            for reject in &intake.reject {
                self.conditions(&["intake", name, "reject"], &reject.when, &known);
            }
        }
    }

    /// Fields that a rule may ask for: of the events that trigger it, else of all, and the
    /// customer's.
    fn fields_of(&self, rule: &Rule) -> BTreeSet<String> {
        let kinds = rule.on.kinds();
        let follows = rule.on.after.is_some() || rule.on.manual;
        let events = self.pack.event.iter();
        let seen = events.filter(|(kind, _)| follows || kinds.contains(&kind.as_str()));
        self.customer_fields().chain(seen.flat_map(|(_, event)| of_event(event))).collect()
    }

    fn fields_of_rows(&self, intake: &Intake) -> BTreeSet<String> {
        let kinds = intake.event_by.values().flat_map(|by| by.values()).chain([&intake.event]);
        let events = kinds.filter_map(|kind| self.pack.event.get(kind)).flat_map(of_event);
        let rows = ROW_FIELDS.iter().map(|field| (*field).to_owned());
        let columns = intake.columns.values().cloned().chain(intake.event_by.keys().cloned());
        self.customer_fields().chain(events).chain(rows).chain(columns).collect()
    }

    fn customer_fields(&self) -> impl Iterator<Item = String> {
        let own = OWN_FIELDS.iter().map(|field| (*field).to_owned());
        own.chain(self.pack.customer.keys().cloned())
    }

    fn conditions(&mut self, path: &[&str], conditions: &[Condition], known: &BTreeSet<String>) {
        for condition in conditions {
            match parts_of_quotient(&condition.field).filter(|_| !known.contains(&condition.field)) {
                Some((above, below)) => {
                    for part in [above, below] {
                        self.field(path, part, known, "so the condition sees no number");
                    }
                }
                None => self.field(path, &condition.field, known, "so the condition sees nothing"),
            }
            if !condition.differs_from.is_empty() {
                self.field(path, &condition.differs_from, known, "so the condition sees nothing");
            }
        }
    }

    fn field(&mut self, path: &[&str], field: &str, known: &BTreeSet<String>, so: &str) {
        // Segments are made by people at any time: see `crate::archive::Segment`.
        if known.contains(field) || field.starts_with(Segment::PREFIX) {
            return;
        }
        let words: Vec<&str> = known.iter().map(String::as_str).collect();
        let hint = match nearest(field, words.iter().copied()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "add it to `fields` of the event, or to [customer]".into(),
        };
        self.error(path, format!("no event or customer here has a field `{field}`, {so}"), hint);
    }
}

fn of_event(event: &EventKind) -> impl Iterator<Item = String> + '_ {
    event.required.iter().chain(event.fields.keys()).cloned()
}
