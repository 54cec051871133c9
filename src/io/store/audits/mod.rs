//! Audits of calls: draws, cases, sheets, appeals, sessions, examples.

mod cases;
mod draws;
mod population;
mod sheets;
mod training;

pub use cases::{CaseFilter, CaseRow, NewCase};
pub use draws::{DrawRow, NewDraw, PopulationRow};
pub use population::{AuditSource, ClosedComplaint, KeyedScore, SignRow};
pub use sheets::{AppealRow, NewSheet, SheetRow};
pub use training::{ExampleRow, SessionRow};
