//! Phrases against a transcript. Who has none gets them as boxes to tick.

use serde::{Deserialize, Serialize};

use super::scorecard::{CallKind, Occasion};
use super::transcript::{find, plain};
use super::{
    CallFacts, Charge, Cue, Detector, Finding, Line, PhraseKind, PhraseRule, Scorecard, Severity, Side, Span,
    Talk, Transcript,
};
use crate::call::Direction;

/// Letters around a phrase that are shown with it.
const CONTEXT: usize = 12;

/// What decides which phrases belong to a call, and what their places stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Around<'a> {
    /// Who called whom.
    pub direction: Direction,
    /// Whether it is about a complaint.
    pub complaint: bool,
    /// Rule of the callback; empty: none.
    pub rule: &'a str,
    /// Types of its tickets.
    pub tickets: &'a [String],
    /// Department on whose behalf we call; empty: none is named.
    pub department: &'a str,
    /// Name of the brand; empty: that of the scorecard.
    pub brand: &'a str,
    /// How the customer is addressed; empty: nobody knows.
    pub title: &'a str,
}

impl<'a> From<&'a CallFacts> for Around<'a> {
    fn from(facts: &'a CallFacts) -> Around<'a> {
        Around {
            direction: facts.direction,
            complaint: facts.complaint,
            rule: &facts.rule,
            tickets: &facts.tickets,
            department: &facts.department,
            brand: &facts.brand,
            title: &facts.title,
        }
    }
}

/// A phrase that a person has to listen for where there is no transcript, or says in a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Tick {
    /// Id of the phrase.
    pub id: String,
    /// Title, in Chinese.
    pub title: String,
    /// Title, in English.
    pub title_en: String,
    /// What it is for.
    pub kind: PhraseKind,
    /// What may be said, one is enough; `*` stands for words of one's own.
    pub any: Vec<String>,
    /// What makes it stand out; None: nothing.
    #[serde(default)]
    pub cue: Option<Cue>,
}

/// The phrases that belong to a call, for a person to listen for, or to say.
pub fn ticks(card: &Scorecard, around: &Around<'_>) -> Vec<Tick> {
    let fits = card.phrase.iter().filter(|(_, rule)| rule.when.fits(around));
    fits.map(|(id, rule)| Tick {
        id: id.clone(),
        title: rule.title.clone(),
        title_en: rule.title_en.clone(),
        kind: rule.kind,
        any: rule.any.iter().map(|text| fill(card, around, text)).collect(),
        cue: rule.cue,
    })
    .collect()
}

impl CallKind {
    /// Whether a call is of this kind.
    pub(super) fn fits(&self, around: &Around<'_>) -> bool {
        self.direction.is_none_or(|direction| direction == around.direction)
            && self.complaint.is_none_or(|complaint| complaint == around.complaint)
            && self.department.is_none_or(|named| named != around.department.is_empty())
            && (self.rules.is_empty() || self.rules.iter().any(|rule| rule == around.rule))
            && (self.tickets.is_empty() || self.tickets.iter().any(|kind| around.tickets.contains(kind)))
    }
}

/// A phrase with what its places stand for; what nobody knows may be anything.
fn fill(card: &Scorecard, around: &Around<'_>, text: &str) -> String {
    let brand = if around.brand.is_empty() { &card.brand } else { around.brand };
    let known = |value: &str| if value.is_empty() { "*".to_owned() } else { value.to_owned() };
    text.replace("{brand}", &known(brand))
        .replace("{department}", &known(around.department))
        .replace("{title}", &known(around.title))
}

/// One phrase in one line.
struct Said<'a> {
    line: &'a Line,
    context: String,
}

struct Reader<'a> {
    card: &'a Scorecard,
    facts: &'a CallFacts,
    around: Around<'a>,
    transcript: &'a Transcript,
    found: Vec<Finding>,
}

/// Findings of all phrases of a call; `talk` tells of silences and holds.
pub fn judge(
    card: &Scorecard,
    facts: &CallFacts,
    talk: Option<&Talk>,
    transcript: &Transcript,
) -> Vec<Finding> {
    let around = Around::from(facts);
    let mut reader = Reader { card, facts, around, transcript, found: Vec::new() };
    for (id, rule) in card.phrase.iter().filter(|(_, rule)| rule.when.fits(&around)) {
        match rule.kind {
            PhraseKind::Required => reader.required(id, rule),
            PhraseKind::Bonus => reader.bonus(id, rule),
            PhraseKind::Forbidden => reader.forbidden(id, rule),
            PhraseKind::Promise => reader.promise(id, rule),
            PhraseKind::Situational => reader.situational(id, rule, talk),
        }
    }
    for (id, order) in card.order.iter().filter(|(_, order)| order.when.fits(&around)) {
        reader.order(id, &order.phrases, order.severity);
    }
    reader.found
}

impl<'a> Reader<'a> {
    /// Lines of the rule's side in its part of the talk.
    fn lines(&self, rule: &PhraseRule) -> Vec<&'a Line> {
        let all: Vec<&Line> = self.transcript.of(rule.side).collect();
        let ours = || self.transcript.of(Side::Agent);
        let (first, last) = (ours().map(|l| l.start_ms).min(), ours().map(|l| l.end_ms).max());
        let ms = |seconds: f64| (seconds * 1_000.0) as u32;
        let from = rule.last_s.zip(last).map_or(0, |(seconds, last)| last.saturating_sub(ms(seconds)));
        let to = rule.first_s.zip(first).map_or(u32::MAX, |(s, first)| first.saturating_add(ms(s)));
        all.into_iter().filter(|line| line.start_ms < to && line.end_ms > from).collect()
    }

    fn patterns(&self, texts: &[String]) -> Vec<String> {
        texts.iter().map(|text| plain(&fill(self.card, &self.around, text), true)).collect()
    }

    /// Where one of the patterns is said.
    fn said(&self, lines: &[&'a Line], patterns: &[String]) -> Vec<Said<'a>> {
        let mut out = Vec::new();
        for line in lines {
            let text: Vec<char> = plain(&line.text, false).chars().collect();
            if let Some((from, to)) = patterns.iter().find_map(|pattern| find(&text, pattern)) {
                let around = from.saturating_sub(CONTEXT)..(to + CONTEXT).min(text.len());
                out.push(Said { line, context: text[around].iter().collect() });
            }
        }
        out
    }

    fn add(&mut self, detector: Detector, id: &str, span: Option<Span>, severity: Severity, detail: String) {
        let at = span.map_or(0, |span| span.from);
        let agent = self.facts.agent_at(at);
        let charge = match severity > Severity::Info && !agent.is_empty() {
            true => Charge::Agent(agent),
            false => Charge::Nobody,
        };
        self.found.push(Finding {
            detector,
            value: 1.0,
            span,
            severity,
            charge,
            rule: id.to_owned(),
            detail,
        });
    }

    /// Said somewhere in its part, and nothing there that must not be: else it is missing there.
    fn required(&mut self, id: &str, rule: &PhraseRule) {
        let lines = self.lines(rule);
        let place = lines.first().zip(lines.last()).map(|(a, b)| Span::new(a.start_ms, b.end_ms));
        let wrong = self.patterns(&rule.none);
        let own = plain(&self.facts.department, false);
        let wrong: Vec<String> = wrong.into_iter().filter(|name| own.is_empty() || *name != own).collect();
        if let Some(said) = self.said(&lines, &wrong).into_iter().next() {
            let span = Some(said.line.span());
            return self.add(Detector::PhraseMissing, id, span, rule.severity, said.context);
        }
        match self.said(&lines, &self.patterns(&rule.any)).into_iter().next() {
            Some(said) => {
                self.add(Detector::PhraseSaid, id, Some(said.line.span()), Severity::Info, said.context)
            }
            None => self.add(Detector::PhraseMissing, id, place, rule.severity, String::new()),
        }
    }

    fn bonus(&mut self, id: &str, rule: &PhraseRule) {
        if let Some(said) = self.said(&self.lines(rule), &self.patterns(&rule.any)).into_iter().next() {
            self.add(Detector::PhraseSaid, id, Some(said.line.span()), Severity::Info, said.context);
        }
    }

    /// Each time that it is said, by the rule's side alone.
    fn forbidden(&mut self, id: &str, rule: &PhraseRule) {
        for said in self.meant(rule) {
            self.add(Detector::ForbiddenPhrase, id, Some(said.line.span()), rule.severity, said.context);
        }
    }

    /// Each time that it is said: kept, or not written down anywhere.
    fn promise(&mut self, id: &str, rule: &PhraseRule) {
        let (detector, severity) = match self.facts.promise_kept {
            true => (Detector::PhraseSaid, Severity::Hint),
            false => (Detector::PromiseWithoutTicket, rule.severity),
        };
        for said in self.meant(rule) {
            self.add(detector, id, Some(said.line.span()), severity, said.context);
        }
    }

    /// Lines that say it and do not mean something else by it.
    fn meant(&self, rule: &PhraseRule) -> Vec<Said<'a>> {
        let lines = self.lines(rule);
        let other = self.patterns(&rule.except);
        let others = self.said(&lines, &other);
        let mut said = self.said(&lines, &self.patterns(&rule.any));
        said.retain(|said| !others.iter().any(|other| std::ptr::eq(other.line, said.line)));
        said
    }

    /// The next words of ours after what called for it must hold it.
    fn situational(&mut self, id: &str, rule: &PhraseRule, talk: Option<&Talk>) {
        let occasions: Vec<u32> = match &rule.after {
            Some(Occasion::SilenceOver(seconds)) => {
                let long = |span: &Span| span.seconds() > *seconds;
                let silences = talk.into_iter().flat_map(|talk| talk.silences.iter().map(|(span, _)| *span));
                let holds = talk.into_iter().flat_map(|talk| talk.holds.iter().copied());
                silences.chain(holds).filter(long).map(|span| span.to).collect()
            }
            Some(Occasion::CustomerSays(words)) => {
                let theirs: Vec<&Line> = self.transcript.of(Side::Customer).collect();
                self.said(&theirs, &self.patterns(words)).iter().map(|said| said.line.start_ms).collect()
            }
            None => Vec::new(),
        };
        let patterns = self.patterns(&rule.any);
        for at in occasions {
            // A line may begin a little before the silence was over.
            let next = self.transcript.of(Side::Agent).find(|line| line.end_ms > at);
            let Some(next) = next else { continue };
            match self.said(&[next], &patterns).into_iter().next() {
                Some(said) => {
                    self.add(Detector::PhraseSaid, id, Some(next.span()), Severity::Info, said.context)
                }
                None => {
                    self.add(Detector::PhraseMissing, id, Some(next.span()), rule.severity, next.text.clone())
                }
            }
        }
    }

    /// The first of the phrases that comes before one which stands in front of it.
    fn order(&mut self, id: &str, phrases: &[String], severity: Severity) {
        let rules = phrases.iter().filter_map(|phrase| Some((phrase, self.card.phrase.get(phrase)?)));
        let places: Vec<(u32, &String)> = rules
            .filter_map(|(phrase, rule)| {
                let lines: Vec<&Line> = self.transcript.of(rule.side).collect();
                let first = self.said(&lines, &self.patterns(&rule.any)).into_iter().next()?;
                Some((first.line.start_ms, phrase))
            })
            .collect();
        let early = places.windows(2).find(|pair| pair[0].0 > pair[1].0);
        if let Some([late, early]) = early {
            let detail = format!("`{}` came before `{}`", early.1, late.1);
            let span = Some(Span::new(early.0, late.0));
            self.add(Detector::StepOrder, id, span, severity, detail);
        }
    }
}
