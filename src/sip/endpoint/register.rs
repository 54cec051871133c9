//! Registrations: REGISTER, its refresh, and giving it back (RFC 3261 section 10).
//!
//! ```text
//! Trying --2xx--> Registered --before expiry--> Trying
//!    |--refused, silence--> Waiting --backoff--> Trying
//! any --unregister--> Leaving --final, timer F--> gone
//! ```

use std::time::Duration;

use super::Endpoint;
use super::command::Registration;
use super::event::{Event, RegistrationId};
use crate::base::Now;
use crate::sip::ClientAuth;
use crate::sip::digest::ChallengeError;
use crate::sip::header;
use crate::sip::message::{Method, Request, Response};
use crate::sip::transaction::{Flow, Outcome, Outgoing, Owner, TimerKey};
use crate::sip::uri::Uri;

/// First pause after a failure; doubled each time.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
/// Longest pause after failures.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// The shortest expiry asked for or believed, in seconds.
const SHORTEST: u32 = 30;

/// One registration.
#[derive(Debug)]
pub(super) struct Registered {
    what: Registration,
    auth: Option<ClientAuth>,
    call_id: String,
    tag: String,
    seq: u32,
    expires: u32,
    failures: u32,
    stands: bool,
    leaving: bool,
    busy: bool,
}

impl Endpoint {
    pub(super) fn start_registration(&mut self, now: Now, what: Registration) -> RegistrationId {
        self.last_registration += 1;
        let id = self.last_registration;
        let auth =
            what.auth.as_ref().map(|auth| ClientAuth::new(&auth.user, &auth.password, auth.realm.as_deref()));
        let call_id = self.core.rng.hex(24);
        let tag = self.core.rng.hex(16);
        let expires = what.expires.max(SHORTEST);
        let registered = Registered {
            what,
            auth,
            call_id,
            tag,
            seq: 0,
            expires,
            failures: 0,
            stands: false,
            leaving: false,
            busy: false,
        };
        self.registrations.insert(id, registered);
        self.send_register(now, id);
        RegistrationId(id)
    }

    pub(super) fn end_registration(&mut self, now: Now, id: u32) {
        let Some(registered) = self.registrations.get_mut(&id) else { return };
        if registered.leaving {
            return;
        }
        registered.leaving = true;
        // A REGISTER under way is followed by the one that gives back.
        if !registered.busy {
            self.send_register(now, id);
        }
    }

    fn send_register(&mut self, now: Now, id: u32) {
        let Some(registered) = self.registrations.get_mut(&id) else { return };
        registered.seq += 1;
        registered.busy = true;
        let what = &registered.what;
        let uri = Uri::parse(&what.registrar).unwrap_or_else(|_| Uri::sip("", "invalid", None));
        let mut request = Request::new(Method::REGISTER, uri);
        let headers = &mut request.headers;
        for route in &what.route {
            headers.push(header::ROUTE, format!("<{route}>"));
        }
        headers.push(header::FROM, format!("<{}>;tag={}", what.aor, registered.tag));
        headers.push(header::TO, format!("<{}>", what.aor));
        headers.push(header::CALL_ID, registered.call_id.as_str());
        headers.push(header::CSEQ, format!("{} REGISTER", registered.seq));
        headers.push(header::MAX_FORWARDS, "70");
        let (transport, peer) = (what.destination.transport, what.destination.addr.ip());
        headers.push(header::CONTACT, self.core.contact(&what.contact_user, transport, peer));
        headers.push(header::EXPIRES, if registered.leaving { 0 } else { registered.expires });
        let flow = Flow { destination: what.destination.clone(), connection: None };
        self.core.request(now, Outgoing { request, flow }, Owner::Register(id), registered.auth.as_mut());
    }

    pub(super) fn registration_timeout(&mut self, now: Now, id: u32) {
        if self.registrations.get(&id).is_some_and(|registered| !registered.busy) {
            self.send_register(now, id);
        }
    }

    pub(super) fn registration_outcome(
        &mut self,
        now: Now,
        id: u32,
        outcome: Outcome,
        response: Option<&Response>,
    ) {
        if matches!(outcome, Outcome::Provisional | Outcome::Another) {
            return;
        }
        let Some(registered) = self.registrations.get_mut(&id) else { return };
        registered.busy = false;
        let status = Self::outcome_status(&outcome, response);
        let repeat = response.map_or(Ok(false), |response| registered.can_repeat(response));
        if repeat == Ok(true) {
            return self.send_register(now, id);
        }
        if registered.leaving && registered.asked_to_leave(&outcome) {
            self.registrations.remove(&id);
            self.core.out.arm(TimerKey::Registration(id), None);
            self.core.events.push_back(Event::Unregistered { id: RegistrationId(id) });
            return;
        }
        if registered.leaving {
            return self.send_register(now, id);
        }
        let mut pause = match response.filter(|_| status < 300) {
            Some(response) => {
                let granted = registered.granted(response);
                registered.failures = 0;
                registered.stands = true;
                self.core.events.push_back(Event::Registered { id: RegistrationId(id), expires: granted });
                refresh_after(granted)
            }
            None => {
                let doubled = FIRST_PAUSE * (1 << registered.failures.min(6));
                registered.failures += 1;
                registered.stands = false;
                doubled.min(LONGEST_PAUSE)
            }
        };
        if status >= 300 {
            if let Some(wait) = response.and_then(|response| response.headers.retry_after()) {
                pause = pause.max(Duration::from_secs(u64::from(wait))).min(LONGEST_PAUSE * 2);
            }
            // Many daemons behind one trunk do not come back in the same instant.
            pause += pause * u32::try_from(self.core.rng.below(20)).unwrap_or(0) / 100;
            let reason = match (&outcome, response) {
                (_, Some(response)) => match repeat {
                    Err(unanswered) => format!("{}: {unanswered}", response.reason),
                    Ok(_) => response.reason.clone(),
                },
                (Outcome::Unsent(_), _) => outcome.why_unsent("REGISTER"),
                _ => "no response to the REGISTER".to_owned(),
            };
            let id = RegistrationId(id);
            self.core.events.push_back(Event::RegistrationFailed { id, status, reason, retry_in: pause });
        }
        self.core.out.arm(TimerKey::Registration(id), Some(now.mono + pause));
    }
}

impl Registered {
    /// Takes a challenge or a longer expiry (423); true where the request goes out again, an
    /// error where a challenge cannot be answered.
    fn can_repeat(&mut self, response: &Response) -> Result<bool, ChallengeError> {
        Ok(match response.status {
            401 | 407 => match &mut self.auth {
                Some(auth) => auth.handle_challenge(response).map(|()| true)?,
                None => false,
            },
            423 => {
                match response.headers.get(header::MIN_EXPIRES).and_then(|text| text.trim().parse().ok()) {
                    Some(wanted) if wanted > self.expires && wanted <= 7 * 24 * 3600 => {
                        self.expires = wanted;
                        true
                    }
                    _ => false,
                }
            }
            200..300 => {
                if let Some(auth) = &mut self.auth {
                    auth.handle_accepted();
                }
                false
            }
            _ => false,
        })
    }

    /// True where this outcome is that of the REGISTER with `Expires: 0`.
    fn asked_to_leave(&self, outcome: &Outcome) -> bool {
        match outcome {
            Outcome::Final(outgoing) => outgoing.request.headers.expires() == Some(0),
            _ => true,
        }
    }

    /// Seconds granted: those of our Contact, else of the message, else what was asked.
    fn granted(&self, response: &Response) -> u32 {
        let headers = &response.headers;
        let ours = headers
            .contacts()
            .into_iter()
            .find(|contact| contact.uri.user.as_deref() == Some(self.what.contact_user.as_str()));
        ours.and_then(|contact| contact.params.get("expires").and_then(|text| text.parse().ok()))
            .or_else(|| headers.expires())
            .unwrap_or(self.expires)
            .max(SHORTEST / 3)
    }
}

/// Early enough for a lost REGISTER to be repeated to timer F.
fn refresh_after(granted: u32) -> Duration {
    let whole = Duration::from_secs(u64::from(granted));
    let margin = Duration::from_secs(35);
    if whole > margin * 3 { whole - margin } else { whole * 2 / 3 }
}
