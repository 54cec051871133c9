//! Registers: the forms of an after-sales department, each a view over what is stored, declared
//! in a file of its own. A register holds nothing itself: its rows are records, so that no row
//! can be deleted, and what is missing is named and never estimated.

mod file;
mod record;
mod table;
mod wanted;
mod words;
#[cfg(test)]
mod tests;

pub use file::{Column, Register, Registers, Span, schema};
pub use record::{Fields, Record, Source};
pub use table::{Line, Missing, Table, table};
pub use wanted::Wanted;
pub use words::Vocabulary;
