//! Making challenges and checking answers.
//!
//! A nonce carries its own time and a keyed hash over it, so that an unanswered challenge
//! costs no memory. Only answered nonces are remembered, with the highest count seen: a
//! count that is not higher is a replay (RFC 7616 section 3.4.5).

use std::collections::BTreeMap;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::{Algorithm, Challenge, Response as Credentials, hash::Proof};
use crate::base::{Mono, Rng};
use crate::sip::message::Method;

/// How long a nonce may be used. Registrations refresh more seldom than this, and then pay
/// one more round trip with `stale=true`.
pub const NONCE_LIFE: Duration = Duration::from_secs(300);
/// Nonces remembered at once: each belongs to somebody who knew a password within
/// [`NONCE_LIFE`]. Beyond this the oldest is forgotten and answered with `stale=true`.
pub const MAX_NONCES: usize = 10_000;

/// What a checked answer is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// User and password are right and the answer is new.
    Accepted,
    /// The proof is right, but the nonce is too old or not ours, or its count was used:
    /// challenge again with `stale=true`.
    Stale,
    /// User or password is wrong, or the answer belongs to another request.
    Refused,
}

/// Challenges of one realm and the nonces in use.
#[derive(Clone)]
pub struct ServerAuth {
    realm: String,
    key: [u8; 32],
    /// Highest count per nonce, by time of making and the nonce's text.
    used: BTreeMap<(u64, String), u32>,
    /// Nonces made up to here are stale: some of them were forgotten.
    forgotten: Option<u64>,
    /// [`MAX_NONCES`]; tests take less.
    pub(super) capacity: usize,
}

impl ServerAuth {
    /// For a realm. The key is drawn; after a restart old nonces are stale.
    pub fn new(realm: &str, rng: &mut Rng) -> Self {
        let mut key = [0; 32];
        for part in key.chunks_mut(8) {
            part.copy_from_slice(&rng.next_u64().to_le_bytes());
        }
        ServerAuth {
            realm: realm.to_owned(),
            key,
            used: BTreeMap::new(),
            forgotten: None,
            capacity: MAX_NONCES,
        }
    }

    /// The realm of the challenges.
    pub fn realm(&self) -> &str {
        &self.realm
    }

    /// The challenges to send, strongest first (RFC 8760 section 2.4), one line each. They
    /// are good for answers from `source` alone, the address as text.
    pub fn challenges(
        &self,
        now: Mono,
        source: &str,
        stale: bool,
        algorithms: &[Algorithm],
        rng: &mut Rng,
    ) -> Vec<Challenge> {
        let mut algorithms = algorithms.to_vec();
        algorithms.sort_unstable_by(|a, b| b.cmp(a));
        let nonce = self.nonce(now.0, source, &rng.hex(8));
        algorithms
            .into_iter()
            .map(|algorithm| Challenge {
                realm: self.realm.clone(),
                nonce: nonce.clone(),
                opaque: None,
                stale,
                algorithm,
                qop_auth: true,
            })
            .collect()
    }

    /// Checks an answer against `H(user:realm:password)` of its algorithm. For a user who
    /// does not exist give any text: unknown and known users cost the same.
    ///
    /// `uri` of the answer must name the Request-URI; the caller compares it, because
    /// proxies may have rewritten it. A nonce that was given to another `source` is stale.
    pub fn check(
        &mut self,
        now: Mono,
        source: &str,
        method: &Method,
        credentials: &Credentials,
        secret: &str,
    ) -> Verdict {
        // Without a count every answer could be sent again by whoever saw it.
        let Some((count, cnonce)) = &credentials.counted else { return Verdict::Refused };
        let count_text = format!("{count:08x}");
        let proof = Proof {
            algorithm: credentials.algorithm,
            secret,
            nonce: &credentials.nonce,
            method: method.as_str(),
            uri: &credentials.uri,
            counted: Some((&count_text, cnonce)),
            cnonce,
        };
        let right: bool = proof.response().as_bytes().ct_eq(credentials.response.as_bytes()).into();
        if !right || credentials.realm != self.realm {
            return Verdict::Refused;
        }
        match self.made_at(source, &credentials.nonce) {
            Some(made) if now.since(Mono(made)) <= NONCE_LIFE && self.forgotten.is_none_or(|f| made > f) => {
                self.count(made, &credentials.nonce, *count, now)
            }
            _ => Verdict::Stale,
        }
    }

    fn count(&mut self, made: u64, nonce: &str, count: u32, now: Mono) -> Verdict {
        let oldest = now - NONCE_LIFE;
        self.used = self.used.split_off(&(oldest.0, String::new()));
        let highest = self.used.entry((made, nonce.to_owned())).or_insert(0);
        if count <= *highest {
            return Verdict::Stale;
        }
        *highest = count;
        while self.used.len() > self.capacity {
            self.forgotten = self.used.pop_first().map(|((made, _), _)| made);
        }
        Verdict::Accepted
    }

    /// `time-salt-hash`; the hash makes it ours.
    fn nonce(&self, made: u64, source: &str, salt: &str) -> String {
        format!("{made:x}-{salt}-{}", self.seal(made, source, salt))
    }

    fn seal(&self, made: u64, source: &str, salt: &str) -> String {
        let mut hash = Sha256::new();
        // The key stands on both sides, so that nothing can be appended.
        hash.update(self.key);
        hash.update(made.to_le_bytes());
        hash.update(salt);
        hash.update([0]);
        hash.update(source);
        hash.update(self.key);
        hash.finalize().iter().take(12).map(|byte| format!("{byte:02x}")).collect()
    }

    /// When a nonce of ours was made; None for another's.
    fn made_at(&self, source: &str, nonce: &str) -> Option<u64> {
        let mut parts = nonce.splitn(3, '-');
        let made = u64::from_str_radix(parts.next()?, 16).ok()?;
        let (salt, seal) = (parts.next()?, parts.next()?);
        bool::from(self.seal(made, source, salt).as_bytes().ct_eq(seal.as_bytes())).then_some(made)
    }
}

impl std::fmt::Debug for ServerAuth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerAuth")
            .field("realm", &self.realm)
            .field("nonces", &self.used.len())
            .finish_non_exhaustive()
    }
}
