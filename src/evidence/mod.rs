//! Evidence on a call: what signalling and the two channels of the recording show, without a
//! word being recognised; and, where somebody attached a transcript, what was said.
//!
//! ```text
//!  recording --frames--> Listener --turns--> Heard --+
//!  signalling, store ------------------> CallFacts --+--> judge --> findings, reasons to audit
//!  transcript (if any) ------------------> Line ... -+
//!  scorecard (file) ---------------> thresholds -----+
//! ```
//!
//! Every detector is defined so that two programmers get the same number; the definitions stand
//! at their functions in [`judge`]. Left of a recording is our side, right is the customer.
//! A finding is charged to a person only where nothing of the system stands behind it.

mod detector;
mod facts;
mod finding;
mod floor;
mod judge;
mod listen;
mod phrase;
mod picture;
mod read;
mod scorecard;
mod span;
mod talk;
mod transcript;
mod turns;

pub use detector::Detector;
pub use facts::{CallFacts, Kept, Part, Register};
pub use finding::{AuditReason, Charge, Evidence, Finding, Severity};
pub use judge::judge;
pub use listen::{Heard, Listener};
pub use phrase::{Around, Tick, ticks};
pub use picture::svg;
pub use read::Scorecards;
pub use scorecard::{Cue, Limit, PhraseKind, PhraseRule, Scorecard, SpeechRule, Titles, schema};
pub use span::Span;
pub use talk::Talk;
pub use transcript::{Line, Side, Transcript, TranscriptError};
pub use turns::Turn;
