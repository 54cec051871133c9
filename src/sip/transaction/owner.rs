//! Whose a client transaction is.

use crate::sip::endpoint::SessionId;

/// The part of the endpoint that hears the outcome of a client transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The INVITE that makes a session.
    Invite(SessionId),
    /// A re-INVITE.
    Reinvite(SessionId),
    /// An UPDATE.
    Update(SessionId),
    /// A PRACK.
    Prack(SessionId),
    /// The BYE that ends a session.
    Bye(SessionId),
    /// An INFO.
    Info(SessionId),
    /// A NOTIFY of what a REFER of theirs came to.
    Notify(SessionId),
    /// A CANCEL: the INVITE hears what comes of it.
    Cancel(Option<SessionId>),
    /// The BYE for a phone that answered after another one.
    Surplus(Option<SessionId>),
    /// A REGISTER.
    Register(u32),
    /// An OPTIONS.
    Ping(u32),
}

impl Owner {
    pub(crate) fn session(self) -> Option<SessionId> {
        match self {
            Owner::Invite(id)
            | Owner::Reinvite(id)
            | Owner::Update(id)
            | Owner::Prack(id)
            | Owner::Bye(id)
            | Owner::Info(id)
            | Owner::Notify(id) => Some(id),
            Owner::Cancel(id) | Owner::Surplus(id) => id,
            Owner::Register(_) | Owner::Ping(_) => None,
        }
    }

    pub(crate) fn method(self) -> &'static str {
        match self {
            Owner::Invite(_) | Owner::Reinvite(_) => "INVITE",
            Owner::Update(_) => "UPDATE",
            Owner::Prack(_) => "PRACK",
            Owner::Bye(_) | Owner::Surplus(_) => "BYE",
            Owner::Info(_) => "INFO",
            Owner::Notify(_) => "NOTIFY",
            Owner::Cancel(_) => "CANCEL",
            Owner::Register(_) => "REGISTER",
            Owner::Ping(_) => "OPTIONS",
        }
    }
}
