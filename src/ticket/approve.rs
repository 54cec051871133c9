//! Approvals: who may sign, in which order, and who hears of what was waiting for it.

use std::collections::BTreeMap;

use super::act::{Refusal, Role};
use super::changes::Work;
use super::pack::ApprovalRule;
use super::record::{Approval, Signature, Stage, Ticket};

impl Ticket {
    /// Whether an approval is signed.
    pub(super) fn is_signed(&self, id: &str) -> bool {
        self.approvals.iter().any(|approval| approval.id == id)
    }

    /// Whether everything is signed that a stage waits for.
    pub(super) fn is_cleared(&self, stage: &Stage) -> bool {
        stage.rule.approvals.iter().all(|id| self.is_signed(id))
    }
}

impl Work<'_> {
    /// Signs an approval.
    pub fn approve(
        &mut self,
        id: &str,
        signed_by: &str,
        fields: &BTreeMap<String, String>,
    ) -> Result<(), Refusal> {
        let kind = self.kind();
        let Some(place) = kind.approval.iter().position(|a| a.id == id) else {
            let known: Vec<&str> = kind.approval.iter().map(|a| a.id.as_str()).collect();
            let hint = format!("this type has {}", known.join(", "));
            return Err(Refusal::field("approval", format!("`{id}` is no approval of it"), hint));
        };
        if self.out.ticket.is_signed(id) {
            return Err(Refusal::Conflict(format!("`{id}` is signed already")));
        }
        let by = self.signer(&kind.approval[place], signed_by.trim())?;
        let before = kind.approval[..place]
            .iter()
            .find(|a| !a.optional && self.out.ticket.holds(&a.when) && !self.out.ticket.is_signed(&a.id));
        if let Some(before) = before {
            return Err(Refusal::Conflict(format!("`{}` signs before `{id}`", before.id)));
        }
        self.fill(fields)?;
        self.need(&kind.approval[place].requires, &format!("approval `{id}`"))?;
        let signed = Signature { by: by.clone(), at: self.now };
        self.ticket().approvals.push(Approval { id: id.to_owned(), signed });
        self.log("approved", format!("{id} by {by}"));
        self.tell_cleared(id);
        Ok(())
    }

    /// The name under the signature: of whoever holds the role, or of the person for whom a
    /// supervisor enters what was signed on paper.
    fn signer(&self, rule: &ApprovalRule, signed_by: &str) -> Result<String, Refusal> {
        let who = self.who;
        if !signed_by.is_empty() {
            return match who.role {
                Role::Supervisor => Ok(format!("{signed_by} (entered by {})", who.name)),
                _ => Err(Refusal::Forbidden("only a supervisor enters what another person signed".into())),
            };
        }
        let role = if rule.by.is_empty() { String::new() } else { self.role(&rule.by) };
        if role.is_empty() || who.holds.contains(&role) || who.name == role {
            return Ok(who.name.clone());
        }
        Err(Refusal::Forbidden(format!(
            "`{}` is signed by {role}, and {} does not hold that role: give their token the role, or let a \
             supervisor enter it with `signed_by`",
            rule.id, who.name
        )))
    }

    /// Whoever does a stage hears of it once everything is signed that it waits for (TKT-34).
    fn tell_cleared(&mut self, id: &str) {
        let ticket = &self.out.ticket;
        let cleared = |at: &usize| {
            let stage = &ticket.stages[*at];
            stage.rule.approvals.iter().any(|known| known == id) && ticket.is_cleared(stage)
        };
        let cleared: Vec<usize> =
            (0..ticket.stages.len()).filter(cleared).filter(|at| self.is_owed(*at)).collect();
        for at in cleared {
            self.tell_stage(at);
        }
    }
}
