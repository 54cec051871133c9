//! Request methods: those rsip names, and any other token a peer may send.

use std::fmt;

/// A request method (RFC 3261 section 7.1). Methods are case-sensitive: `invite` is an
/// unknown one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Method {
    /// One of the fourteen registered methods.
    Known(rsip::Method),
    /// Any other token; answered with 501 by those who serve.
    Other(String),
}

macro_rules! methods {
    ($($name:ident $variant:ident $text:literal;)*) => {
        impl Method {
            $(
                #[doc = concat!("`", $text, "`; usable in a pattern.")]
                pub const $name: Method = Method::Known(rsip::Method::$variant);
            )*

            /// The method as it stands on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Method::Known(rsip::Method::$variant) => $text,)*
                    Method::Other(name) => name,
                }
            }
        }

        impl From<&str> for Method {
            fn from(text: &str) -> Self {
                match text {
                    $($text => Method::$name,)*
                    other => Method::Other(other.to_owned()),
                }
            }
        }
    };
}

methods! {
    ACK Ack "ACK";
    BYE Bye "BYE";
    CANCEL Cancel "CANCEL";
    INFO Info "INFO";
    INVITE Invite "INVITE";
    MESSAGE Message "MESSAGE";
    NOTIFY Notify "NOTIFY";
    OPTIONS Options "OPTIONS";
    PRACK PRack "PRACK";
    PUBLISH Publish "PUBLISH";
    REFER Refer "REFER";
    REGISTER Register "REGISTER";
    SUBSCRIBE Subscribe "SUBSCRIBE";
    UPDATE Update "UPDATE";
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<rsip::Method> for Method {
    fn from(method: rsip::Method) -> Self {
        Method::Known(method)
    }
}

impl PartialOrd for Method {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Method {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl std::hash::Hash for Method {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}
