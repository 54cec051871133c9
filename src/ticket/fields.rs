//! What a ticket's fields say, and what is asked for and not there.

use super::act::Refusal;
use super::changes::Work;
use super::pack::{Kind, Need};
use super::record::Ticket;
use crate::policy::pack::{Condition, holds_all};

/// Longest value of a field, in characters.
const MAX_VALUE_CHARS: usize = 4_000;
/// Fields of one ticket.
const MAX_FIELDS: usize = 200;

impl Ticket {
    /// Whether all conditions hold for this ticket.
    pub(super) fn holds(&self, conditions: &[Condition]) -> bool {
        holds_all(conditions, |name| self.field(name))
    }

    /// Fields that closing asks for and that are empty.
    pub(super) fn missing(&self, needs: &[Need]) -> Vec<String> {
        let missing = |need: &&Need| self.holds(&need.when) && self.field(&need.field).is_none();
        needs.iter().filter(missing).map(|need| need.field.clone()).collect()
    }
}

impl Work<'_> {
    /// The type of the ticket; one that the file has dropped asks for nothing.
    pub fn kind(&self) -> Kind {
        self.rules.pack.kind.get(&self.out.ticket.kind).cloned().unwrap_or_default()
    }

    /// Takes fields over; the ticket's own words are set where they belong.
    pub fn fill<'f>(
        &mut self,
        fields: impl IntoIterator<Item = (&'f String, &'f String)>,
    ) -> Result<Vec<String>, Refusal> {
        let mut changed = Vec::new();
        for (name, value) in fields {
            let value = value.trim();
            if value.chars().count() > MAX_VALUE_CHARS || name.is_empty() || name.chars().count() > 60 {
                let hint =
                    format!("write names of at most 60 and values of at most {MAX_VALUE_CHARS} characters");
                return Err(Refusal::field(name, "the field is too long", hint));
            }
            if self.out.ticket.field(name) == Some(value) {
                continue;
            }
            self.set(name, value)?;
            changed.push(name.clone());
        }
        if self.out.ticket.fields.len() > MAX_FIELDS {
            let detail = format!("a ticket has at most {MAX_FIELDS} fields");
            return Err(Refusal::field("fields", detail, "put the rest into a comment or a file"));
        }
        Ok(changed)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), Refusal> {
        let ticket = &mut self.out.ticket;
        match name {
            "severity" if !["ordinary", "serious", "major"].contains(&value) => {
                return Err(Refusal::field(
                    "severity",
                    format!("`{value}` is none"),
                    "write ordinary, serious or major",
                ));
            }
            "severity" => ticket.severity = value.to_owned(),
            "category" => {
                ticket.category = value.to_owned();
                if let Some(department) = self.rules.pack.departments.get(value) {
                    ticket.department = department.clone();
                }
            }
            "department" => ticket.department = value.to_owned(),
            "name" => ticket.name = value.to_owned(),
            "phone" => ticket.phone = value.to_owned(),
            "matter" => ticket.matter = value.to_owned(),
            "region" => ticket.region = value.to_owned(),
            "kind" | "source" | "escalated" => {
                return Err(Refusal::field(
                    name,
                    "it is not edited",
                    "open another ticket and join this one to it",
                ));
            }
            _ if value.is_empty() => {
                ticket.fields.remove(name);
            }
            _ => {
                ticket.fields.insert(name.to_owned(), value.to_owned());
            }
        }
        Ok(())
    }

    /// Refuses a caller whom nobody knows until they were asked who they are, and told back what they said.
    pub fn identify(&self) -> Result<(), Refusal> {
        self.need(&self.rules.pack.strangers, "a caller whom nobody knows")?;
        let is_no = |name: &&String| matches!(self.out.ticket.field(name), Some("no" | "false" | "0" | "否"));
        match self.rules.pack.strangers.iter().find(is_no) {
            Some(name) => {
                let hint = "ask the caller and tick it: yes";
                Err(Refusal::field(name, format!("`{name}` is not done yet"), hint))
            }
            None => Ok(()),
        }
    }

    /// Refuses where one of these fields is empty.
    pub fn need<'f>(&self, names: impl IntoIterator<Item = &'f String>, what: &str) -> Result<(), Refusal> {
        for name in names {
            if self.out.ticket.field(name).is_none() {
                let detail = format!("{what} asks for `{name}`");
                return Err(Refusal::field(name, detail, "fill it in with the same request, or before"));
            }
        }
        Ok(())
    }
}
