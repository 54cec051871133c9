//! Scorecard files: read, laid over the default one, checked, and named by a version.

use std::collections::BTreeMap;
use std::sync::Arc;

use toml::Table;

use super::scorecard::Occasion;
use super::{PhraseKind, Scorecard};
use crate::written::{Mistake, Place, lay_over, version};

/// Word of the file for packs that have none.
const DEFAULT: &str = "default";
/// Patterns of one phrase.
const MAX_PATTERNS: usize = 50;
/// Where every key is described.
const HINT: &str = "`ringback evidence schema` describes every key";

/// Where something is wrong in the file, and what.
type Wrong = (Vec<String>, String);

/// All scorecards, by policy pack, each with the version that names its text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scorecards {
    cards: BTreeMap<String, (Arc<Scorecard>, Arc<str>)>,
    base: Table,
}

impl Scorecards {
    /// Reads a file and keeps it. The one for `default` comes first: keys that others leave out are
    /// as it says.
    ///
    /// # Errors
    /// The first mistake; nothing is kept then.
    pub fn add(&mut self, file: &str, text: &str) -> Result<(), Mistake> {
        let own: Table = text.parse().map_err(|error| Mistake::of_toml(file, text, &error, HINT))?;
        let wrong = |(path, message): Wrong| {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            let place = Place::find_or_start(text, &path);
            Mistake::at(file, place, message, HINT)
        };
        let mut merged = self.base.clone();
        lay_over(&mut merged, own);
        // What is in force names the version, so that a change of the default changes all.
        let version = version(&merged);
        let card: Scorecard =
            merged.clone().try_into().map_err(|error| Mistake::of_toml(file, text, &error, HINT))?;
        check(&card).map_err(wrong)?;
        if self.cards.contains_key(&card.pack) {
            let message = format!("another file is for pack `{}`; the first is used", card.pack);
            return Err(wrong((vec!["pack".to_owned()], message)));
        }
        if card.pack == DEFAULT {
            self.base = merged;
        }
        self.cards.insert(card.pack.clone(), (Arc::new(card), version.into()));
        Ok(())
    }

    /// The scorecard of a policy pack, else the default one, with its version.
    pub fn of(&self, pack: &str) -> Option<(Arc<Scorecard>, Arc<str>)> {
        self.cards.get(pack).or_else(|| self.cards.get(DEFAULT)).cloned()
    }

    /// Every scorecard with its version.
    pub fn all(&self) -> impl Iterator<Item = (&Arc<Scorecard>, &str)> {
        self.cards.values().map(|(card, version)| (card, &**version))
    }
}

/// What the file's shape does not say.
fn check(card: &Scorecard) -> Result<(), Wrong> {
    let at = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<Vec<String>>();
    for (detector, limit) in &card.limit {
        if !limit.is_in_order() {
            let word = detector.as_str();
            let message = format!("limit.{word}: a graver step lies nearer than a milder one");
            return Err((at(&["limit", word]), message));
        }
    }
    let speech = &card.speech;
    if speech.merge_ms > 2_000 || speech.least_ms > 2_000 || !(1.0..=40.0).contains(&speech.above_floor_db) {
        let message = "speech: merge_ms and least_ms go to 2000, above_floor_db from 1 to 40";
        return Err((at(&["speech"]), message.to_owned()));
    }
    for (id, rule) in &card.phrase {
        let bad = |problem: &str| Err((at(&["phrase", id]), format!("phrase.{id}: {problem}")));
        let empty =
            |texts: &[String]| texts.iter().any(|text| super::transcript::plain(text, false).is_empty());
        if rule.any.is_empty() || rule.any.len() > MAX_PATTERNS {
            return bad("`any` holds 1 to 50 phrases");
        }
        if empty(&rule.any) || empty(&rule.none) || empty(&rule.except) {
            return bad("a phrase without a letter fits everywhere: write words");
        }
        if (rule.kind == PhraseKind::Situational) != rule.after.is_some() {
            return bad("`after` says what calls for a situational phrase, and only for that");
        }
        if matches!(&rule.after, Some(Occasion::CustomerSays(words)) if words.is_empty() || empty(words)) {
            return bad("`after.customer_says` holds phrases");
        }
    }
    for (id, order) in &card.order {
        if let Some(unknown) = order.phrases.iter().find(|phrase| !card.phrase.contains_key(*phrase)) {
            return Err((at(&["order", id]), format!("order.{id}: there is no phrase `{unknown}`")));
        }
    }
    Ok(())
}
