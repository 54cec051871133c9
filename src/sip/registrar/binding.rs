//! One contact of a user, and what becomes of a user's presence.

use std::net::SocketAddr;

use crate::base::{Mono, Timestamp};
use crate::sip::{Destination, NameAddr, Transport, Uri};

/// Where a user is reached: one phone.
///
/// Requests to it go back the way its REGISTER came: to the source address, and on the
/// connection of a stream, so that a phone behind NAT is reached.
#[derive(Clone, Debug, PartialEq)]
pub struct Binding {
    /// What the phone calls itself: the Request-URI of calls to it.
    pub contact: Uri,
    /// `+sip.instance` (RFC 5626 section 4.1), the same after a restart of the phone.
    pub instance: Option<String>,
    /// Preference in thousandths, 1000 where none is given.
    pub q: u16,
    /// User-Agent, for people.
    pub user_agent: String,
    /// Where requests to it go.
    pub destination: Destination,
    /// The connection of its REGISTER.
    pub connection: Option<u64>,
    /// When it registered first.
    pub since: Timestamp,
    /// When it ends unless renewed.
    pub expires_at: Mono,
    pub(super) call_id: String,
    pub(super) seq: u32,
}

/// Why a user has no phone any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gone {
    /// The phone said so.
    Unregistered,
    /// It did not renew its registration.
    Expired,
    /// Its connection closed.
    ConnectionClosed,
    /// It answers no more.
    Unreachable,
    /// The user was taken out of the configuration, or got another password.
    Removed,
}

impl Gone {
    /// Stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Gone::Unregistered => "unregistered",
            Gone::Expired => "registration_expired",
            Gone::ConnectionClosed => "connection_closed",
            Gone::Unreachable => "phone_unreachable",
            Gone::Removed => "removed",
        }
    }
}

/// A user's phones changed in number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presence {
    /// Who.
    pub user: String,
    /// Contacts now.
    pub contacts: usize,
    /// Why the last one that went is gone; None: one came.
    pub gone: Option<Gone>,
}

impl Binding {
    /// True where a message from there is this phone's.
    pub fn is_from(&self, transport: Transport, source: SocketAddr, connection: Option<u64>) -> bool {
        let there = self.destination.transport == transport && self.destination.addr == source;
        there && (connection.is_none() || self.connection == connection)
    }

    /// The Contact value of a 200, with the seconds that are left.
    pub(super) fn listed(&self, now: Mono) -> String {
        let mut contact = NameAddr::new(self.contact.clone());
        contact.params.set("expires", &self.expires_at.since(now).as_secs().to_string());
        if self.q != 1000 {
            contact.params.set("q", &format!("{}.{:03}", self.q / 1000, self.q % 1000));
        }
        if let Some(instance) = &self.instance {
            contact.params.set("+sip.instance", instance);
        }
        contact.to_string()
    }
}
