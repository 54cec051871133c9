//! Reports and monthly sheets: figures over the rows of registers, each with its numerator, its
//! denominator and what is missing, so that whoever doubts a figure can open the list behind it.

mod appraisal;
mod chart;
mod figure;
mod file;
mod identity;
mod schedule;
mod state;
#[cfg(test)]
mod tests;

pub use appraisal::{Appraisal, PersonLine, Rule, Sheet, points_of, sheet};
pub use chart::svg;
pub use figure::{Counted, Figure, Group, Kind, Part, Tally};
pub use file::{Field, Report, Reports, schema};
pub use identity::{Identity, Verdict};
pub use schedule::{Due, Every, Of, Period, PeriodWord, Schedule};
pub use state::{State, Step};
