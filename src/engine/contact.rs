//! Where the phones of our people are, and what is rung for a name or a number.

use std::net::IpAddr;

use super::Engine;
use crate::base::{CallId, Disposition, Now, PhoneNumber};
use crate::call::Way;
use crate::dialer;
use crate::media::Codec;
use crate::sip::{Destination, Srtp};

/// One phone of an extension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Request-URI: `sip:1001@10.0.0.5:5060`.
    pub uri: String,
    /// Where its requests go.
    pub destination: Destination,
    /// The connection that the phone itself opened, for streams.
    pub connection: Option<u64>,
    /// Address of ours that the phone reaches, for SDP; None: the daemon's.
    pub local: Option<IpAddr>,
}

/// A phone that does not register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaticContact {
    /// Whose.
    pub extension: String,
    /// Where.
    pub contact: Contact,
}

/// How calls are brought to the phones of our people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhoneSettings {
    /// Phones that do not register.
    pub contacts: Vec<StaticContact>,
    /// Codecs to offer them, best first.
    pub codecs: Vec<Codec>,
    /// Whether keys pressed in a talk are passed on to the other side.
    pub pass_keys: bool,
    /// Encryption of their media by SDES (RFC 4568).
    pub srtp: Srtp,
}

impl Default for PhoneSettings {
    fn default() -> Self {
        let codecs = vec![Codec::Pcma, Codec::Pcmu, Codec::G722];
        PhoneSettings { contacts: Vec::new(), codecs, pass_keys: true, srtp: Srtp::Off }
    }
}

/// How one leg is reached.
#[derive(Clone, Debug)]
pub(super) enum Address {
    /// A phone of ours.
    Phone(Contact),
    /// A phone of ours that called by itself.
    Caller,
    /// An outside number.
    Outside {
        /// Trunk by name.
        trunk: String,
        /// As the trunk wants it.
        number: String,
        /// What the dialler counts the leg by.
        id: CallId,
    },
}

/// Whom to ring: all phones of one name.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub name: String,
    pub addresses: Vec<Address>,
}

impl Engine {
    /// The phones of an extension that can be rung now. The one place that knows where phones
    /// are: those that registered, best first, and static contacts of the configuration.
    pub(super) fn contacts_of(&self, extension: &str) -> Vec<Contact> {
        let registered = self.endpoint.phones_of(extension).into_iter().map(|phone| Contact {
            uri: phone.contact.as_request_uri().to_string(),
            destination: phone.destination.clone(),
            connection: phone.connection,
            local: None,
        });
        let fixed = self.settings.phones.contacts.iter().filter(|c| c.extension == extension);
        registered.chain(fixed.map(|c| c.contact.clone())).collect()
    }

    /// An extension of ours, or else an outside number; None where it is neither, or where
    /// nothing leads there now. A trunk that is chosen counts the leg from here on.
    pub(super) fn target(&mut self, now: Now, name: &str) -> Option<Target> {
        let contacts = self.contacts_of(name);
        if !contacts.is_empty() {
            let addresses = contacts.into_iter().map(Address::Phone).collect();
            return Some(Target { name: name.to_owned(), addresses });
        }
        let (number, _) = PhoneNumber::parse(name, None).ok()?;
        let id = CallId::new(now.utc, &mut self.rng);
        let route = self.dialer.handle_route_wanted(now, id, "", &number)?;
        let outside = Address::Outside { trunk: route.trunk.to_string(), number: route.number, id };
        Some(Target { name: number.to_string(), addresses: vec![outside] })
    }

    /// A place that was taken and is not rung.
    pub(super) fn give_back(&mut self, now: Now, address: &Address) {
        if let Address::Outside { id, .. } = address {
            let ended = dialer::Ended { disposition: Disposition::Cancelled, later_at: None };
            self.dialer.handle_call_ended(now, *id, ended);
        }
    }

    /// The media side of the way to a phone.
    pub(super) fn way_to(&self, contact: &Contact) -> Way {
        Way {
            trunk: "".into(),
            codecs: self.settings.phones.codecs.clone(),
            srtp: self.settings.phones.srtp,
            rtcp_mux: false,
            external: contact.local.or(self.settings.external_media).or(self.settings.fallback_media),
        }
    }
}
