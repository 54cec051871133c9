//! Tickets: what a customer brought to us, with its stages, deadlines and promises, until the
//! customer has said that it is solved.
//!
//! [`step`] takes a ticket and what somebody did to it and gives the ticket as it is then, with
//! everything that has to be told, dialled and written down; [`due`] does the same for what time
//! alone brings about. What a type of ticket asks for is a file, see [`TicketPack`].

mod act;
mod amend;
mod approve;
mod calls;
mod changes;
mod clock;
mod close;
mod escalate;
mod fields;
mod finding;
mod ledger;
mod open;
mod pack;
mod packs;
mod promise;
mod read;
mod record;
mod report;
mod seen;
mod stage;
mod step;
#[cfg(test)]
mod tests;
mod time;
mod verify;

pub use act::{Act, Attempt, Found, Refusal, Role, Verdict, Who};
pub use calls::{CALL_RULE, SURVEY_RULE, VERIFY_RULE, rules_of_tickets};
pub use changes::{Changes, LogLine, Told, WantedCall};
pub use clock::Rules;
pub use finding::{Amendment, Finding};
pub use ledger::{LedgerLine, ledger};
pub use open::{NewTicket, open};
pub use pack::{
    ApprovalRule, ClockWord, CloseRule, Coverage, Duty, Entry, Intake, Kind, Need, OnMissing, Region, Rework,
    StageRule, TicketPack, Urge, VerifyRule, schema,
};
pub use packs::TicketPacks;
pub use read::TicketFileError;
pub use record::{
    Approval, File, Meeting, Pause, Phase, Points, Promise, Signature, Stage, Ticket, Verification,
};
pub use report::{
    AgeingLine, DepartmentLine, DissatisfiedLine, FirstContact, PointsLine, RegisterLine, dissatisfied, form,
    register,
};
pub use seen::{is_hidden_from, seen_by};
pub use step::step;
pub use time::{due, next_at};
