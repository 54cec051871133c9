//! SIP, SIPS and tel URIs (RFC 3261 section 19.1, RFC 3966).

mod host;
mod parse;

pub use host::{read_host_port, write_host};
pub use parse::BadUri;
/// A domain name or an IP address; rsip's type. An IPv6 address has no brackets here.
pub use rsip::Host;

use std::fmt;

use super::Transport;
use super::header::Params;

/// What stands before the first colon.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// `sip`
    Sip,
    /// `sips`: TLS on every hop.
    Sips,
    /// `tel`: a telephone number.
    Tel,
    /// Another one, in lower case; such URIs are carried, never called.
    Other(String),
}

/// A URI. For `tel` the number stands in `user` and `host` is an empty domain; for other
/// schemes `user` holds all that follows the colon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uri {
    /// Scheme.
    pub scheme: Scheme,
    /// User part as written, with its escapes.
    pub user: Option<String>,
    /// Password as written; never sent by us.
    pub password: Option<String>,
    /// Domain or address.
    pub host: Host,
    /// Port, where one is written.
    pub port: Option<u16>,
    /// Parameters, such as `transport` and `lr`.
    pub params: Params,
    /// What stands behind the question mark, as written.
    pub headers: Option<String>,
}

impl Uri {
    /// `sip:user@host:port`; an empty user is none. Characters of the user that RFC 3261
    /// does not let stand there are escaped.
    pub fn sip(user: &str, host: &str, port: Option<u16>) -> Self {
        Uri {
            scheme: Scheme::Sip,
            user: (!user.is_empty()).then(|| parse::escape_user(user)),
            password: None,
            host: Host::from(host.trim_matches(['[', ']'])),
            port,
            params: Params::new(),
            headers: None,
        }
    }

    /// `tel:number`
    pub fn tel(number: &str) -> Self {
        Uri { scheme: Scheme::Tel, ..Uri::sip(number, "", None) }
    }

    /// The same with a `transport` parameter.
    pub fn with_transport(mut self, transport: Transport) -> Self {
        self.params.set("transport", transport.as_str());
        self
    }

    /// Reads a URI.
    ///
    /// # Errors
    /// What breaks the grammar, in words.
    pub fn parse(text: &str) -> Result<Uri, BadUri> {
        parse::uri(text)
    }

    /// True for `sip` and `sips`.
    pub fn is_sip(&self) -> bool {
        matches!(self.scheme, Scheme::Sip | Scheme::Sips)
    }

    /// The user with its escapes resolved; bytes that are no UTF-8 become replacement
    /// characters. For `tel` the number.
    pub fn user_unescaped(&self) -> Option<String> {
        self.user.as_deref().map(parse::unescape)
    }

    /// True for a loose router, `;lr` (RFC 3261 section 19.1.1).
    pub fn is_loose(&self) -> bool {
        self.params.has("lr")
    }

    /// The `transport` parameter where it is one we speak.
    pub fn transport(&self) -> Option<Transport> {
        self.params.get("transport")?.parse().ok()
    }

    /// Without what a Request-URI may not carry: headers and the `method` parameter
    /// (RFC 3261 section 19.1.1, table 1).
    pub fn as_request_uri(&self) -> Uri {
        let mut uri = self.clone();
        uri.headers = None;
        uri.params.remove("method");
        uri
    }

    /// True where both name the same resource by RFC 3261 section 19.1.4.
    pub fn is_same(&self, other: &Uri) -> bool {
        parse::is_same(self, other)
    }
}

/// The whole URI as it goes on the wire.
impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user = self.user.as_deref();
        match &self.scheme {
            Scheme::Sip => f.write_str("sip:")?,
            Scheme::Sips => f.write_str("sips:")?,
            Scheme::Tel => return write!(f, "tel:{}{}", user.unwrap_or_default(), self.params),
            Scheme::Other(name) => return write!(f, "{name}:{}", user.unwrap_or_default()),
        }
        if let Some(user) = user {
            f.write_str(user)?;
            if let Some(password) = &self.password {
                write!(f, ":{password}")?;
            }
            f.write_str("@")?;
        }
        write_host(f, &self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        write!(f, "{}", self.params)?;
        match &self.headers {
            Some(headers) => write!(f, "?{headers}"),
            None => Ok(()),
        }
    }
}

impl std::str::FromStr for Uri {
    type Err = BadUri;

    fn from_str(text: &str) -> Result<Self, BadUri> {
        Uri::parse(text)
    }
}

/// For code that speaks rsip. Headers and parameters rsip has no place for are left out.
impl From<&Uri> for rsip::Uri {
    fn from(uri: &Uri) -> Self {
        let port = uri.port.map(rsip::Port::from);
        rsip::Uri {
            scheme: Some(match &uri.scheme {
                Scheme::Sip => rsip::Scheme::Sip,
                Scheme::Sips => rsip::Scheme::Sips,
                Scheme::Tel => rsip::Scheme::Other("tel".to_owned()),
                Scheme::Other(name) => rsip::Scheme::Other(name.clone()),
            }),
            auth: uri
                .user
                .as_ref()
                .map(|user| rsip::Auth { user: user.clone(), password: uri.password.clone() }),
            host_with_port: rsip::HostWithPort { host: uri.host.clone(), port },
            params: uri.transport().map(|t| rsip::Param::Transport(t.into())).into_iter().collect(),
            headers: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests;
