//! A person wants a callback called at once (WIN-06). Where the rules allow it, the dialler does
//! so, or the person. Against the rules only a person dials, with a reason that is written down;
//! the dialler itself never breaks a window.

use serde::{Deserialize, Serialize};

use super::{Error, Planner, campaign, in_force};
use crate::base::{CallbackId, Timestamp};
use crate::calendar::Windows;
use crate::io::store::AuditLine;
use crate::io::web::Control;
use crate::plan::Candidate;
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
        let found = self.store().callback(id).await?;
        let missing = || crate::io::store::Error::NotFound { what: "callback", name: id.to_string() };
        let stored = found.ok_or_else(missing)?;
        if stored.callback.state != CallbackState::Open {
            let b = &stored.callback;
            return Err(Error::Refused(format!(
                "callback {id} is {} ({}): it is not to be called",
                b.state, b.reason.code
            )));
        }
        let settings = self.settings();
        let today = settings.calendar.date(now);
        let pack = &in_force(&settings, &stored.callback.pack, today)?.pack;
        let rule = pack.rule.get(&stored.callback.rule);
        let rule = rule.ok_or_else(|| {
            Error::Refused(format!("pack `{}` has no rule `{}`", pack.pack, stored.callback.rule))
        })?;
        let facts = self.day_facts(pack, today, vec![stored.clone()], now).await?;
        let customer = facts.customers.get(&stored.callback.customer);
        let customer =
            customer.ok_or_else(|| Error::Refused("the customer of the callback is gone".into()))?;
        let event = stored.callback.event.and_then(|id| facts.events.get(&id));
        let ledger = facts.ledgers.first().cloned().unwrap_or_default();
        let candidate = Candidate { callback: &stored.callback, customer, event, ledger };
        let Some((phone, _)) = candidate.number(rule) else {
            return Err(Error::Refused(format!("callback {id} has no number that can be dialled")));
        };
        let number = facts.numbers.get(&phone);
        if number.is_some_and(|n| n.in_call) {
            return Err(Error::Refused("a call to this number is up".into()));
        }
        let zone = settings.calendar.zone().iana_name().unwrap_or("UTC");
        let terms = campaign::settings(pack, rule, zone);
        let windows = terms.windows(&Windows::always(), &settings.calendar);
        let windows = windows
            .map_err(|e| Error::Refused(format!("the windows of rule `{}`: {e}", stored.callback.rule)))?;
        let named = |text: &str| (!text.is_empty()).then(|| Windows::parse(&[text], zone).ok()).flatten();
        let (quiet, preferred) = (named(&customer.quiet_hours), named(&customer.preferred_hours));
        let asked = Facts {
            now,
            hours: Hours { windows: &windows, quiet: quiet.as_ref(), preferred: preferred.as_ref() },
            due_at: None,
            appointment: false,
            deadline: Some(Deadline { at: stored.callback.deadline, goes_on: pack.attempts.after_deadline }),
            do_not_call: number.is_some_and(|n| n.do_not_call),
            attempts: 0,
            max_attempts: pack.attempts.max.max(1),
            caps: terms.caps_per_number(),
            calls: number.map_or(&[], |n| n.calls.as_slice()),
        };
        let because = match decide_by_hand(&asked, Hand { may_override: true, reason }) {
            ManualDecision::Dial { because } => {
                let detail = format!("{}: {reason}", because.detail);
                if let Some(list) =
                    self.store().due_at_once(id, by, detail.trim_end_matches(": "), now).await?
                {
                    self.tell(Control::ListGrown(list)).await;
                    return Ok(CallNow {
                        by: "dialler".into(),
                        phone: None,
                        code: because.code,
                        detail: because.detail,
                    });
                }
                because
            }
            ManualDecision::Overridden { because } => {
                let subject = format!("callback:{id}");
                let (action, detail) = (OVERRIDE_ACTION, because.detail.as_str());
                self.store()
                    .append_audit(&AuditLine { at: now, actor: by, action, subject: &subject, detail })
                    .await?;
                because
            }
            ManualDecision::Refused { because, can_be_overridden } => {
                let how = match can_be_overridden {
                    true => "give `override_reason` to dial it yourself all the same",
                    false => "nobody may call it; take the number off the list first",
                };
                return Err(Error::Refused(format!("{}: {}; {how}", because.code, because.detail)));
            }
        };
        Ok(CallNow {
            by: "hand".into(),
            phone: Some(phone.to_string()),
            code: because.code,
            detail: because.detail,
        })
    }
}
