//! Replaces (RFC 3891): one dialog takes the place of another. As the header of a REFER's target
//! it names the second line of the phone that transfers; in an INVITE of a phone it names a call
//! that this phone takes over.

use super::Engine;
use super::bridge::{Guest, Task};
use crate::base::Now;
use crate::call::leg::{self, Role};
use crate::sip::Uri;
use crate::sip::endpoint::{Incoming, SessionId};

/// The dialog that is to be replaced, as whoever receives the header sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Replaced {
    call_id: String,
    local_tag: String,
    remote_tag: String,
}

impl Replaced {
    /// Reads a header value: `call-id;to-tag=a;from-tag=b`.
    pub fn parse(value: &str) -> Option<Replaced> {
        let mut parts = value.split(';').map(str::trim);
        let call_id = parts.next().filter(|id| !id.is_empty())?.to_owned();
        let (mut local_tag, mut remote_tag) = (None, None);
        for part in parts {
            match part.split_once('=') {
                Some((name, tag)) if name.trim().eq_ignore_ascii_case("to-tag") => {
                    local_tag = Some(tag.trim())
                }
                Some((name, tag)) if name.trim().eq_ignore_ascii_case("from-tag") => {
                    remote_tag = Some(tag.trim());
                }
                _ => {}
            }
        }
        Some(Replaced { call_id, local_tag: local_tag?.to_owned(), remote_tag: remote_tag?.to_owned() })
    }

    /// From the headers of a URI (RFC 3261 section 19.1.1): `Replaces=...`, escaped.
    pub fn of_uri(uri: &Uri) -> Option<Replaced> {
        let fields = uri.headers.as_deref()?.split('&');
        let mut values = fields.filter_map(|field| field.split_once('='));
        let (_, value) = values.find(|(name, _)| name.eq_ignore_ascii_case("Replaces"))?;
        Replaced::parse(&unescaped(value))
    }
}

/// Text without its percent escapes.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, tail)) = rest.split_first() {
        let code = (*byte == b'%').then(|| tail.get(..2)).flatten();
        let code = code.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        bytes.push(code.unwrap_or(*byte));
        rest = if code.is_some() { tail.get(2..).unwrap_or_default() } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

impl Engine {
    /// The leg whose dialog is meant.
    pub(super) fn replaced_leg(&mut self, replaced: &Replaced) -> Option<u64> {
        let Replaced { call_id, local_tag, remote_tag } = replaced;
        let session = self.endpoint.find_session(call_id, local_tag, remote_tag)?;
        self.by_session.get(&session).copied().filter(|number| self.legs.contains_key(number))
    }

    /// A phone transfers its customer to whom it talks with on its second line. False where the
    /// header names no such line of the same call.
    pub(super) fn transfer_to_line(&mut self, now: Now, session: SessionId, from: u64, target: &Uri) -> bool {
        let line = Replaced::of_uri(target).and_then(|replaced| self.replaced_leg(&replaced));
        let call = self.call_of_guest(from);
        let (Some(line), Some(call)) = (line, call) else { return false };
        if self.line_of(call) != Some(line) {
            return false;
        }
        self.endpoint.answer_refer(now, session, Ok(()));
        self.complete_by_phone(now, call, from);
        true
    }

    /// A phone takes over the talk of another: its own agent's other phone, or that of a
    /// colleague, where it may call them.
    pub(super) fn take_over(&mut self, now: Now, agent: &str, replaced: &Replaced, incoming: Incoming) {
        let session = incoming.session;
        let leg = self.replaced_leg(replaced);
        let found = leg.and_then(|leg| Some((self.call_of_guest(leg)?, leg)));
        let Some((call, leg)) = found else {
            return self.refuse_phone(now, session, 481, "no such call of a phone of ours is up");
        };
        let settings = self.desk.agents.settings(agent);
        let own = self.legs.get(&leg).map(|slot| slot.leg.plan().target.as_str());
        let may = settings.is_some_and(|s| s.may_dial.agents || own == Some(s.extension.as_str()));
        if !may {
            return self.refuse_phone(now, session, 403, "may_dial of this agent does not list `agents`");
        }
        let talks = |guest: &&mut Guest| guest.up && guest.role == Role::Talker && guest.task == Task::Answer;
        if self.is_transferring(call) || self.guest_of(call, leg).filter(talks).is_none() {
            return self.refuse_phone(now, session, 486, "the call is not one that can be taken over now");
        }
        let before = self.next_slot;
        self.take_in(now, call, agent, incoming, Task::Transfer(leg));
        if self.legs.contains_key(&before) {
            self.with_leg(now, before, leg::Event::Take);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_read_plain_and_from_a_uri() {
        let expect = Replaced { call_id: "a@b".into(), local_tag: "1".into(), remote_tag: "2".into() };
        assert_eq!(Replaced::parse("a@b;from-tag=2; To-Tag = 1;early-only"), Some(expect.clone()));
        for bad in ["", ";to-tag=1;from-tag=2", "a@b;to-tag=1", "a@b"] {
            assert_eq!(Replaced::parse(bad), None, "{bad}");
        }
        let uri = Uri::parse("sip:8002@x?Replaces=a%40b%3Bto-tag%3D1%3Bfrom-tag%3D2").unwrap();
        assert_eq!(Replaced::of_uri(&uri), Some(expect));
        assert_eq!(Replaced::of_uri(&Uri::parse("sip:8002@x?Subject=%zz%").unwrap()), None);
        assert_eq!(unescaped("%zz%2"), "%zz%2");
    }
}
