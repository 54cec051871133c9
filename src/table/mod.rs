//! Tables as people send them: text with delimiters in any usual encoding, names of columns
//! in any spelling, dates in any form.

pub mod date;
mod encoding;
pub mod header;
mod text;

pub use encoding::{Encoding, EncodingTally};
pub use text::{MAX_QUOTED_LINES, MAX_RECORD_BYTES, MAX_SHOWN_BYTES, Record, Records};
