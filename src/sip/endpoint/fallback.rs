//! Calls whose peer named a place that nothing can be sent to.
//!
//! The ACK to a 2xx goes to the Contact or the route in it (RFC 3261 section 13.2.2.4). Where that
//! cannot be reached, the call would be neither acknowledged nor ended: then both go to where the
//! INVITE went, from where the 2xx came.

use super::{Endpoint, SessionId};
use crate::base::Now;
use crate::sip::header;
use crate::sip::message::Message;
use crate::sip::transaction::Flow;

impl Endpoint {
    /// Sending over `broken` failed.
    pub(super) fn fall_back(&mut self, now: Now, broken: impl Fn(&Flow) -> bool + Copy) {
        let mut moved: Vec<(SessionId, Flow)> = Vec::new();
        for (id, session) in &mut self.sessions {
            let Some(dialog) = session.state.answered_dialog() else { continue };
            if broken(&dialog.flow()) && dialog.fall_back() {
                moved.push((*id, dialog.flow()));
            }
        }
        for (id, flow) in moved {
            for (invite, to_tag, bytes) in self.core.clients.acks_over(id, broken) {
                let Ok(Message::Request(mut ack)) = Message::parse(&bytes) else { continue };
                // It is written anew for the other transport.
                ack.headers.remove(header::VIA);
                self.core.acknowledge(now, invite, &to_tag, Some(id), ack, flow.clone());
            }
        }
    }
}
