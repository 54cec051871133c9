//! A department that the robot called about its ticket: it acknowledges by key, or reports its stage.

use std::collections::BTreeMap;

use super::{Error, TicketDesk};
use crate::base::Timestamp;
use crate::io::store::ticket::{EndedCall, Linked};
use crate::ticket::{Act, Role, Ticket, Who};

/// The question of the script whose keys these are.
const QUESTION: &str = "act";
/// What is received.
const ACKNOWLEDGED: &str = "1";
/// What is dealt with; what was done is left by voice.
const DONE: &str = "2";

impl TicketDesk {
    /// Carries out what the department pressed. What the rules refuse, because somebody else was
    /// faster, is written down and no fault.
    pub(super) async fn department_answered(
        &self,
        call: &EndedCall,
        ticket: i64,
        department: String,
        linked: &Linked,
        now: Timestamp,
    ) -> Result<(), Error> {
        let key = self.store().key_pressed(&call.id, QUESTION).await?.unwrap_or_default();
        let name = format!("{department} (by telephone)");
        let who = Who { name, role: Role::Department, holds: vec![department.clone()] };
        let found = self.ticket(ticket).await?;
        let act = match key.as_str() {
            ACKNOWLEDGED => Some(Act::Acknowledge { department: String::new() }),
            DONE => report(&found, call),
            _ => None,
        };
        if let Some(act) = act {
            match self.act_with(ticket, &act, linked, &who, now).await {
                Err(Error::Refused(refusal)) => {
                    let text = format!("the key {key} of {department} by telephone: {refusal}");
                    self.act_with(ticket, &Act::Comment(text), linked, &Who::daemon(), now).await?;
                }
                done => drop(done?),
            }
            return Ok(());
        }
        let text = format!("{department} was called and pressed no key that counts: {}", call.disposition);
        self.act_with(ticket, &Act::Comment(text), linked, &Who::daemon(), now).await?;
        Ok(())
    }
}

/// The stage that the department owes, with what it must be reported with: the words that were left.
fn report(ticket: &Ticket, call: &EndedCall) -> Option<Act> {
    let stage = ticket.owed().find(|stage| stage.rule.by == "department").or_else(|| ticket.owed().next())?;
    let words = match call.voice {
        Some(seq) => format!("/api/v1/calls/{}/answers/{seq}/comment", call.id),
        None => format!("by key in call {}", call.id),
    };
    let missing = stage.rule.requires.iter().filter(|field| ticket.field(field).is_none());
    let fields: BTreeMap<String, String> = missing.map(|field| (field.clone(), words.clone())).collect();
    Some(Act::Report { stage: stage.rule.id.clone(), result: "done".into(), fields })
}
