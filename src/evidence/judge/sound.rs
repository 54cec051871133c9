//! From both channels: interruptions, silences, levels. Prompts, holds and pauses are cut out
//! before ([`Talk`]).

use super::{Charge, Detector, Findings, Heard, Severity, Span, Talk};
use crate::evidence::talk::{length, mean_level, median_level};
use crate::evidence::turns::Turn;

/// Turns of ours shorter than this say nothing of a speech rate, in ms.
const RATE_MS: u32 = 1_000;

fn ms(seconds: f64) -> u32 {
    (seconds * 1_000.0).round() as u32
}

impl Findings<'_> {
    pub(super) fn sound(&mut self, heard: &Heard, talk: &Talk, broken: bool) {
        self.customer(heard, broken);
        if talk.places.is_empty() {
            return;
        }
        self.greeting(talk);
        self.interruptions(talk);
        self.silences(talk);
        self.levels(talk);
        self.shares(talk);
        self.dispute(talk);
    }

    /// `no_customer_speech`: an answered call in which the right channel was never active, though
    /// sound came in. `perfunctory`: the same of a call told as done without a key pressed.
    fn customer(&mut self, heard: &Heard, broken: bool) {
        if let Some(level) = mean_level(&heard.right) {
            self.add(Detector::CustomerLevel, f64::from(level), None);
            return;
        }
        let whole = Span::new(0, heard.ms);
        if !broken {
            self.add(Detector::NoCustomerSpeech, 1.0, whole);
        }
        if self.facts.is_done() && self.facts.keys == 0 && !self.facts.parts.is_empty() {
            let finding = self.push(Detector::Perfunctory, 1.0, Some(whole), Severity::Critical);
            finding.detail = "told as done; the customer was never heard".to_owned();
            self.charge(0);
        }
    }

    /// `slow_greeting_s`: each time that our person took the customer, to their first word; to the
    /// end where there is none.
    fn greeting(&mut self, talk: &Talk) {
        for part in self.facts.parts.clone() {
            let span = self.facts.span((part.from, part.to));
            // Who has the customer from somebody else finds a talk that goes on.
            let follows =
                self.facts.parts.iter().any(|other| other.from < part.from && part.from <= other.to);
            if follows || span.ms() == 0 {
                continue;
            }
            let first = talk.ours.iter().map(|turn| turn.span.from).find(|from| span.has(*from));
            let waited = Span::new(span.from, first.unwrap_or(span.to));
            self.add(Detector::SlowGreeting, waited.seconds(), waited);
            self.charge(span.from);
        }
    }

    /// `interruption`: see [`crate::evidence::scorecard::InterruptionRule`]; its value is how long
    /// both spoke. `overlap_s`: how long both spoke, without acknowledgements. `overlap_ratio`: how
    /// long both spoke of the time in which anybody did.
    fn interruptions(&mut self, talk: &Talk) {
        let rule = self.card.interruption.clone();
        let (mut count, mut both, mut counted) = (0u32, 0u64, 0u64);
        let mut last: Option<Span> = None;
        for (span, ours, theirs) in talk.overlaps() {
            both += u64::from(span.ms());
            if ours.span.ms() >= ms(rule.back_channel_s) {
                counted += u64::from(span.ms());
            }
            let long = ours.span.ms() >= ms(rule.agent_s) && span.ms() >= ms(rule.overlap_s);
            let into = ours.span.from >= theirs.span.from + ms(rule.customer_s);
            if long && into && last != Some(ours.span) {
                last = Some(ours.span);
                count += 1;
                self.add(Detector::Interruption, span.seconds(), span);
                self.charge(span.from);
            }
        }
        self.add(Detector::Interruptions, f64::from(count), None);
        self.charge(talk.places[0].from);
        self.add(Detector::Overlap, counted as f64 / 1_000.0, None);
        let speech = (length(&talk.ours) + length(&talk.theirs)).saturating_sub(both);
        if speech > 0 {
            self.add(Detector::OverlapRatio, both as f64 * 100.0 / speech as f64, None);
            self.charge(talk.places[0].from);
        }
    }

    /// `agent_silence_max_s`: the longest gap that begins where a turn of the customer ends, to the
    /// next turn of anybody, a hold, a pause or the end. `mutual_silence_max_s`: the longest gap of
    /// both. `agent_silence`, `mutual_silence`: each that is longer than the first step of those.
    fn silences(&mut self, talk: &Talk) {
        let all = talk.silences.iter().map(|(span, _)| *span);
        let behind = talk.silences.iter().filter(|(_, behind)| *behind).map(|(span, _)| *span);
        let kinds: [(Detector, Detector, Vec<Span>); 2] = [
            (Detector::AgentSilenceMax, Detector::AgentSilence, behind.collect()),
            (Detector::MutualSilenceMax, Detector::MutualSilence, all.collect()),
        ];
        for (longest, each, spans) in kinds {
            let Some(max) =
                spans.iter().copied().max_by_key(|span| (span.ms(), std::cmp::Reverse(span.from)))
            else {
                continue;
            };
            self.add(longest, max.seconds(), max);
            self.charge(max.from);
            let limit = self.card.limit.get(&longest).cloned().unwrap_or_default();
            for span in spans {
                let severity = limit.severity(span.seconds());
                if severity > Severity::Info {
                    self.push(each, span.seconds(), Some(span), severity);
                    self.charge(span.from);
                }
            }
        }
    }

    /// `agent_level_dbov`: mean power of our turns. `shouting`: see
    /// [`crate::evidence::scorecard::ShoutingRule`]; its value is how far over the median.
    fn levels(&mut self, talk: &Talk) {
        let Some((level, median)) = mean_level(&talk.ours).zip(median_level(&talk.ours)) else { return };
        self.add(Detector::AgentLevel, f64::from(level), None);
        let rule = self.card.shouting.clone();
        for turn in &talk.ours {
            let over = turn.level - median;
            let long = turn.span.ms() >= ms(rule.seconds);
            if long && over >= rule.over_median_db && turn.level > rule.above_dbov {
                self.add(Detector::Shouting, f64::from(over), turn.span);
                self.charge(turn.span.from);
            }
        }
    }

    /// `talk_ratio`: our speech of all speech, each counted by itself. `speech_rate`: syllables
    /// a second of our turns of at least a second.
    fn shares(&mut self, talk: &Talk) {
        let (ours, theirs) = (length(&talk.ours), length(&talk.theirs));
        if ours + theirs > 0 {
            self.add(Detector::TalkRatio, ours as f64 * 100.0 / (ours + theirs) as f64, None);
        }
        let long: Vec<Turn> = talk.ours.iter().filter(|turn| turn.span.ms() >= RATE_MS).copied().collect();
        let syllables: u64 = long.iter().map(|turn| u64::from(turn.syllables)).sum();
        if !long.is_empty() {
            self.add(Detector::SpeechRate, syllables as f64 * 1_000.0 / length(&long) as f64, None);
        }
    }

    /// `possible_dispute`: see [`crate::evidence::scorecard::DisputeRule`]; its value is the number
    /// of overlaps in the first such time.
    fn dispute(&mut self, talk: &Talk) {
        let rule = self.card.dispute.clone();
        let Some((ours, theirs)) = median_level(&talk.ours).zip(median_level(&talk.theirs)) else { return };
        let overlaps: Vec<Span> = talk.overlaps().into_iter().map(|(span, ..)| span).collect();
        for (place, first) in overlaps.iter().enumerate() {
            let window = Span::new(first.from, first.from.saturating_add(ms(rule.within_s)));
            let inside = overlaps[place..].iter().take_while(|span| window.has(span.from));
            let last = inside.clone().last().map_or(first.to, |span| span.to);
            let (count, window) = (inside.count(), Span::new(window.from, last));
            let level =
                |turns: &[Turn]| mean_level(turns.iter().filter(|turn| turn.span.common(window).is_some()));
            let loud = |turns: &[Turn], median: f32| {
                level(turns).is_some_and(|level| level >= median + rule.over_median_db)
            };
            if count >= rule.overlaps && loud(&talk.ours, ours) && loud(&talk.theirs, theirs) {
                let finding =
                    self.push(Detector::PossibleDispute, count as f64, Some(window), Severity::Hint);
                // Who began it no machine can tell.
                finding.charge = Charge::Nobody;
                return;
            }
        }
    }
}
