//! Answering challenges (RFC 3261 section 22, RFC 8760 section 2.4).

use super::{Algorithm, Challenge, Response as Credentials, hash::Proof};
use crate::base::Rng;
use crate::sip::header;
use crate::sip::message::{Request, Response};

/// Answers given to challenges before a request is given up: the second is for a nonce that
/// aged on the way.
const MAX_ATTEMPTS: u8 = 2;
/// Hexadecimal digits of the client's nonce: 64 bits.
const CNONCE_LEN: usize = 16;

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
/// later ones carry an answer at once (nonce reuse). One per call or registration: attempts
/// are counted here.
///
/// Without a configured realm the first realm that challenges is the one: what a stranger
/// on the path asks for later gets nothing.
#[derive(Clone)]
pub struct ClientAuth {
    user: String,
    password: String,
    realm: Option<String>,
    /// At most two: the server's and a proxy's.
    answers: Vec<Answer>,
    attempts: u8,
}

/// One challenge that is being answered.
#[derive(Clone)]
struct Answer {
    by_proxy: bool,
    challenge: Challenge,
    /// Uses of this nonce.
    count: u32,
    /// The client's nonce: one per server nonce, as `-sess` demands.
    cnonce: String,
}

impl ClientAuth {
    /// For this user; with a realm only its challenges are answered.
    pub fn new(user: &str, password: &str, realm: Option<&str>) -> Self {
        ClientAuth {
            user: user.to_owned(),
            password: password.to_owned(),
            realm: realm.map(str::to_owned),
            answers: Vec::new(),
            attempts: 0,
        }
    }

    /// Takes a 401 or 407. Ok: send the request again with a new branch and CSeq after
    /// [`ClientAuth::apply`].
    ///
    /// # Errors
    /// Why the request must not be sent again; at most two attempts are made, and the
    /// second only where the nonce changed.
    pub fn handle_challenge(&mut self, response: &Response) -> Result<(), ChallengeError> {
        let result = self.take(response);
        if result.is_err() {
            self.attempts = 0;
        }
        result
    }

    fn take(&mut self, response: &Response) -> Result<(), ChallengeError> {
        let by_proxy = response.status == 407;
        let name = if by_proxy { header::PROXY_AUTHENTICATE } else { header::WWW_AUTHENTICATE };
        let mut best: Option<Challenge> = None;
        let mut foreign = None;
        for challenge in response.headers.all(name).filter_map(Challenge::parse) {
            let wanted = self.realm.as_ref().or(best.as_ref().map(|best| &best.realm));
            if wanted.is_some_and(|realm| *realm != challenge.realm) {
                foreign = Some(challenge.realm);
            } else if best.as_ref().is_none_or(|best| best.algorithm < challenge.algorithm) {
                best = Some(challenge);
            }
        }
        let challenge = match (best, foreign) {
            (Some(best), _) => best,
            (None, Some(realm)) => return Err(ChallengeError::ForeignRealm(realm)),
            (None, None) => return Err(ChallengeError::Unsupported),
        };
        self.realm.get_or_insert_with(|| challenge.realm.clone());
        self.attempts += 1;
        if self.attempts > MAX_ATTEMPTS {
            return Err(ChallengeError::Refused);
        }
        self.keep(by_proxy, challenge)
    }

    /// The same nonce again, and not stale, means that the answer was wrong.
    fn keep(&mut self, by_proxy: bool, challenge: Challenge) -> Result<(), ChallengeError> {
        let fresh = Answer { by_proxy, challenge, count: 0, cnonce: String::new() };
        match self.answers.iter_mut().find(|answer| answer.by_proxy == by_proxy) {
            Some(known) => {
                let same = known.challenge.nonce == fresh.challenge.nonce && known.count > 0;
                if same && !fresh.challenge.stale {
                    self.answers.retain(|a| a.by_proxy != by_proxy);
                    return Err(ChallengeError::Refused);
                }
                *known = fresh;
            }
            None => self.answers.push(fresh),
        }
        Ok(())
    }

    /// Takes any other final response: the credentials were good.
    pub fn handle_accepted(&mut self) {
        self.attempts = 0;
    }

    /// Puts Authorization and Proxy-Authorization on a request, for every challenge known,
    /// in the place of those it has; each use of a nonce has its own count. The method and
    /// the Request-URI must be final.
    pub fn apply(&mut self, request: &mut Request, rng: &mut Rng) {
        request.headers.remove(header::AUTHORIZATION);
        request.headers.remove(header::PROXY_AUTHORIZATION);
        let uri = request.uri.to_string();
        for answer in &mut self.answers {
            let name = if answer.by_proxy { header::PROXY_AUTHORIZATION } else { header::AUTHORIZATION };
            let line = answer.line(&self.user, &self.password, request.method.as_str(), &uri, rng);
            request.headers.push(name, line.to_string());
        }
    }
}

impl Answer {
    fn line(&mut self, user: &str, password: &str, method: &str, uri: &str, rng: &mut Rng) -> Credentials {
        if self.cnonce.is_empty() {
            self.cnonce = rng.hex(CNONCE_LEN);
        }
        self.count += 1;
        let algorithm: Algorithm = self.challenge.algorithm;
        let secret = algorithm.secret(user, &self.challenge.realm, password);
        let count = format!("{:08x}", self.count);
        let proof = Proof {
            algorithm,
            secret: &secret,
            nonce: &self.challenge.nonce,
            method,
            uri,
            counted: self.challenge.qop_auth.then_some((count.as_str(), self.cnonce.as_str())),
            cnonce: &self.cnonce,
        };
        Credentials {
            user: user.to_owned(),
            realm: self.challenge.realm.clone(),
            nonce: self.challenge.nonce.clone(),
            uri: uri.to_owned(),
            response: proof.response(),
            algorithm,
            counted: self.challenge.qop_auth.then(|| (self.count, self.cnonce.clone())),
            opaque: self.challenge.opaque.clone(),
        }
    }
}

/// Neither the password nor an answer is shown.
impl std::fmt::Debug for ClientAuth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientAuth")
            .field("user", &self.user)
            .field("realm", &self.realm)
            .finish_non_exhaustive()
    }
}
