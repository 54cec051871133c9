//! Following a 3xx (RFC 3261 section 8.1.3.4), never beyond the trunk.

use std::collections::VecDeque;

use super::Calling;
use crate::sip::Destination;
use crate::sip::endpoint::Redirect;
use crate::sip::message::Response;
use crate::sip::uri::Uri;

/// Contacts tried in one call at most, whatever the trunk's setting says.
const MAX_REDIRECTS: usize = 5;
/// Contacts of one 3xx that are looked at.
const MAX_CONTACTS: usize = 16;

/// The target set of a call.
#[derive(Debug)]
pub(super) struct Targets {
    /// Every Request-URI that was tried; trying one again would be a loop.
    tried: Vec<Uri>,
    waiting: VecDeque<(Uri, Destination)>,
}

impl Targets {
    pub(super) fn new(first: &Uri) -> Self {
        Targets { tried: vec![first.clone()], waiting: VecDeque::new() }
    }

    /// Puts the contacts that `within` allows before those that wait, best q first.
    fn add(&mut self, response: &Response, within: &[(String, Destination)]) {
        let mut contacts = response.headers.contacts();
        contacts.truncate(MAX_CONTACTS);
        let q =
            |params: &crate::sip::Params| params.get("q").and_then(|q| q.parse::<f32>().ok()).unwrap_or(1.0);
        contacts.sort_by(|a, b| q(&b.params).total_cmp(&q(&a.params)));
        for contact in contacts.into_iter().rev() {
            let uri = contact.uri.as_request_uri();
            if let Some(destination) = permitted(&uri, within) {
                self.waiting.push_front((uri, destination));
            }
        }
        self.waiting.truncate(MAX_CONTACTS);
    }

    /// The next target that was not tried.
    fn next(&mut self, max: usize) -> Option<(Uri, Destination)> {
        while self.tried.len() <= max {
            let (uri, destination) = self.waiting.pop_front()?;
            if !self.tried.iter().any(|known| known.is_same(&uri)) {
                self.tried.push(uri.clone());
                return Some((uri, destination));
            }
        }
        None
    }
}

fn permitted(uri: &Uri, within: &[(String, Destination)]) -> Option<Destination> {
    if !uri.is_sip() {
        return None;
    }
    let host = uri.host.to_string();
    let (_, destination) =
        within.iter().find(|(name, _)| name.trim_matches(['[', ']']).eq_ignore_ascii_case(&host))?;
    let mut destination = destination.clone();
    if let Some(port) = uri.port.filter(|_| host.parse::<std::net::IpAddr>().is_ok()) {
        destination.addr.set_port(port);
    }
    Some(destination)
}

impl Calling {
    /// After a 3xx-5xx: aims at the next contact that may be tried; false where none is left.
    pub(super) fn redirect(&mut self, response: &Response) -> bool {
        let Redirect::Follow { max, within } = &self.invite.redirect else { return false };
        if response.status < 400 {
            self.targets.add(response, within);
        }
        let max = usize::from(*max).min(MAX_REDIRECTS);
        let Some((uri, destination)) = self.targets.next(max) else { return false };
        self.origin.target = uri;
        self.origin.flow.connection = None;
        self.origin.flow.destination = destination;
        true
    }
}
