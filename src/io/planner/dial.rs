//! Calls that agents begin: the guard's answer for a number that was dialled (WIN-06), the card
//! before the call, promised calls at their time (REM-03), and the robot's survey after a talk.

use std::time::Duration;

use super::by_hand::Wanted;
use super::edit::{Added, Manual};
use super::{ACTOR, Error, Planner, Settings, campaign};
use crate::archive::Customer;
use crate::base::{CallbackId, CustomerId, PhoneNumber, Timestamp};
use crate::calendar::Windows;
use crate::engine::{Clear, Clearance, DialOrder, no_number};
use crate::io::store::{self, DueAppointment, NewDial, Talk};
use crate::io::web::Control;
use crate::policy::pack::{Caps, Mode, Pack, Rule};
use crate::policy::{Deadline, ManualDecision, Reason, code};
use crate::ticket::{CALL_RULE, SURVEY_RULE};

/// How far back calls to a number count.
const CALLS_COUNT: Duration = Duration::from_secs(8 * 24 * 3_600);
/// How long the card of a callback is kept for one agent who neither dials nor skips.
pub const PREVIEW: Duration = Duration::from_secs(180);
/// Callbacks that are looked at for one that an agent may make.
const CARDS: usize = 50;
/// Surveys of one look.
const SURVEYS: u32 = 200;
/// Between two tries to bring a promised call to somebody.
const RING_AGAIN: Duration = Duration::from_secs(15);

/// Somebody whom an agent wants to call.
struct Party {
    wanted: Wanted,
    clearance: Clearance,
}

impl Planner {
    /// Asks the rules whether an agent may call, and writes the call down where they may.
    pub async fn clear(&self, asked: &Clear, now: Timestamp) -> Result<Clearance, Reason> {
        self.cleared(asked, now).await.unwrap_or_else(|error| match error {
            Error::Refused(text) => Err(Reason::new(code::NOT_PENDING, text)),
            other => Err(Reason::new(code::STORE, other.to_string())),
        })
    }

    async fn cleared(&self, asked: &Clear, now: Timestamp) -> Result<Result<Clearance, Reason>, Error> {
        if let Some(callback) = asked.callback
            && let Some(why) = self.why_not_by(callback, &asked.agent, now).await?
        {
            return Ok(Err(Reason::new(code::NOT_BY, why)));
        }
        let party = match asked.callback {
            Some(callback) => self.of_callback(callback, now).await?,
            None => match PhoneNumber::parse(&asked.number, None) {
                Ok((phone, _)) => self.of_number(phone, &asked.windows, now).await?,
                Err(_) => return Ok(Err(no_number(&asked.number))),
            },
        };
        let in_call = || Reason::new(code::NUMBER_IN_CALL, "a call with this number is up");
        if party.wanted.in_call {
            return Ok(Err(in_call()));
        }
        let overridden = match party.wanted.decide(now, &asked.override_reason) {
            ManualDecision::Dial { .. } => None,
            ManualDecision::Overridden { because } => Some(because.detail),
            ManualDecision::Refused { because, can_be_overridden } => {
                let how = match can_be_overridden {
                    true => "; only with a reason, by the star code or the API",
                    false => "",
                };
                return Ok(Err(Reason::new(&because.code, format!("{}{how}", because.detail))));
            }
        };
        let dial = NewDial {
            call: asked.call,
            agent: &asked.agent,
            phone: &party.clearance.phone,
            callback: asked.callback,
            overridden: overridden.as_deref(),
            at: now,
        };
        match self.store().begin_dial(&dial).await? {
            true => Ok(Ok(party.clearance)),
            false => Ok(Err(in_call())),
        }
    }

    async fn of_callback(&self, id: CallbackId, now: Timestamp) -> Result<Party, Error> {
        let wanted = self.wanted(id, now).await?;
        let card = self.card(id, now).await?;
        let stored = self.store().callback(id).await?;
        let customer = match stored.map(|stored| stored.callback.customer) {
            Some(customer) => self.customer_by_id(customer).await?,
            None => None,
        };
        let (name, language) = customer.map(|c| (c.name, c.language)).unwrap_or_default();
        let mut fields = card.facts;
        fields.insert("callback".into(), id.to_string());
        let phone = wanted.phone.clone();
        Ok(Party { wanted, clearance: Clearance { phone, name, language, fields } })
    }

    /// Whoever has the number: a customer with the hours and caps of their pack, or a stranger
    /// with the hours of the dialler.
    async fn of_number(&self, phone: PhoneNumber, windows: &Windows, now: Timestamp) -> Result<Party, Error> {
        let settings = self.settings();
        let since = Timestamp(now.0 - i64::try_from(CALLS_COUNT.as_millis()).unwrap_or(i64::MAX));
        let ledgers = self.store().number_ledgers(std::slice::from_ref(&phone), since).await?;
        let ledger = ledgers.get(&phone).cloned().unwrap_or_default();
        let customer = self.customer_with(&settings, &phone, now).await?;
        let terms = customer.as_ref().and_then(|customer| Terms::of(&settings, customer, now));
        let zone = settings.calendar.zone().iana_name().unwrap_or("UTC");
        let named = |text: &str| (!text.is_empty()).then(|| Windows::parse(&[text], zone).ok()).flatten();
        let own = |field: fn(&Customer) -> &str| customer.as_ref().and_then(|c| named(field(c)));
        let wanted = Wanted {
            quiet: own(|c| &c.quiet_hours),
            preferred: own(|c| &c.preferred_hours),
            deadline: Deadline { at: Timestamp(i64::MAX), goes_on: true },
            max_attempts: 1,
            caps: terms.as_ref().map_or(Caps::NONE, |terms| terms.caps),
            calls: ledger.calls,
            do_not_call: ledger.do_not_call,
            in_call: ledger.in_call,
            windows: terms.map_or_else(|| windows.clone(), |terms| terms.windows),
            phone: phone.clone(),
        };
        let mut clearance =
            Clearance { phone, name: String::new(), language: String::new(), fields: Default::default() };
        if let Some(customer) = customer {
            clearance.fields = customer.fields;
            clearance.fields.insert("customer".into(), customer.id.to_string());
            (clearance.name, clearance.language) = (customer.name, customer.language);
        }
        Ok(Party { wanted, clearance })
    }

    /// The customer who has this number now, of the first pack that is in force.
    async fn customer_with(
        &self,
        settings: &Settings,
        phone: &PhoneNumber,
        now: Timestamp,
    ) -> Result<Option<Customer>, Error> {
        let today = settings.calendar.date(now);
        let rows = self.store().customers_of_phone(phone.as_str()).await?;
        let of = rows.iter().find(|(pack, ..)| settings.policies.in_force(pack, today).is_some());
        match of.or(rows.first()) {
            Some((_, id, ..)) => self.customer_by_id(CustomerId(*id)).await,
            None => Ok(None),
        }
    }

    async fn customer_by_id(&self, id: CustomerId) -> Result<Option<Customer>, Error> {
        Ok(self.store().customers_by_id(&[id]).await?.into_values().next())
    }

    /// The next callback of today that this agent is to call, of the rules that suit them; its card stays theirs for
    /// [`PREVIEW`].
    ///
    /// # Errors
    /// Those of the store.
    pub async fn preview_next(
        &self,
        agent: &str,
        suits: &(dyn Fn(&Rule) -> bool + Sync),
        now: Timestamp,
    ) -> Result<Option<CallbackId>, Error> {
        let settings = self.settings();
        let today = settings.calendar.date(now);
        let rules: Vec<String> = settings
            .policies
            .all_in_force(today)
            .flat_map(|policy| {
                let by_agents =
                    policy.pack.rule.iter().filter(|(_, rule)| rule.mode == Mode::Agent && suits(rule));
                by_agents.map(|(id, _)| campaign::name(&policy.pack.pack, id))
            })
            .collect();
        let day = today.to_string();
        let mut passed_over = Vec::new();
        for _ in 0..CARDS {
            let found = self.store().next_card((agent, &day, &rules), &passed_over, now).await?;
            let Some(callback) = found else { return Ok(None) };
            // Another agent calls where this one is rated; and another may be faster.
            if self.why_not_by(callback, agent, now).await?.is_none()
                && self.store().take_card(callback, agent, now, now + PREVIEW).await?
            {
                return Ok(Some(callback));
            }
            passed_over.push(callback);
        }
        Ok(None)
    }

    /// Opens the card of one callback for an agent, who keeps it for [`PREVIEW`].
    ///
    /// # Errors
    /// [`Error::Refused`] where it is not theirs to make, another agent has its card, or it is over.
    pub async fn preview_this(&self, agent: &str, callback: CallbackId, now: Timestamp) -> Result<(), Error> {
        if let Some(why) = self.why_not_by(callback, agent, now).await? {
            return Err(Error::Refused(why));
        }
        match self.store().choose_card(callback, agent, now, now + PREVIEW).await? {
            true => Ok(()),
            false => Err(Error::Refused(format!(
                "callback {callback} is over, or another agent has its card: choose another one"
            ))),
        }
    }

    /// The order to dial what an agent has open.
    ///
    /// # Errors
    /// [`Error::Refused`] where nothing is open for them, or it has no number.
    pub async fn dial_card(&self, agent: &str, reason: &str, now: Timestamp) -> Result<DialOrder, Error> {
        let none = || Error::Refused(format!("no card is open for `{agent}`: ask for the next one first"));
        let (callback, phone) = self.store().card_of(agent, now).await?.ok_or_else(none)?;
        let number = phone.ok_or_else(|| Error::Refused(format!("callback {callback} has no number")))?;
        let callback = Some(callback);
        Ok(DialOrder { agent: agent.to_owned(), number, override_reason: reason.to_owned(), callback })
    }

    /// Rings whoever promised a call at its time, else their deputy. Gives when to look again.
    pub(super) async fn ring_appointments(
        &self,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, Error> {
        let mut again = None;
        for due in self.store().due_appointments(now).await? {
            let rule = rule_of(settings, &due, now);
            let Some(rule) = rule.filter(|rule| rule.mode == Mode::Agent) else { continue };
            if !self.ring_for(&due, &rule.caller.deputy).await {
                again = Some(now + RING_AGAIN);
            }
        }
        let next = self.store().next_appointment(now).await?;
        Ok([again, next].into_iter().flatten().min())
    }

    /// Whether somebody's telephone rings for a promised call.
    async fn ring_for(&self, due: &DueAppointment, deputy: &str) -> bool {
        for agent in [due.assignee.as_str(), deputy].into_iter().filter(|name| !name.is_empty()) {
            let order = DialOrder {
                agent: agent.to_owned(),
                number: due.phone.clone(),
                override_reason: String::new(),
                callback: Some(CallbackId(due.id)),
            };
            match self.parts.control.ask(Control::Dial { order, by: ACTOR.into() }).await {
                Ok(_) => return true,
                Err(error) => {
                    tracing::warn!(agent, callback = due.id, %error, "a promised call does not ring")
                }
            }
        }
        false
    }

    /// Customers who talked with an agent and gave no rating get one call of the robot, where the
    /// company wants that. Gives whether more wait.
    pub(super) async fn owe_surveys(&self, settings: &Settings, now: Timestamp) -> Result<bool, Error> {
        let talks = self.store().owed_surveys(SURVEYS).await?;
        for talk in &talks {
            let called = settings.survey_after_agents
                && talk.rated == 0
                && self.owe_survey(settings, talk, now).await?;
            self.store().settle_survey(&talk.id, called).await?;
        }
        Ok(talks.len() == SURVEYS as usize)
    }

    async fn owe_survey(&self, settings: &Settings, talk: &Talk, now: Timestamp) -> Result<bool, Error> {
        let Ok(phone) = talk.phone.parse::<PhoneNumber>() else { return Ok(false) };
        let Some(customer) = self.customer_with(settings, &phone, now).await? else { return Ok(false) };
        let manual = Manual {
            customer: customer.id,
            pack: None,
            rule: Some(SURVEY_RULE.to_owned()),
            day: settings.calendar.date(now),
            deadline: settings.calendar.date(now).tomorrow().ok(),
            assignee: String::new(),
            note: format!("talk with {} without a rating", talk.agent),
            reason: format!("the call {} ended without a rating", talk.id),
        };
        match self.add(&Added::Manual(manual), ACTOR, now).await {
            Ok(_) => Ok(true),
            // One survey a day is enough; a pack that is not in force asks for none.
            Err(Error::Refused(_) | Error::NoPack(_) | Error::Store(store::Error::Exists { .. })) => {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }
}

/// Hours and caps of a customer's pack, as for a call of a ticket: a person calls.
struct Terms {
    windows: Windows,
    caps: Caps,
}

impl Terms {
    fn of(settings: &Settings, customer: &Customer, now: Timestamp) -> Option<Terms> {
        let pack = &settings.policies.in_force(&customer.pack, settings.calendar.date(now))?.pack;
        let terms = campaign::settings(pack, by_person(pack)?, settings.calendar.zone().iana_name()?);
        let windows = terms.windows(&Windows::always(), &settings.calendar).ok()?;
        Some(Terms { windows, caps: terms.caps_per_number() })
    }
}

fn by_person(pack: &Pack) -> Option<&Rule> {
    pack.rule.get(CALL_RULE).or_else(|| pack.rule.values().next())
}

fn rule_of<'a>(settings: &'a Settings, due: &DueAppointment, now: Timestamp) -> Option<&'a Rule> {
    settings.policies.in_force(&due.pack, settings.calendar.date(now))?.pack.rule.get(&due.rule)
}
