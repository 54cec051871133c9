//! From signalling: who answered when, who held how long, who hung up.

use super::{Charge, Detector, Findings, Severity, Span, Talk};
use crate::base::{Disposition, Timestamp};
use crate::call::{Direction, EndedBy, HungUpFirst};

fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.millis_since(from).max(0) as f64 / 1_000.0
}

impl Findings<'_> {
    pub(super) fn signal(&mut self, talk: Option<&Talk>) {
        self.answer();
        self.abandoned();
        self.holds();
        self.end(talk);
        self.length();
        self.steps();
    }

    /// `answer_delay_s`: first INVITE at the daemon to the 200, inbound. `agent_answer_s`: the same
    /// for the phone that took the customer.
    fn answer(&mut self) {
        let facts = self.facts;
        if let (Direction::Inbound, Some(answered)) = (facts.direction, facts.answered_at) {
            let finding = self.add(Detector::AnswerDelay, seconds(facts.started_at, answered), None);
            if finding.severity > Severity::Info {
                // The daemon answers, or its queue does: no person is late here.
                finding.charge = Charge::System;
            }
        }
        for part in &facts.parts {
            let span = Span::new(facts.at(part.rang_at), facts.at(part.from));
            self.add(Detector::AgentAnswer, seconds(part.rang_at, part.from), span);
            self.charge(facts.at(part.from));
        }
        let transfers = facts.parts.iter().filter(|part| part.transferred).count();
        if transfers > 0 {
            self.add(Detector::Transfers, transfers as f64, None);
        }
    }

    /// `abandoned`: the caller was gone before a person, or the end of the menu.
    fn abandoned(&mut self) {
        let unserved = matches!(
            self.facts.disposition,
            Disposition::HungUp | Disposition::NoAnswer | Disposition::Cancelled
        );
        if self.facts.direction == Direction::Inbound && self.facts.parts.is_empty() && unserved {
            self.add(Detector::Abandoned, 1.0, None).charge = Charge::System;
        }
    }

    /// `hold_s`: each time in which the customer heard music and nobody.
    fn holds(&mut self) {
        for hold in self.facts.holds.clone() {
            let span = self.facts.span(hold);
            self.add(Detector::Hold, seconds(hold.0, hold.1), span);
            self.charge(span.from);
        }
    }

    /// `hangup_by`: the side that ended the talk: customer, agent, system, network. `cut_off`: our
    /// side did, within [`crate::evidence::Scorecard::cut_off_s`] after a word of the customer.
    /// A robot that ends its script, and its wait, is the system and no violation.
    fn end(&mut self, talk: Option<&Talk>) {
        let facts = self.facts;
        if facts.answered_at.is_none() {
            return;
        }
        let broken = facts.ended_by == EndedBy::Fault;
        let (by, at) = match facts.hung_up_first {
            Some((_, at)) if broken => ("network", at),
            Some((first, at)) => (first.as_str(), at),
            None if broken => ("network", facts.ended_at),
            None if facts.ended_by == EndedBy::Peer => ("customer", facts.ended_at),
            None => ("system", facts.ended_at),
        };
        let end = facts.at(at);
        let agent = facts.hung_up_first.is_some_and(|(first, _)| first == HungUpFirst::Agent) && !broken;
        let severity = match agent {
            true => self.card.limit.get(&Detector::HangupBy).map(|limit| limit.severity(1.0)),
            false => None,
        };
        let span = Some(Span::new(end, end));
        self.push(Detector::HangupBy, f64::from(agent), span, severity.unwrap_or_default()).detail =
            by.to_owned();
        self.charge(end.saturating_sub(1));
        let Some(talk) = talk else { return };
        let theirs = talk.heard.iter().map(|turn| turn.span.to.min(end)).filter(|to| *to <= end).max();
        if facts.hung_up_first.is_some()
            && let Some(last) = talk.last_word().filter(|last| *last <= end)
        {
            self.add(Detector::LastWord, f64::from(end - last) / 1_000.0, Span::new(last, end));
        }
        let within = (self.card.cut_off_s * 1_000.0) as u32;
        let spoke = theirs.filter(|last| end.saturating_sub(*last) < within);
        if let (true, Some(last)) = (matches!(by, "agent" | "system"), spoke) {
            let span = Span::new(end.saturating_sub(within), end);
            let value = f64::from(end - last) / 1_000.0;
            if agent {
                self.push(Detector::CutOff, value, Some(span), Severity::Critical).detail = by.to_owned();
                self.charge(end.saturating_sub(1));
            } else {
                let finding = self.push(Detector::CutOff, value, Some(span), Severity::Warn);
                (finding.charge, finding.detail) = (Charge::System, by.to_owned());
            }
        }
    }

    /// `too_short`: answered, told as done, and up for less than the scorecard says. `not_concise`:
    /// the length in medians of late calls with a person.
    fn length(&mut self) {
        let facts = self.facts;
        let talk = facts.talk_ms() as f64 / 1_000.0;
        let limit = self.card.limit.get(&Detector::TooShort);
        let short = limit.is_some_and(|limit| limit.severity(talk) > Severity::Info);
        if facts.answered_at.is_some() && facts.is_done() && short {
            self.add(Detector::TooShort, talk, Span::new(0, facts.at(facts.ended_at)));
            self.charge(0);
        }
        if let (Some(usual), false) = (facts.usual_ms.filter(|usual| *usual > 0), facts.parts.is_empty()) {
            self.add(Detector::NotConcise, facts.talk_ms() as f64 / usual as f64, None);
        }
    }

    /// `step`: each step of the script from its beginning to that of the next. `step_order`: our
    /// person ticked steps in another order than the script has.
    fn steps(&mut self) {
        let facts = self.facts;
        let ends = facts.steps.iter().skip(1).map(|step| step.at).chain([facts.ended_at]);
        for (step, end) in facts.steps.iter().zip(ends) {
            let span = facts.span((step.at, end));
            self.add(Detector::Step, span.seconds(), span).rule = step.step.clone();
        }
        if !facts.steps_out_of_order.is_empty() {
            self.add(Detector::StepOrder, 1.0, None).detail = facts.steps_out_of_order.clone();
            self.charge(facts.at(facts.ended_at).saturating_sub(1));
        }
    }
}
