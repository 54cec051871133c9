//! One agent's life: each step says where it leads and why.

use std::time::Duration;

use super::settings::{AgentSettings, Rules};
use super::state::{AgentView, State, reason};
use crate::base::{CallId, Mono, Now, Timestamp};

/// What a person wants after the call that is up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Next {
    NotReady(String),
    LogOut,
}

/// One agent.
#[derive(Clone, Debug)]
pub(super) struct Life {
    pub settings: AgentSettings,
    pub state: State,
    pub reason: String,
    pub since: Now,
    /// When the state ends by itself.
    pub until: Mono,
    pub call: Option<CallId>,
    pub phones: usize,
    pub phones_since: Timestamp,
    /// The phone vanished in a call: until when it may come back, and why it went.
    pub lost: Option<(Mono, String)>,
    /// What comes after the call or the wrap-up.
    pub next: Option<Next>,
    /// A phone that vanished not ready or in wrap-up comes back to that, not to calls.
    pub resume: Option<(State, String, Mono)>,
    /// End of the last call: who waited longest is next. A transfer or a pause does not move it.
    pub last_call: Option<Mono>,
    pub offered: u64,
    pub answered: u64,
    pub answer_delay_ms: u64,
    pub slowest_answer_ms: u64,
}

impl Life {
    pub(super) fn new(now: Now, settings: AgentSettings) -> Self {
        Life {
            settings,
            state: State::Offline,
            reason: reason::START.to_owned(),
            since: now,
            until: Mono::FAR,
            call: None,
            phones: 0,
            phones_since: now.utc,
            lost: None,
            next: None,
            resume: None,
            last_call: None,
            offered: 0,
            answered: 0,
            answer_delay_ms: 0,
            slowest_answer_ms: 0,
        }
    }

    /// How long a state may last.
    pub(super) fn limit(&self, rules: &Rules, state: State, reason: &str) -> Option<Duration> {
        match state {
            State::Offline => None,
            State::Available => Some(rules.longest_available),
            State::Offered => Some(rules.ring),
            State::OnCall => Some(rules.longest_call),
            State::WrapUp => Some(self.settings.wrap_up.unwrap_or(rules.wrap_up)),
            State::NotReady if matches!(reason, reason::NO_ANSWER | reason::REFUSED) => {
                let back = rules.return_after_no_answer;
                Some(if back.is_zero() { rules.longest_not_ready } else { back })
            }
            State::NotReady => Some(rules.limit_of(reason)),
        }
    }

    /// The next moment at which something happens by itself.
    pub(super) fn deadline(&self) -> Mono {
        self.until.min(self.lost.as_ref().map_or(Mono::FAR, |(at, _)| *at))
    }

    /// Since when it has waited for a call: the end of its last one.
    pub(super) fn idle_since(&self) -> Mono {
        self.last_call.unwrap_or(Mono(0))
    }

    pub(super) fn view(&self, now: Now) -> AgentView {
        let until = (self.until < Mono::FAR).then(|| {
            let left = self.until.since(now.mono);
            Timestamp((now.utc + left).0)
        });
        AgentView {
            name: self.settings.name.clone(),
            extension: self.settings.extension.clone(),
            state: self.state,
            reason: self.reason.clone(),
            since: self.since.utc,
            until,
            phones: self.phones,
            phones_since: self.phones_since,
            call: self.call,
            offered: self.offered,
            answered: self.answered,
            answer_delay_ms: self.answer_delay_ms,
            slowest_answer_ms: self.slowest_answer_ms,
        }
    }
}
