//! Callers who wait for agents (ACD): who is next, at whose phone it rings, what the caller
//! hears, and what becomes of everybody. In memory, on one clock, without a database.
//!
//! ```text
//! join --> waiting --offer--> ringing --answer--> connected --over--> answered
//!            |  ^                 |                   |
//!            |  +-- head of line -+- no answer        +- agent vanished: head of line
//!            +--> abandoned, overflowed (queue, roster, voicemail), promised a callback
//!
//! callback: in line --its turn, an agent kept free--> dialling --accepts--> head of the line
//!              ^                                         |
//!              +------------- rests <--- no answer ------+--> given up
//! ```
//! A caller ends in exactly one [`Fate`]. A callback keeps the place of its caller, and a
//! number has at most one that lives.

mod announce;
mod assign;
mod callback;
mod caller;
mod figures;
mod hotline;
mod machine;
mod output;
mod overflow;
mod settings;
#[cfg(test)]
mod tests;

pub use callback::Kept;
pub use caller::{NewCaller, WaitingView};
pub use figures::Figures;
pub use hotline::Hotline;
pub use machine::{AgentFact, Queues};
pub use output::{CallbackFate, Fate, Output};
pub use settings::{CallbackRules, Overflow, QueueSettings, Step, Strategy};
