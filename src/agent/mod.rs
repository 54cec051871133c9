//! Agents: people with telephones who take the hotline's calls. Each is in one state, every
//! state but the last ends by itself, and every change says why.
//!
//! ```text
//! offline --phone registers--> available --offer--> offered --answer--> on call
//!    ^                             ^  ^                 |                   |
//!    | phone gone, logged out,     |  | withdrawn       | no answer,        | end
//!    | too long not ready          |  +-----------------+ refused           v
//!    +------- not ready <----------+--------------------+--wrap-up ends-- wrap-up
//! ```

mod code;
mod dial;
mod life;
mod look;
mod machine;
mod settings;
mod state;
#[cfg(test)]
mod tests;

pub use code::{Codes, Order};
pub use dial::{Dialled, MayDial, Pattern, PatternError};
pub use machine::{Agents, Output, Refusal, Wish};
pub use settings::{AgentSettings, NotReadyReason, OnRegister, OverrideReason, Rules};
pub use state::{AgentView, Change, State, reason};
