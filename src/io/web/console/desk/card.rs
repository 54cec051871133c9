//! The customer's card as the desk shows it: of the call, or of the callback that is looked at before it.

use std::collections::BTreeMap;

use super::super::super::api::call_card::{CardChoice, CardPhrase, CardQuestion};
use super::super::super::api::{AgentCard, CallCard, CallView, CustomerCard};
use super::super::super::mask::mask_numbers;
use super::super::calls::class_of;
use super::super::choice::Fact;
use super::super::frame::Frame;
use super::super::tickets::Titles;
use super::names::Names;
use super::promised::{About, Promised, promised};
use crate::evidence::PhraseKind;
use crate::io::store::archive::read::EventRow;
use crate::io::store::ticket::TicketRow;

/// Calls and events of the past that are shown.
const PAST: usize = 8;

/// One step of the script.
pub(super) struct Step {
    pub word: String,
    pub label: String,
    pub text: Vec<String>,
    pub is_required: bool,
    /// `done`, `skipped`, or empty.
    pub mark: String,
    /// It is the one to do now.
    pub is_next: bool,
}

/// One question with what can be chosen.
pub(super) struct Question {
    pub name: String,
    pub text: String,
    pub choices: Vec<(String, String)>,
}

/// A field that the rule wants.
pub(super) struct Wanted {
    pub name: String,
    pub label: String,
    pub value: String,
    pub is_missing: bool,
}

/// Something to say.
pub(super) struct Phrase {
    pub title: String,
    pub any: Vec<String>,
    pub is_required: bool,
}

/// Something that happened with the customer.
pub(super) struct Past {
    pub at: i64,
    pub what: String,
    pub detail: String,
    pub href: String,
    pub class: &'static str,
}

/// An open ticket of the customer.
pub(super) struct Open {
    pub id: i64,
    pub number: String,
    pub what: String,
    pub state: String,
    pub name: String,
    pub due: Option<i64>,
    pub is_late: bool,
}

/// Everything to know of a customer, and what is to be asked.
#[derive(Default)]
pub(super) struct Card {
    /// Call or callback: the card of another is another card.
    pub key: String,
    pub call: String,
    pub callback: Option<i64>,
    pub is_closed: bool,
    pub pack: String,
    pub customer: Option<i64>,
    pub name: String,
    pub phone: String,
    pub title: String,
    pub purpose: String,
    pub on_behalf_of: String,
    pub note: String,
    pub chips: Vec<(String, &'static str)>,
    pub facts: Vec<Fact>,
    pub steps: Vec<Step>,
    pub questions: Vec<Question>,
    pub wanted: Vec<Wanted>,
    pub phrases: Vec<Phrase>,
    pub past: Vec<Past>,
    pub tickets: Vec<Open>,
    pub about: About,
    pub promises: Vec<Promised>,
}

/// JSON of an object of texts.
fn texts(json: &str) -> BTreeMap<String, String> {
    serde_json::from_str(json).unwrap_or_default()
}

/// Facts for scripts that the card says elsewhere, in words.
const SAID: [&str; 9] =
    ["assignee", "due_day", "event", "event_day", "matter", "on_behalf_of", "purpose", "rule", "title"];

fn facts_of(frame: &Frame, facts: &BTreeMap<String, String>) -> Vec<Fact> {
    let filled =
        facts.iter().filter(|(name, value)| !value.trim().is_empty() && !SAID.contains(&name.as_str()));
    let fact = |(name, value): (&String, &String)| Fact {
        label: frame.lang.word("tickets-field", name),
        value: value.clone(),
    };
    filled.map(fact).collect()
}

/// An open ticket as the desk shows it.
pub(super) fn open(frame: &Frame, titles: &Titles, row: &TicketRow) -> Open {
    Open {
        id: row.id,
        number: row.number.clone(),
        what: titles.kind(frame, &row.pack, &row.kind),
        state: titles.state(frame, &row.pack, &row.kind, &row.state),
        name: mask_numbers(&row.name),
        due: row.due_at,
        is_late: row.due_at.is_some_and(|due| due <= frame.times.now.0),
    }
}

impl Card {
    /// The card of a call.
    pub fn of_call(frame: &Frame, titles: &Titles, names: &Names, told: AgentCard) -> Card {
        let call = told.call.unwrap_or_default();
        let tickets = told.tickets.iter().map(|row| open(frame, titles, row)).collect();
        let promises = told.promises.into_iter().map(|row| promised(frame, titles, names, row)).collect();
        let mut card = match (told.callback, told.customer) {
            (Some(callback), _) => Card::of_callback(frame, names, callback, &call),
            (None, Some(customer)) => {
                let mut card = Card::default();
                card.know(frame, names, &customer, &call);
                card
            }
            (None, None) => Card::default(),
        };
        if card.name.is_empty() {
            card.name = mask_numbers(&told.name);
        }
        Card { key: call.clone(), call, phone: told.phone, tickets, promises, ..card }
    }

    /// The card of a callback; `call` is the call that is made for it, empty before there is one.
    pub fn of_callback(frame: &Frame, names: &Names, told: CallCard, call: &str) -> Card {
        let mut card = Card {
            key: format!("callback {}", told.callback.id),
            callback: Some(told.callback.id),
            is_closed: told.callback.closed_at.is_some(),
            title: names.rule(frame, &told.callback.pack, &told.callback.rule),
            about: About::of_callback(frame, names, &told),
            // A rule without a note of a person says its title alone.
            purpose: match told.purpose == told.title {
                true => String::new(),
                false => frame.lang.word("desk-purpose", &told.purpose),
            },
            on_behalf_of: told.on_behalf_of.clone(),
            note: told.callback.note.clone(),
            ..Card::default()
        };
        card.know(frame, names, &told.customer, call);
        card.facts = facts_of(frame, &told.facts);
        card.steps = steps(frame, &told);
        let choices = |choices: &[CardChoice]| {
            choices.iter().map(|choice| (choice.key.clone(), choice.label.clone())).collect()
        };
        let question = |q: &CardQuestion| Question {
            name: q.name.clone(),
            text: q.text.clone(),
            choices: choices(&q.choices),
        };
        card.questions = told.questions.iter().map(question).collect();
        let filled = texts(&told.callback.filled);
        let asked = |name: &String| told.questions.iter().any(|q| q.name == *name);
        let wanted = |name: &String| Wanted {
            label: frame.lang.word("tickets-field", name),
            value: filled.get(name).or_else(|| told.facts.get(name)).cloned().unwrap_or_default(),
            is_missing: told.missing.contains(name),
            name: name.clone(),
        };
        card.wanted = told.close_requires.iter().filter(|name| !asked(name)).map(wanted).collect();
        let phrase = |one: &CardPhrase| Phrase {
            title: one.phrase.title.clone(),
            any: one.phrase.any.clone(),
            is_required: one.phrase.kind == PhraseKind::Required,
        };
        card.phrases = told.phrases.iter().map(phrase).collect();
        if !told.address_as.is_empty() {
            card.chips.push((told.address_as, "is-accent"));
        }
        for row in told.open {
            let rule = names.rule(frame, &row.pack, &row.rule);
            let label = frame.lang.with("desk-also-owed", "rule", &rule).into_owned();
            card.chips.push((label, "is-warn"));
        }
        card
    }

    /// What is known of the customer.
    fn know(&mut self, frame: &Frame, names: &Names, told: &CustomerCard, call: &str) {
        let row = &told.customer;
        self.about.know_last(frame, &told.calls, call);
        // Who called without being known is named by their number.
        (self.customer, self.pack, self.name) = (Some(row.id), row.pack.clone(), mask_numbers(&row.name));
        self.phone = row.phone.clone().unwrap_or_default();
        let lang = frame.lang;
        if row.key_account == 1 || told.membership.as_ref().is_some_and(|m| m.vip) {
            self.chips.push((lang.text("desk-vip").into_owned(), "is-accent"));
        }
        if row.standing != "active" {
            self.chips.push((lang.word("desk-standing", &row.standing), "is-bad"));
        }
        if let Some(warranty) = &told.warranty {
            let key = if warranty.in_warranty { "desk-warranty" } else { "desk-out-of-warranty" };
            let class = if warranty.in_warranty { "is-good" } else { "is-warn" };
            self.chips.push((lang.with(key, "day", &warranty.until).into_owned(), class));
        }
        self.facts = facts_of(frame, &texts(&row.fields));
        if !row.quiet_hours.is_empty() {
            let label = lang.text("desk-quiet-hours").into_owned();
            self.facts.push(Fact { label, value: row.quiet_hours.clone() });
        }
        let past_call = |view: &CallView| Past {
            at: view.call.reserved_at,
            what: lang.word("direction", &view.call.direction),
            detail: view
                .call
                .disposition
                .as_deref()
                .map_or_else(String::new, |word| lang.word("disposition", word)),
            href: format!("/calls/{}", view.call.id),
            class: class_of(view.call.disposition.as_deref()),
        };
        let event = |row: &EventRow| Past {
            at: row.at,
            what: names.event(frame, &told.customer.pack, &row.kind),
            detail: row.matter.clone(),
            href: String::new(),
            class: "is-accent",
        };
        let before = told.calls.iter().filter(|view| view.call.id != call);
        let calls = before.take(PAST).map(past_call);
        self.past = calls.chain(told.events.iter().take(PAST).map(event)).collect();
        self.past.sort_by_key(|past| -past.at);
        self.past.truncate(PAST);
    }

    /// Whether it is a callback that can still be closed.
    pub fn is_owed(&self) -> bool {
        self.callback.is_some() && !self.is_closed
    }
}

/// Steps of the script with what was ticked; the first that is not is the one to do.
fn steps(frame: &Frame, told: &CallCard) -> Vec<Step> {
    let mark = |word: &str| {
        let marks = told.marks.iter().filter(|mark| mark.kind == "block" && mark.name == word);
        marks.last().map(|mark| mark.result.clone()).unwrap_or_default()
    };
    let step = |block: &crate::ivr::Block| Step {
        label: frame.lang.word("desk-step", &block.step),
        text: block.text.clone(),
        is_required: told.blocks_required.contains(&block.step),
        mark: mark(&block.step),
        is_next: false,
        word: block.step.clone(),
    };
    let mut steps: Vec<Step> = told.blocks.iter().map(step).collect();
    if let Some(next) = steps.iter_mut().find(|step| step.mark.is_empty()) {
        next.is_next = true;
    }
    steps
}
