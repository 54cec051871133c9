//! While the call is up: script, keys, machine, comments, holds.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::machine::Verdict;
use super::{Action, Call, EndedBy, State, StepStamp, StoredAnswer};
use crate::base::{Blame, Disposition, Now};
use crate::dialer::MachinePolicy;
use crate::ivr;
use crate::media::{self, AmdKind, AmdVerdict, Command, Prompt, PromptLibrary};

/// A key that comes by RTP and by INFO is one press if both arrive within this time.
const SAME_PRESS: Duration = Duration::from_millis(400);
/// Steps of one call that are kept: a script has some tens, whoever goes in circles no more of use.
const MAX_STEPS: usize = 200;

impl Call {
    pub(super) fn handle_media(&mut self, now: Now, event: media::Event, prompts: &PromptLibrary) {
        use media::Event as E;
        match event {
            E::Opened(addr) if self.state == State::Opening => self.handle_opened(now, addr, prompts),
            E::OpenFailed(problem) if self.state == State::Opening => self.handle_open_failed(now, problem),
            E::Opened(_) | E::OpenFailed(_) => {}
            E::FirstPacket => self.heard = true,
            E::Digit { key, .. } => self.handle_key(now, key, prompts),
            E::Played { play, finished } => self.run(now, ivr::Event::Played { play, finished }, prompts),
            E::KeysSent if self.state == State::Extension => self.await_extension(now, prompts),
            E::Voice if self.state == State::Extension && self.awaiting => self.meet(now, prompts),
            E::KeysSent | E::Voice => {}
            E::Verdict(verdict) => self.handle_verdict(now, verdict, prompts),
            E::Commented { path, duration, spoke } => {
                let path = relative(&path, &self.plan.recordings);
                let ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
                self.run(now, ivr::Event::CommentEnded { spoke, path, ms }, prompts);
            }
            E::Timeout => self.handle_silence(now),
            E::RecordFailed(problem) => self.alarm = Some(format!("record_failed: {problem}")),
            E::Closed { recording, quality } => {
                self.media_open = false;
                if self.state == State::Closing {
                    self.report(now, recording, Some(quality));
                } else if self.media_closing {
                    self.closed_early = Some((recording, quality));
                } else if !matches!(self.state, State::Reporting | State::Ended) {
                    // The plane gave the session up by itself: nobody can be heard any more.
                    self.closed_early = Some((recording, quality));
                    self.verdict.get_or_insert_with(|| {
                        Verdict::new(Disposition::Failed, Blame::Ours, "the media session was lost")
                    });
                    self.hang_up(now, 41, "media lost");
                }
            }
        }
    }

    /// The extension is dialled: its telephone may ring for a while.
    fn await_extension(&mut self, now: Now, prompts: &PromptLibrary) {
        let wait = self.plan.extension.as_ref().map_or(Duration::ZERO, |extension| extension.wait);
        if wait.is_zero() {
            return self.meet(now, prompts);
        }
        self.awaiting = true;
        self.deadline = now.mono + wait;
        self.media(Command::AwaitVoice);
    }

    fn handle_key(&mut self, now: Now, key: char, prompts: &PromptLibrary) {
        if self.state == State::Extension && self.awaiting {
            return self.meet(now, prompts);
        }
        self.last_key = Some((key, now.mono));
        self.heard = true;
        if self.state == State::Bridged {
            return self.out.push_back(Action::Key(key));
        }
        self.run(now, ivr::Event::Key(key), prompts);
    }

    /// Keys as SIP INFO: `application/dtmf-relay` (`Signal=5`) and `application/dtmf` (`5`).
    pub(super) fn handle_info(
        &mut self,
        now: Now,
        content_type: &str,
        body: &Bytes,
        prompts: &PromptLibrary,
    ) {
        let Some(key) = info_key(content_type, body) else { return };
        let again = |(last, at)| last == key && now.mono.since(at) < SAME_PRESS;
        if !self.last_key.is_some_and(again) {
            if self.state == State::Detecting {
                self.media(Command::StopDetect);
                self.start_as_human(now, prompts);
            }
            self.handle_key(now, key, prompts);
        }
    }

    fn handle_verdict(&mut self, now: Now, verdict: AmdVerdict, prompts: &PromptLibrary) {
        let kind = verdict.kind;
        let beep = verdict.beep_ms.is_some();
        self.amd = Some(verdict);
        match (self.state, kind) {
            (State::Detecting, AmdKind::Machine) => self.handle_machine(now, beep, prompts),
            (State::Detecting, AmdKind::Unsure) if self.plan.machine == MachinePolicy::Ask => {
                self.run_script(now, ivr::Event::MachineDoubt, prompts);
            }
            (State::Detecting, _) => self.start_as_human(now, prompts),
            (State::Message, AmdKind::Machine) if beep => {
                self.run_script(now, ivr::Event::MachineBeep, prompts);
            }
            (State::Message, AmdKind::Human) => self.start_as_human(now, prompts),
            _ => {}
        }
    }

    fn handle_machine(&mut self, now: Now, beep: bool, prompts: &PromptLibrary) {
        match self.plan.machine {
            MachinePolicy::Ignore => self.start_as_human(now, prompts),
            MachinePolicy::Ask => self.run_script(now, ivr::Event::MachineDoubt, prompts),
            MachinePolicy::LeaveMessage if beep => self.run_script(now, ivr::Event::MachineBeep, prompts),
            MachinePolicy::LeaveMessage => self.enter(now, State::Message),
            MachinePolicy::HangUp => {
                self.verdict = Some(Verdict::new(Disposition::Machine, Blame::None, "an answering machine"));
                self.hang_up(now, 16, "answering machine");
            }
        }
    }

    pub(super) fn start_as_human(&mut self, now: Now, prompts: &PromptLibrary) {
        self.run_script(now, ivr::Event::Started, prompts);
    }

    /// Enters the script by one of its three doors.
    pub(super) fn run_script(&mut self, now: Now, door: ivr::Event, prompts: &PromptLibrary) {
        self.enter(now, State::Script);
        self.run(now, door, prompts);
    }

    /// Gives the script an event, if it is running.
    pub(super) fn run(&mut self, now: Now, event: ivr::Event, prompts: &PromptLibrary) {
        if !matches!(self.state, State::Script | State::Lingering) {
            return;
        }
        if let Some(runner) = &mut self.runner {
            runner.handle_event(now, event);
        }
        self.drain_runner(now, prompts);
    }

    pub(super) fn handle_speech(
        &mut self,
        now: Now,
        speech: u32,
        sound: Option<Arc<Prompt>>,
        prompts: &PromptLibrary,
    ) {
        let event = match sound {
            Some(sound) => {
                let prompt = format!("speech/{speech}");
                self.sounds.insert(prompt.clone(), sound);
                ivr::Event::TtsReady { speech, prompt }
            }
            None => ivr::Event::TtsFailed { speech },
        };
        if let Some(runner) = &mut self.runner {
            runner.handle_event(now, event);
        }
        self.drain_runner(now, prompts);
    }

    pub(super) fn drain_runner(&mut self, now: Now, prompts: &PromptLibrary) {
        while let Some(action) = self.runner.as_mut().and_then(ivr::Runner::poll_action) {
            self.follow(now, action, prompts);
        }
    }

    /// Carries out one order of the script.
    fn follow(&mut self, now: Now, action: ivr::Action, prompts: &PromptLibrary) {
        use ivr::Action as A;
        // Once signalling is over only results count; nobody is there to hear a prompt.
        if self.over.is_some() && !matches!(action, A::Answer(_) | A::Outcome(_) | A::KeepPrompt { .. }) {
            return;
        }
        match action {
            A::Play { play, prompts: names, barge_in } => {
                if names.iter().any(|name| name.ends_with(ivr::RECORDED_PROMPT)) {
                    let at = self.clock(now);
                    self.notice.announced_at.get_or_insert(at);
                }
                let find = |name: &String| self.sounds.get(name).cloned().or_else(|| find(prompts, name));
                let prompts = names.iter().filter_map(find).collect();
                self.media(Command::Play { play, prompts, barge_in });
            }
            A::StopPlay => self.media(Command::StopPlay),
            A::StartComment { question, max, silence } => {
                let path = self.plan.recordings.join(format!("{}.{question}.wav", self.plan.stem));
                self.media(Command::RecordComment { path, max, silence });
            }
            A::StopComment => self.media(Command::StopComment),
            A::Speak { speech, text, language } => {
                self.out.push_back(Action::Speak { speech, text, language });
            }
            A::LoadRecording { speech, path } => {
                let path = self.plan.recordings.join(path);
                self.out.push_back(Action::Load { speech, path });
            }
            A::Answer(answer) => self.store_answer(now, answer),
            A::KeepPrompt { name, path } => {
                let path = self.plan.recordings.join(path);
                self.out.push_back(Action::KeepPrompt { name, path });
            }
            A::Step(step) => {
                let at = self.clock(now);
                if self.steps.len() < MAX_STEPS {
                    self.steps.push(StepStamp { step: step.clone(), at });
                }
                self.step = step;
                self.out.push_back(Action::Changed);
            }
            A::Connect(search) => self.want(search, prompts),
            A::CallBack => self.out.push_back(Action::CallBack),
            A::Consent(consent) => {
                self.notice.consent = Some((consent, self.clock(now)));
                self.out.push_back(Action::Consent(consent));
            }
            A::Outcome(outcome) => self.settle(now, outcome),
            A::HangUp => self.hang_up(now, 16, "script ended"),
        }
    }

    fn settle(&mut self, now: Now, outcome: ivr::Outcome) {
        let mut verdict = Verdict::new(outcome.disposition, Blame::None, "");
        verdict.later_at = outcome.later_at;
        verdict.do_not_call = outcome.do_not_call;
        // A fault or an operator's stop that was seen first stands.
        self.verdict.get_or_insert(verdict);
        if self.state == State::Script && self.over.is_none() {
            self.enter(now, State::Lingering);
        }
    }

    fn store_answer(&mut self, now: Now, answer: ivr::Answer) {
        self.answers += 1;
        let stored = StoredAnswer::new(self.plan.id, self.answers, answer, self.clock(now));
        self.out.push_back(Action::Store(stored));
    }

    /// No RTP for the configured time: the line is dead, and no person is to blame.
    fn handle_silence(&mut self, now: Now) {
        if !self.state.is_answered() {
            return;
        }
        let disposition = match &self.runner {
            Some(runner) if self.heard => runner.disposition_if_hung_up(),
            _ => Disposition::DeadAir,
        };
        let detail =
            if self.heard { "the customer's sound stopped" } else { "no sound ever came from the customer" };
        self.verdict.get_or_insert_with(|| Verdict::new(disposition, Blame::Carrier, detail));
        self.ended_by = Some(EndedBy::Fault);
        self.hang_up(now, 31, "RTP timeout");
    }

    /// The peer wants other media: hold, resume, codec change, or asks for our offer.
    pub(super) fn handle_offered(&mut self, sdp: Option<Bytes>) {
        let Some(way) = &self.way else { return };
        let reply = match sdp {
            // Our own offer has no answer yet (RFC 3311 section 5.2).
            Some(_) if self.is_ringing() && self.early.is_none() => Err(491),
            Some(offer) => match self.negotiation.answer(&offer, way) {
                Ok((answer, mut stream)) => {
                    // A customer who holds our person sends music or nothing; neither is a fault.
                    stream.receive &= self.state != State::Bridged || stream.send;
                    match &mut self.early {
                        Some((_, early)) => *early = stream,
                        None => self.media(Command::Start(stream)),
                    }
                    Ok(answer)
                }
                Err(_) => Err(488),
            },
            None => self.negotiation.offer(way).map_err(|_| 488),
        };
        self.out.push_back(Action::Answer(reply));
    }

    pub(super) fn handle_offer_answered(&mut self, result: Result<Bytes, u16>) {
        let Some(way) = &self.way else { return };
        // A refused or broken answer leaves the media as they were (RFC 3261 section 14.1).
        match result.map(|sdp| self.negotiation.accept(&sdp, way)) {
            Ok(Ok(stream)) => self.media(Command::Start(stream)),
            Ok(Err(_)) | Err(_) => self.negotiation.withdraw(),
        }
    }
}

/// A prompt by its full name: `zh-CN/survey/thanks`, or `beep`.
pub(super) fn find(prompts: &PromptLibrary, full: &str) -> Option<Arc<Prompt>> {
    match full.split_once('/') {
        Some((language, name)) => prompts.get(language, name),
        None => prompts.languages().find_map(|language| prompts.exact(language, full)),
    }
}

fn relative(path: &Path, base: &Path) -> String {
    path.strip_prefix(base).unwrap_or(path).to_string_lossy().into_owned()
}

/// The key of an INFO body, if it is one.
pub(super) fn info_key(content_type: &str, body: &[u8]) -> Option<char> {
    let text = std::str::from_utf8(body).ok()?;
    let signal = text.lines().find_map(|line| {
        let (name, value) = line.split_once('=')?;
        name.trim().eq_ignore_ascii_case("signal").then(|| value.trim())
    });
    let value = match content_type {
        // Some gateways write the body of the other kind.
        "application/dtmf" => signal.unwrap_or(text.trim()),
        "application/dtmf-relay" => signal?,
        _ => return None,
    };
    let key = match value {
        "10" => '*',
        "11" => '#',
        _ => {
            let mut chars = value.chars();
            chars.next().filter(|_| chars.next().is_none())?.to_ascii_uppercase()
        }
    };
    matches!(key, '0'..='9' | '*' | '#' | 'A'..='D').then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_from_both_kinds_of_info() {
        for (kind, body, expect) in [
            ("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n", Some('5')),
            ("application/dtmf-relay", "Duration=160\r\nsignal = #\r\n", Some('#')),
            ("application/dtmf-relay", "Signal=10\r\n", Some('*')),
            ("application/dtmf", "7", Some('7')),
            ("application/dtmf", "Signal=7\r\nDuration=160\r\n", Some('7')),
            ("application/dtmf", "77", None),
            ("application/dtmf", "x", None),
            ("application/dtmf-relay", "", None),
            ("text/plain", "5", None),
        ] {
            assert_eq!(info_key(kind, body.as_bytes()), expect, "{kind} {body:?}");
        }
    }
}
