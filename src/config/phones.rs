//! The phones of our people, as far as they do not register.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::lower::Lowering;
use crate::engine::{Contact, PhoneSettings, StaticContact};
use crate::media::Codec;
use crate::sip::{Destination, Host, Scheme, Srtp, Transport, Uri};

/// `[phones]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Phones {
    /// Whether keys pressed in a talk are passed on to the other side. Default true.
    pub pass_keys: bool,
    /// Encryption of the sound to and from phones by SDES: `off` (default), `preferred` or
    /// `required`. Its keys are hidden only where phones register over TLS.
    pub srtp: Srtp,
    /// Phones at a fixed address, each with its extension. Default none.
    pub contact: Vec<PhoneContact>,
}

impl Default for Phones {
    fn default() -> Self {
        Phones { pass_keys: true, srtp: Srtp::Off, contact: Vec::new() }
    }
}

/// One phone at a fixed address.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PhoneContact {
    /// Extension, by which scripts and orders name it. Several phones may have the same.
    pub extension: String,
    /// Its address: `sip:1001@10.0.0.5:5060`, with `;transport=tcp` where it wants that.
    pub uri: String,
}

impl Lowering<'_> {
    pub(super) fn phones(&mut self, raw: &Phones, codecs: &[Codec]) -> PhoneSettings {
        let mut contacts = Vec::new();
        for (i, phone) in raw.contact.iter().enumerate() {
            let name = &phone.extension;
            if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')) {
                self.wrong(
                    format!("phones.contact[{i}].extension"),
                    "is no extension: use digits, letters, - and _",
                );
            }
            match destination(&phone.uri) {
                Some(destination) => contacts.push(StaticContact {
                    extension: name.clone(),
                    contact: Contact { uri: phone.uri.clone(), destination, connection: None, local: None },
                }),
                None => self.wrong_hint(
                    format!("phones.contact[{i}].uri"),
                    format!("`{}` is not the address of a phone", phone.uri),
                    "write sip:1001@10.0.0.5:5060, with the phone's IP address",
                ),
            }
        }
        PhoneSettings { contacts, codecs: codecs.to_vec(), pass_keys: raw.pass_keys, srtp: raw.srtp }
    }
}

/// The place of a phone; names are not looked up for phones.
fn destination(uri: &str) -> Option<Destination> {
    let uri = Uri::parse(uri).ok()?;
    let Host::IpAddr(ip) = uri.host else { return None };
    let transport = match uri.scheme {
        Scheme::Sips => Transport::Tls,
        Scheme::Sip => uri.transport().unwrap_or(Transport::Udp),
        _ => return None,
    };
    let addr = (ip, uri.port.unwrap_or(transport.default_port())).into();
    Some(Destination { transport, addr, server_name: ip.to_string() })
}
