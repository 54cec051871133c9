//! From the hang-up to the record.

use super::machine::Verdict;
use super::setup::describe;
use super::{Action, Bridging, Call, CallRecord, Closing, Direction, EndedBy, Over, State};
use crate::base::{Blame, Cause, Disposition, Now};
use crate::ivr;
use crate::media::{Command, PromptLibrary, Quality, Recording};
use crate::sip::endpoint::{By, End};

/// A channel below this mean level carries no voice, dBFS.
const SILENT_DBFS: f32 = -60.0;

/// A call without a packet from the customer tells of a fault only after this long: who
/// hangs up within a second may never have spoken.
const DEAF_MS: i64 = 2_000;

impl Call {
    /// Sends CANCEL or BYE, once.
    pub(super) fn hang_up(&mut self, now: Now, q850: u8, text: &str) {
        if self.state.may_become(State::Releasing) {
            self.out.push_back(Action::HangUp { q850, text: text.to_owned() });
            self.enter(now, State::Releasing);
            self.fall_silent(now);
        }
    }

    /// With the first BYE an answered call is over (RFC 3261 section 15.1.1): nothing is sent,
    /// heard or recorded while its answer is awaited.
    fn fall_silent(&mut self, now: Now) {
        if self.stamps.answered.is_some() {
            let at = self.clock(now);
            self.stamps.ended.get_or_insert(at);
            self.stop_media();
        }
    }

    fn stop_media(&mut self) {
        if self.media_open && !self.media_closing {
            self.media_closing = true;
            self.media(Command::Close);
        }
    }

    pub(super) fn handle_stop(&mut self, now: Now, why: String) {
        let settled = Verdict::new(Disposition::Cancelled, Blame::Ours, why.clone());
        match self.state {
            State::Opening | State::Waiting | State::Rerouting => {
                self.verdict = Some(settled);
                if self.waits {
                    // Its customer was never called: it used no trunk, and counts in no cap.
                    self.way = None;
                }
                if self.media_open || self.state == State::Waiting {
                    self.close_media(now);
                }
            }
            State::Calling | State::Ringing | State::Early | State::Incoming => {
                self.verdict = Some(settled);
                self.hang_up(now, 31, &why);
            }
            State::Extension
            | State::Detecting
            | State::Script
            | State::Bridged
            | State::Message
            | State::Lingering => {
                let so_far = self.disposition_so_far();
                let disposition = if so_far == Disposition::HungUp { Disposition::Cancelled } else { so_far };
                self.verdict.get_or_insert_with(|| Verdict::new(disposition, Blame::Ours, why.clone()));
                self.hang_up(now, 31, &why);
            }
            State::Releasing | State::Closing | State::Reporting | State::Ended => {}
        }
    }

    /// The peer is gone as far as signalling can tell; our BYE may never be answered.
    pub(super) fn handle_session_lost(&mut self, now: Now, end: &End) {
        if self.state.is_answered() {
            self.settle_end(now, end);
            self.enter(now, State::Releasing);
        }
    }

    /// The one terminal event of signalling.
    pub(super) fn handle_session_ended(&mut self, now: Now, end: End) {
        self.trace.extend(end.trace.items());
        if self.stamps.answered.is_none() {
            self.over = Some(Over { cause: end.cause, detail: describe(&end) });
            self.ended_by.get_or_insert(by(end.by));
            if self.state.may_become(State::Rerouting) {
                return self.handle_refused(now, &end);
            }
            // An inbound call that was never answered: the caller gave up, or we refused it.
            let left =
                || Verdict::new(Disposition::HungUp, Blame::None, "the caller hung up before the answer");
            self.verdict.get_or_insert_with(left);
            return self.close_media(now);
        }
        self.settle_end(now, &end);
        self.close_media(now);
    }

    /// What an answered call comes to, now that signalling has ended it.
    fn settle_end(&mut self, now: Now, end: &End) {
        let over = Over { cause: end.cause, detail: describe(end) };
        let first = self.over.replace(over).is_none();
        self.ended_by.get_or_insert(by(end.by));
        self.fall_silent(now);
        if let Some(runner) = self.runner.as_mut().filter(|_| first) {
            // Settles the result and closes an open question as null.
            runner.handle_event(now, ivr::Event::HungUp);
            self.drain_runner(now, &PromptLibrary::default());
        }
        let blame = if end.by == By::Fault { Blame::Carrier } else { Blame::None };
        self.verdict.get_or_insert_with(|| Verdict::new(Disposition::HungUp, blame, ""));
    }

    fn disposition_so_far(&self) -> Disposition {
        match (&self.verdict, &self.runner, self.state) {
            (Some(verdict), _, _) => verdict.disposition,
            (None, Some(runner), State::Script | State::Bridged | State::Lingering) => {
                runner.disposition_if_hung_up()
            }
            (None, _, State::Message) => Disposition::Machine,
            (None, _, _) => Disposition::HungUp,
        }
    }

    /// Ends the media session, or goes straight to the record where there is none.
    pub(super) fn close_media(&mut self, now: Now) {
        if matches!(self.state, State::Closing | State::Reporting | State::Ended) {
            return;
        }
        self.enter(now, State::Closing);
        if self.media_open {
            self.stop_media();
        } else {
            let (recording, quality) = match self.closed_early.take() {
                Some((recording, quality)) => (recording, Some(quality)),
                None => (None, None),
            };
            self.report(now, recording, quality);
        }
    }

    /// The state's time is over.
    pub(super) fn handle_deadline(&mut self, now: Now, prompts: &PromptLibrary) {
        match self.state {
            State::Opening => self.handle_open_failed(now, "the media worker did not answer".into()),
            State::Waiting => self.handle_stop(now, "the phone of the agent was not answered".into()),
            State::Calling => {
                self.setup_timed_out = true;
                let detail = format!("nothing but 100 for {} s", self.plan.setup.as_secs());
                self.verdict = Some(Verdict::new(Disposition::Congestion, Blame::Carrier, detail));
                self.hang_up(now, 102, "no progress");
            }
            State::Ringing | State::Early => {
                let detail = format!("rang for {} s", self.plan.ring.as_secs());
                self.verdict = Some(Verdict::new(Disposition::NoAnswer, Blame::Peer, detail));
                self.hang_up(now, 19, "no answer");
            }
            State::Rerouting => self.handle_route(now, None),
            State::Incoming => self.hang_up(now, 102, "not answered in time"),
            State::Extension => self.meet(now, prompts),
            State::Detecting => {
                self.media(Command::StopDetect);
                self.start_as_human(now, prompts);
            }
            State::Message => {
                let verdict = Verdict::new(Disposition::Machine, Blame::None, "no beep came");
                self.verdict = Some(verdict);
                self.hang_up(now, 16, "no beep");
            }
            State::Script | State::Bridged | State::Lingering => self.hang_up(now, 16, "time limit"),
            // The peer never answered BYE or CANCEL: the endpoint has its own timers; this
            // is the net below them.
            State::Releasing => {
                self.verdict.get_or_insert_with(|| {
                    Verdict::new(Disposition::Failed, Blame::Unknown, "signalling never ended the call")
                });
                self.close_media(now);
            }
            State::Closing => {
                self.alarm.get_or_insert_with(|| "recording_unfinished".to_owned());
                self.report(now, None, None);
            }
            State::Reporting | State::Ended => {}
        }
    }

    /// Makes the record: the only place that does.
    pub(super) fn report(&mut self, now: Now, recording: Option<Recording>, quality: Option<Quality>) {
        self.enter(now, State::Reporting);
        let over = self.over.take().unwrap_or_default();
        let answered = self.stamps.answered.is_some();
        let mut verdict = self.verdict.take().unwrap_or_else(|| {
            Verdict::new(Disposition::Failed, Blame::Unknown, "the call ended without a reason")
        });
        if self.plan.direction == Direction::Inbound && answered && verdict.disposition == Disposition::HungUp
        {
            verdict.disposition = Disposition::Served;
        }
        let ended_at = self.stamps.ended.unwrap_or(self.clock(now));
        let up = self.stamps.answered.map_or(0, |at| ended_at.millis_since(at));
        let deaf = up >= DEAF_MS && quality.as_ref().is_some_and(|q| q.packets_received == 0);
        if deaf && matches!(verdict.disposition, Disposition::NoInput | Disposition::HungUp) {
            verdict = Verdict::new(Disposition::DeadAir, Blame::Carrier, "no sound came from the customer");
        }
        let alarm = self.alarm.take().or_else(|| self.find_alarm(deaf, recording.as_ref()));
        let detail = if verdict.detail.is_empty() { over.detail } else { verdict.detail };
        let record = CallRecord {
            id: self.plan.id,
            direction: self.plan.direction,
            campaign: self.plan.campaign,
            entry: self.plan.entry,
            phone: self.plan.phone.clone(),
            trunk: self.way.as_ref().map(|w| w.trunk.to_string()),
            script: Some(self.plan.script.name().to_owned()),
            started_at: self.stamps.started,
            ringing_at: self.stamps.ringing,
            early_media_at: self.stamps.early,
            answered_at: self.stamps.answered,
            ended_at,
            disposition: verdict.disposition,
            cause: if answered && over.cause.sip == 0 && over.cause.q850 == 0 {
                Cause { sip: 200, q850: 16 }
            } else {
                over.cause
            },
            blame: verdict.blame,
            ended_by: self.ended_by.unwrap_or(EndedBy::Fault),
            detail,
            amd: self.amd.take(),
            recording,
            quality,
            steps: std::mem::take(&mut self.steps),
            bridging: Bridging::default(),
            notice: self.notice,
        };
        self.out.push_back(Action::Report(Box::new(Closing {
            record,
            later_at: verdict.later_at,
            do_not_call: verdict.do_not_call,
            alarm,
            trace: std::mem::take(&mut self.trace),
        })));
        self.enter(now, State::Ended);
    }

    /// An answered call without a sound recording is an alarm, whoever is to blame.
    fn find_alarm(&self, deaf: bool, recording: Option<&Recording>) -> Option<String> {
        self.stamps.answered?;
        let recording = match recording {
            None if self.plan.record => return Some("no_recording".into()),
            None => return None,
            Some(recording) => recording,
        };
        if recording.missing_frames > 0 {
            return Some("recording_incomplete".into());
        }
        // Silence of the customer alone is a fact of many calls; without a single packet it is a fault.
        if deaf {
            return Some("no_audio_in".into());
        }
        (recording.left_dbfs < SILENT_DBFS
            && recording.right_dbfs < SILENT_DBFS
            && recording.duration.as_secs() >= 3)
            .then(|| "recording_silent".into())
    }
}

fn by(by: By) -> EndedBy {
    match by {
        By::Us => EndedBy::Us,
        By::Peer => EndedBy::Peer,
        By::Fault => EndedBy::Fault,
    }
}
