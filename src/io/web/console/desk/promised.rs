//! Promises as the desk shows them, and what a call is about.

use super::super::super::api::{CallCard, CallView, MatterCard};
use super::super::super::mask::mask_numbers;
use super::super::super::problem::Problem;
use super::super::address::segment;
use super::super::frame::{Frame, Visitor};
use super::super::tickets::Titles;
use super::names::Names;
use crate::access::Permission;
use crate::io::store::ticket::PromiseRow;

/// What a promise is called that a ticket's field alone gave.
const PLAIN: &str = "next reply";

/// A promise that is owed.
pub(super) struct Promised {
    pub due: i64,
    pub is_late: bool,
    pub name: String,
    pub phone: String,
    pub what: String,
    /// Type and number of the ticket, or title of the rule.
    pub of: String,
    pub href: String,
    pub customer: Option<i64>,
    pub keeper: String,
    /// The card that can be opened for it.
    pub callback: Option<i64>,
    /// The ticket whose customer is called where no callback is there.
    pub ticket: Option<i64>,
}

pub(super) fn promised(frame: &Frame, titles: &Titles, names: &Names, row: PromiseRow) -> Promised {
    let of = match row.ticket_id {
        Some(_) => format!("{} {}", titles.kind(frame, &row.pack, &row.kind), row.number),
        None => names.rule(frame, &row.pack, &row.kind),
    };
    Promised {
        due: row.due,
        is_late: row.due <= frame.times.now.0,
        name: mask_numbers(&row.name),
        what: match row.what.as_str() {
            PLAIN => frame.lang.text("desk-next-reply").into_owned(),
            what => what.to_owned(),
        },
        of,
        href: row.ticket_id.map(|id| format!("/tickets/{id}")).unwrap_or_default(),
        customer: row.customer_id,
        keeper: row.keeper,
        callback: row.callback_id,
        ticket: row.ticket_id.filter(|_| row.callback_id.is_none() && !row.phone.is_empty()),
        phone: row.phone,
    }
}

/// What a call is about, in facts beside what the customer is.
#[derive(Default)]
pub(super) struct About {
    /// Title of the rule.
    pub rule: String,
    /// Why it is owed.
    pub reason: String,
    pub due: Option<i64>,
    pub deadline: Option<i64>,
    pub is_late: bool,
    /// Order, project or stay, and where it stands.
    pub matter: String,
    pub matter_state: String,
    pub last: Option<LastCall>,
}

/// The call before.
pub(super) struct LastCall {
    pub at: i64,
    pub href: String,
    pub result: String,
    pub class: &'static str,
    pub score: String,
}

impl About {
    /// Whether there is anything to show.
    pub fn is_empty(&self) -> bool {
        self.rule.is_empty() && self.matter.is_empty() && self.last.is_none()
    }

    /// What the callback says.
    pub fn of_callback(frame: &Frame, names: &Names, told: &CallCard) -> About {
        let row = &told.callback;
        About {
            rule: names.rule(frame, &row.pack, &row.rule),
            reason: if row.reason.is_empty() {
                String::new()
            } else {
                frame.lang.word("reason", &row.reason)
            },
            due: Some(row.due),
            deadline: Some(row.deadline),
            is_late: row.closed_at.is_none() && row.deadline <= frame.times.now.0,
            matter: told.facts.get("matter").cloned().unwrap_or_default(),
            ..About::default()
        }
    }

    /// The last call that is not this one.
    pub fn know_last(&mut self, frame: &Frame, calls: &[CallView], this: &str) {
        let last = calls.iter().filter(|view| view.call.id != this).max_by_key(|view| view.call.reserved_at);
        self.last = last.map(|view| LastCall {
            at: view.call.reserved_at,
            href: format!("/calls/{}", view.call.id),
            result: match view.call.disposition.as_deref() {
                Some(word) => frame.lang.word("disposition", word),
                None => frame.lang.text("call-open").into_owned(),
            },
            class: super::super::calls::class_of(view.call.disposition.as_deref()),
            score: view.call.mean_score.map(|mean| format!("{mean:.1}")).unwrap_or_default(),
        });
    }

    /// Where the order or project stands, for who may see it.
    pub async fn know_matter(&mut self, visitor: &Visitor, pack: &str) -> Result<(), Problem> {
        if self.matter.is_empty() || pack.is_empty() || !visitor.may(Permission::MattersSee) {
            return Ok(());
        }
        let path = format!("/matters/card?pack={}&matter={}", segment(pack), segment(&self.matter));
        match visitor.get::<MatterCard>(&path).await {
            Ok(card) => self.matter_state = card.state.unwrap_or_default(),
            Err(problem) if matches!(problem.status, 403 | 404) => {}
            Err(problem) => return Err(problem),
        }
        Ok(())
    }
}
