//! The registrar (RFC 3261 section 10): who may register, and where each user is reached.
//!
//! ```text
//! REGISTER, INVITE --> access: challenge, guard --> bindings --> presence
//! ```
//! Access costs no memory until a proof is right: challenges carry their own seal, guesses
//! are counted in bounded tables.

mod access;
mod account;
mod binding;
mod bindings;
mod guard;
mod settings;
#[cfg(test)]
mod tests;

pub use account::{BadHa1, Secrets};
pub use binding::{Binding, Gone, Presence};
pub use guard::{GuardSettings, Guarded};
pub use settings::RegistrarSettings;

pub(crate) use access::{Access, Check};
pub(crate) use bindings::{Bindings, Refusal};
