//! A person wants a callback called at once (WIN-06). Where the rules allow it, the dialler does
//! so, or the person. Against the rules only a person dials, with a reason that is written down;
//! the dialler itself never breaks a window.

use serde::{Deserialize, Serialize};

use super::{Error, Planner, campaign, in_force};
use crate::base::{CallbackId, PhoneNumber, Timestamp};
use crate::calendar::Windows;
use crate::io::store::AuditLine;
use crate::io::web::Control;
use crate::plan::Candidate;
use crate::policy::pack::Caps;
use crate::policy::{
    CallbackState, Deadline, Facts, Hand, Hours, ManualDecision, OVERRIDE_ACTION, decide_by_hand,
};

/// What becomes of a call that a person wants at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CallNow {
    /// `dialler`: it calls as soon as a line is free; `hand`: the person dials themselves.
    pub by: String,
    /// The number to dial; null where the dialler does.
    pub phone: Option<String>,
    /// `due`, or `overridden`.
    pub code: String,
    /// The rules that spoke against it, and the reason given.
    pub detail: String,
}

/// A callback that is to be called, with all that the rules ask of a call.
pub(super) struct Wanted {
    pub phone: PhoneNumber,
    pub windows: Windows,
    pub quiet: Option<Windows>,
    pub preferred: Option<Windows>,
    pub deadline: Deadline,
    pub max_attempts: u32,
    pub caps: Caps,
    pub calls: Vec<Timestamp>,
    pub do_not_call: bool,
    pub in_call: bool,
}

impl Wanted {
    pub fn decide(&self, now: Timestamp, reason: &str) -> ManualDecision {
        let (quiet, preferred) = (self.quiet.as_ref(), self.preferred.as_ref());
        let asked = Facts {
            now,
            hours: Hours { windows: &self.windows, quiet, preferred },
            due_at: None,
            appointment: false,
            deadline: Some(self.deadline),
            do_not_call: self.do_not_call,
            attempts: 0,
            max_attempts: self.max_attempts,
            caps: self.caps,
            calls: &self.calls,
        };
        decide_by_hand(&asked, Hand { may_override: true, reason })
    }
}

impl Planner {
    /// Asks the rules whether a callback may be called at this moment, and lets it.
    ///
    /// # Errors
    /// [`Error::Refused`] with the rule that speaks against it, where no reason is given or none
    /// would do.
    pub async fn call_now(
        &self,
        id: CallbackId,
        reason: &str,
        by: &str,
        now: Timestamp,
    ) -> Result<CallNow, Error> {
        let wanted = self.wanted(id, now).await?;
        let (code, detail) = match wanted.decide(now, reason) {
            ManualDecision::Dial { because } => {
                if let Some(list) = self.store().due_at_once(id, by, &because.detail, now).await? {
                    self.tell(Control::ListGrown(list)).await;
                    let (code, detail) = (because.code, because.detail);
                    return Ok(CallNow { by: "dialler".into(), phone: None, code, detail });
                }
                (because.code, because.detail)
            }
            ManualDecision::Overridden { because } => {
                let subject = format!("callback:{id}");
                let (action, detail) = (OVERRIDE_ACTION, because.detail.as_str());
                let line = AuditLine { at: now, actor: by, action, subject: &subject, detail };
                self.store().append_audit(&line).await?;
                (because.code, because.detail)
            }
            ManualDecision::Refused { because, can_be_overridden } => {
                let how = match can_be_overridden {
                    true => "give `override_reason` to dial it yourself all the same",
                    false => "nobody may call it; take the number off the list first",
                };
                return Err(Error::Refused(format!("{}: {}; {how}", because.code, because.detail)));
            }
        };
        Ok(CallNow { by: "hand".into(), phone: Some(wanted.phone.to_string()), code, detail })
    }

    pub(super) async fn wanted(&self, id: CallbackId, now: Timestamp) -> Result<Wanted, Error> {
        let found = self.store().callback(id).await?;
        let missing = || crate::io::store::Error::NotFound { what: "callback", name: id.to_string() };
        let stored = found.ok_or_else(missing)?;
        let b = &stored.callback;
        let refused = |text: String| Error::Refused(format!("callback {id}: {text}"));
        if b.state != CallbackState::Open {
            return Err(refused(format!("it is {} ({}) and not to be called", b.state, b.reason.code)));
        }
        let settings = self.settings();
        let today = settings.calendar.date(now);
        let pack = &in_force(&settings, &b.pack, today)?.pack;
        let rule = pack.rule.get(&b.rule);
        let rule = rule.ok_or_else(|| refused(format!("pack `{}` has no rule `{}`", pack.pack, b.rule)))?;
        let facts = self.day_facts(pack, today, vec![stored.clone()], now).await?;
        let customer = facts.customers.get(&b.customer);
        let customer = customer.ok_or_else(|| refused("its customer is gone".into()))?;
        let event = b.event.and_then(|id| facts.events.get(&id));
        let ledger = facts.ledgers.first().cloned().unwrap_or_default();
        let number = Candidate { callback: b, customer, event, ledger }.number(rule);
        let (phone, _) = number.ok_or_else(|| refused("it has no number that can be dialled".into()))?;
        let number = facts.numbers.get(&phone).cloned().unwrap_or_default();
        if number.in_call {
            return Err(refused("a call to its number is up".into()));
        }
        let zone = settings.calendar.zone().iana_name().unwrap_or("UTC");
        let terms = campaign::settings(pack, rule, zone);
        let windows = terms.windows(&Windows::always(), &settings.calendar);
        let named = |text: &str| (!text.is_empty()).then(|| Windows::parse(&[text], zone).ok()).flatten();
        Ok(Wanted {
            windows: windows.map_err(|e| refused(format!("the windows of its rule: {e}")))?,
            quiet: named(&customer.quiet_hours),
            preferred: named(&customer.preferred_hours),
            deadline: Deadline { at: b.deadline, goes_on: pack.attempts.after_deadline },
            max_attempts: pack.attempts.max.max(1),
            caps: terms.caps_per_number(),
            calls: number.calls,
            do_not_call: number.do_not_call,
            in_call: false,
            phone,
        })
    }
}
