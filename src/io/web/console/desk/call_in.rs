//! Experts and colleagues who can be called into the talk of a desk.

use super::super::super::api::CallInView;
use super::super::super::listing::Items;
use super::super::super::live::LiveCall;
use super::super::super::problem::Problem;
use super::super::address::segment;
use super::super::frame::{Frame, Visitor};
use crate::access::Permission;
use crate::agent::State as AgentState;

/// So many are shown: who is on duty and who is ready come first.
const SHOWN: usize = 8;

/// Somebody who can be called in.
pub(super) struct Callable {
    pub name: String,
    pub address: String,
    /// Role of the roster; empty: not on duty by it.
    pub duty: String,
    pub state: String,
    pub class: &'static str,
}

/// Whoever but the agent of the extension `own` can be called into this call: nobody before there is one. The
/// pack is that of the customer.
pub(super) async fn callable(
    visitor: &Visitor,
    frame: &Frame,
    own: &str,
    call: Option<&LiveCall>,
    pack: &str,
) -> Result<Vec<Callable>, Problem> {
    let Some(call) = call.filter(|_| visitor.may(Permission::CallsSteer)) else { return Ok(Vec::new()) };
    let path = match pack {
        "" => "/call-in".to_owned(),
        pack => format!("/call-in?pack={}", segment(pack)),
    };
    let all = visitor.get::<Items<CallInView>>(&path).await?.items;
    let is_there = |person: &CallInView| call.legs.iter().any(|leg| leg.target == person.address);
    let others = all.into_iter().filter(|person| person.address != own && !is_there(person));
    let one = |person: CallInView| Callable {
        duty: person.duty.map(|role| frame.lang.word("tickets-role", role.as_str())).unwrap_or_default(),
        state: person.state.map(|state| frame.lang.word("desk-state", state.as_str())).unwrap_or_default(),
        class: match person.state {
            Some(AgentState::Available) => "is-good",
            Some(_) => "is-warn",
            None => "",
        },
        name: person.name,
        address: person.address,
    };
    Ok(others.take(SHOWN).map(one).collect())
}
