//! Who may do what, and with whose things: permissions, roles as files, data scope.
//!
//! A route names one [`Permission`]. A [`Role`] holds permissions, each with a [`Scope`]. A token
//! has roles, and says who holds it ([`Holder`]); [`Access`] is what comes of that.

mod grant;
mod permission;
mod role;
#[cfg(test)]
mod tests;

pub use grant::{Access, Holder, Reach, Teams, Within};
pub use permission::{Permission, Span};
pub use role::{Role, Roles, Scope, schema};
