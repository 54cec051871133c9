//! The talk of our people with the customer: whose turn it is when, without prompts, music of
//! holds, and pauses of the recording.

use super::span::{joined, total, within, without};
use super::turns::Turn;
use super::{CallFacts, Heard, Span};

/// Turns and silences of a talk.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Talk {
    /// Times in which our people could be heard by the customer.
    pub places: Vec<Span>,
    /// Times in which the customer had one of ours, holds and pauses included.
    pub whole: Vec<Span>,
    /// Holds in the recording.
    pub holds: Vec<Span>,
    /// Turns of ours within the places.
    pub ours: Vec<Turn>,
    /// Turns of the customer within the places.
    pub theirs: Vec<Turn>,
    /// Turns of the customer in the whole call.
    pub heard: Vec<Turn>,
    /// Silences of both within the places, and whether the customer spoke before.
    pub silences: Vec<(Span, bool)>,
}

impl Talk {
    /// Cuts what was heard by what signalling tells.
    pub fn new(facts: &CallFacts, heard: &Heard) -> Talk {
        let end = Span::new(0, heard.ms);
        let spans = |times: &[_]| -> Vec<Span> {
            let spans = times.iter().filter_map(|time| facts.span(*time).common(end));
            joined(spans.collect())
        };
        let parts: Vec<_> = facts.parts.iter().map(|part| (part.from, part.to)).collect();
        let (whole, holds, pauses) = (spans(&parts), spans(&facts.holds), spans(&facts.pauses));
        let holds = within(&holds, &whole);
        let away = joined(holds.iter().chain(&pauses).copied().collect());
        let places = without(&whole, &away);
        let (ours, theirs) = (cut(&heard.left, &places), cut(&heard.right, &places));
        let silences = silences(&places, &ours, &theirs);
        Talk { places, whole, holds, ours, theirs, heard: heard.right.clone(), silences }
    }

    /// Times in which both spoke, each with the turn of ours and that of the customer.
    pub fn overlaps(&self) -> Vec<(Span, Turn, Turn)> {
        let (mut out, mut first) = (Vec::new(), 0);
        for ours in &self.ours {
            while self.theirs.get(first).is_some_and(|theirs| theirs.span.to <= ours.span.from) {
                first += 1;
            }
            let near = self.theirs[first.min(self.theirs.len())..].iter();
            let near = near.take_while(|theirs| theirs.span.from < ours.span.to);
            out.extend(near.filter_map(|theirs| Some((ours.span.common(theirs.span)?, *ours, *theirs))));
        }
        out
    }

    /// When somebody spoke last, in ms; None: nobody did.
    pub fn last_word(&self) -> Option<u32> {
        self.ours.iter().chain(&self.theirs).map(|turn| turn.span.to).max()
    }
}

/// Turns as far as they lie in `places`; level and rate stay those of the whole turn.
fn cut(turns: &[Turn], places: &[Span]) -> Vec<Turn> {
    let mut out = Vec::new();
    for turn in turns {
        for span in within(&[turn.span], places) {
            let share = f64::from(span.ms()) / f64::from(turn.span.ms().max(1));
            let syllables = (f64::from(turn.syllables) * share).round() as u32;
            out.push(Turn { span, syllables, ..*turn });
        }
    }
    out
}

fn silences(places: &[Span], ours: &[Turn], theirs: &[Turn]) -> Vec<(Span, bool)> {
    let speech = joined(ours.iter().chain(theirs).map(|turn| turn.span).collect());
    let mut out = Vec::new();
    for silence in without(places, &speech) {
        // Whoever was the last to end a turn before it; a hold in between asks nobody any more.
        let last = |turns: &[Turn]| {
            let before = turns.iter().map(|turn| turn.span.to).take_while(|to| *to <= silence.from);
            before.last().unwrap_or(0)
        };
        let (our_last, their_last) = (last(ours), last(theirs));
        out.push((silence, their_last > our_last && their_last == silence.from));
    }
    out
}

/// Length of turns together, in ms.
pub fn length(turns: &[Turn]) -> u64 {
    total(&turns.iter().map(|turn| turn.span).collect::<Vec<_>>())
}

/// Mean level of turns in dBov, by their lengths; None: there are none.
pub fn mean_level<'a>(turns: impl IntoIterator<Item = &'a Turn>) -> Option<f32> {
    let (mut power, mut ms) = (0.0, 0.0);
    for turn in turns {
        let length = f64::from(turn.span.ms());
        power += 10f64.powf(f64::from(turn.level) / 10.0) * length;
        ms += length;
    }
    (ms > 0.0).then(|| (10.0 * (power / ms).log10()) as f32)
}

/// The level that half of the time of these turns stays below, in dBov.
pub fn median_level(turns: &[Turn]) -> Option<f32> {
    let mut sorted: Vec<&Turn> = turns.iter().collect();
    sorted.sort_by(|a, b| a.level.total_cmp(&b.level));
    let half = length(turns).div_ceil(2);
    let mut seen = 0;
    let middle = sorted.into_iter().find(|turn| {
        seen += u64::from(turn.span.ms());
        seen >= half
    });
    middle.map(|turn| turn.level)
}
