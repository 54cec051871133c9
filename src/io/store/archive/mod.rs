//! The customer archive: customers with their numbers and versions, what happened to them,
//! and how each of it came in.

mod by_call;
mod checks;
mod customer;
mod erase;
mod expected;
mod intake;
mod keep;
mod merge;
mod person;
pub mod read;
mod reconciliation;
mod save;
mod source;
mod undo;
mod withdraw;

pub use by_call::CallToTake;
pub use customer::Edit;
pub use erase::Erased;
pub use expected::Missing;
pub use intake::{INTAKE_CHUNK, IntakeCounts, IntakeOrder, IntakeSession, Pushed, Verdict};
pub use keep::ArchiveRow;
pub use person::Person;
pub use source::SourceMapping;
pub use undo::Undone;
