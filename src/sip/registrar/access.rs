//! Who asks: challenges out, proofs in (RFC 3261 section 22, RFC 8760).

use std::net::IpAddr;

use super::guard::{Guard, Guarded, Standing};
use super::settings::RegistrarSettings;
use crate::base::{Mono, Rng};
use crate::sip::digest::{Algorithm, Response as Credentials, ServerAuth, Verdict};
use crate::sip::message::{Request, Response};
use crate::sip::{Uri, header};

/// What came of the look at a request.
#[derive(Debug)]
pub(crate) enum Check {
    /// This user, proved.
    Known(String),
    /// No, or not yet: the response to send, without a To tag. It costs no memory.
    Refused(Box<Response>),
}

/// Proofs of one realm, and what became of those who guessed.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    auth: ServerAuth,
    guard: Guard,
    /// Stands in for what is kept of users who do not exist: nobody knows what it is of.
    nobody: String,
    /// Wrong answers.
    pub failed: u64,
    /// Requests of those who are slowed or blocked.
    pub shut_out: u64,
    /// Who was blocked since the last look.
    pub blocked: Vec<Guarded>,
}

impl Access {
    pub(crate) fn new(settings: &RegistrarSettings, rng: &mut Rng) -> Self {
        Access {
            auth: ServerAuth::new(&settings.realm, rng),
            guard: Guard::default(),
            nobody: rng.hex(64),
            failed: 0,
            shut_out: 0,
            blocked: Vec::new(),
        }
    }

    /// The realm of the challenges.
    pub(crate) fn realm(&self) -> &str {
        self.auth.realm()
    }

    /// Credentials for our realm.
    pub(crate) fn credentials(&self, request: &Request) -> Option<Credentials> {
        let name = names(request).1;
        let mut all = request.headers.all(name).filter_map(Credentials::parse);
        all.find(|credentials| credentials.realm == self.realm())
    }

    /// Looks at who sends a request. `is_phone`: it comes from where a registered phone is,
    /// which the guard does not touch.
    pub(crate) fn check(
        &mut self,
        now: Mono,
        settings: &RegistrarSettings,
        request: &Request,
        source: IpAddr,
        is_phone: bool,
        rng: &mut Rng,
    ) -> Check {
        let credentials = self.credentials(request);
        let user = credentials.as_ref().map(|credentials| credentials.user.as_str());
        let standing = if is_phone { Standing::Free } else { self.guard.standing(now, source, user) };
        match standing {
            Standing::Blocked(wait) => return self.shut_out(request, 403, wait.as_secs()),
            Standing::Slowed(wait) if credentials.is_some() => {
                return self.shut_out(request, 503, wait.as_secs());
            }
            Standing::Slowed(_) | Standing::Free => {}
        }
        let Some(credentials) = credentials else {
            return self.challenge(now, settings, request, source, false, rng);
        };
        // An answer by an algorithm that was not offered would be a way to a weaker one.
        let offered = settings.algorithms.contains(&plain(credentials.algorithm));
        let user = settings.users.get(&credentials.user).filter(|_| offered);
        let secret = user.and_then(|user| user.of(credentials.algorithm));
        // The same work for those who do not exist.
        let secret_or_none = secret.unwrap_or(&self.nobody);
        let place = source.to_canonical().to_string();
        let verdict = self.auth.check(now, &place, &request.method, &credentials, secret_or_none);
        let is_about_this = Uri::parse(&credentials.uri).is_ok_and(|uri| uri.is_same(&request.uri));
        match verdict {
            Verdict::Accepted if secret.is_some() && is_about_this => {
                self.guard.forgive(source);
                Check::Known(credentials.user)
            }
            Verdict::Stale if secret.is_some() && is_about_this => {
                self.challenge(now, settings, request, source, true, rng)
            }
            _ => {
                self.failed += 1;
                if !is_phone {
                    self.blocked.extend(self.guard.fail(now, &settings.guard, source, &credentials.user));
                }
                self.challenge(now, settings, request, source, false, rng)
            }
        }
    }

    fn challenge(
        &mut self,
        now: Mono,
        settings: &RegistrarSettings,
        request: &Request,
        source: IpAddr,
        stale: bool,
        rng: &mut Rng,
    ) -> Check {
        let (status, _, name) = names(request);
        let place = source.to_canonical().to_string();
        let mut response = request.respond(status, None);
        for challenge in self.auth.challenges(now, &place, stale, &settings.algorithms, rng) {
            response.headers.push(name, challenge.to_string());
        }
        Check::Refused(Box::new(response))
    }

    fn shut_out(&mut self, request: &Request, status: u16, wait: u64) -> Check {
        self.shut_out += 1;
        let mut response = request.respond(status, None);
        response.headers.push(header::RETRY_AFTER, wait.max(1).to_string());
        Check::Refused(Box::new(response))
    }
}

/// A registrar asks with 401, whoever carries calls with 407 (RFC 3261 section 22).
fn names(request: &Request) -> (u16, &'static str, &'static str) {
    if request.method == crate::sip::Method::REGISTER {
        (401, header::AUTHORIZATION, header::WWW_AUTHENTICATE)
    } else {
        (407, header::PROXY_AUTHORIZATION, header::PROXY_AUTHENTICATE)
    }
}

/// The algorithm without its session key.
fn plain(algorithm: Algorithm) -> Algorithm {
    match algorithm {
        Algorithm::Md5 | Algorithm::Md5Sess => Algorithm::Md5,
        Algorithm::Sha256 | Algorithm::Sha256Sess => Algorithm::Sha256,
    }
}
