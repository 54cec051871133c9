//! Prompts: what the daemon says, to be heard, replaced and recorded.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde::Deserialize;

use super::super::super::listing::Items;
use super::super::super::live::PromptFact;
use super::super::super::problem::Problem;
use super::super::super::state::Shared;
use super::super::address::{next_page, query, segment};
use super::super::choice::Choice;
use super::super::frame::{Frame, NavItem, Visitor, page};
use super::tabs;
use crate::access::Permission;

/// Prompts of a page.
const ROWS: usize = 40;

struct Line {
    prompt: PromptFact,
    seconds: String,
    /// Where its sound is.
    sound: String,
    /// The page of it alone.
    href: String,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "settings/prompts.html")]
struct Prompts {
    frame: Frame,
    tabs: Vec<NavItem>,
    asked: Query,
    languages: Vec<Choice>,
    lines: Vec<Line>,
    count: i64,
    missing: i64,
    next: String,
    /// The one that is looked at alone.
    one: Option<Line>,
    edits: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct Query {
    /// Words of name, text or script.
    q: Option<String>,
    language: Option<String>,
    /// Only those that scripts need and lack.
    #[serde(default)]
    missing: bool,
    /// Name of the one that is looked at.
    name: Option<String>,
    /// Rows before this page.
    after: Option<usize>,
}

fn line(prompt: PromptFact) -> Line {
    let place = format!("language={}&name={}", segment(&prompt.language), segment(&prompt.name));
    Line {
        seconds: format!("{:.1}", prompt.duration_ms as f64 / 1_000.0),
        sound: format!("/api/v1/prompts/sound?{place}"),
        href: format!("/settings/prompts?{place}"),
        prompt,
    }
}

fn fits(asked: &Query, prompt: &PromptFact) -> bool {
    let has = |text: &str, words: &str| text.to_lowercase().contains(words);
    let words = asked.q.as_deref().unwrap_or_default().trim().to_lowercase();
    (words.is_empty()
        || has(&prompt.name, &words)
        || has(&prompt.text, &words)
        || prompt.used_by.iter().any(|script| has(script, &words)))
        && asked.language.as_deref().is_none_or(|language| language == prompt.language)
        && (!asked.missing || prompt.missing)
}

pub(super) async fn show(State(api): State<Shared>, visitor: Visitor, uri: Uri) -> Response {
    let read = async {
        let asked: Query = query(&uri)?;
        let frame = visitor.frame(&api, "nav-settings", "settings-prompts");
        let all = visitor.get::<Items<PromptFact>>("/prompts").await?.items;
        let mut languages: Vec<&str> = all.iter().map(|prompt| prompt.language.as_str()).collect();
        languages.sort_unstable();
        languages.dedup();
        let language = |word: &str| Choice {
            value: word.to_owned(),
            label: frame.lang.word("settings-language", word),
            is_chosen: asked.language.as_deref() == Some(word),
        };
        let languages = languages.into_iter().map(language).collect();
        let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let missing = count(all.iter().filter(|prompt| prompt.missing).count());
        let (named, tongue) = (asked.name.as_deref(), asked.language.as_deref());
        let is_named =
            |p: &&PromptFact| Some(p.name.as_str()) == named && Some(p.language.as_str()) == tongue;
        let one = match named {
            Some(name) => {
                let found = all.iter().find(is_named).cloned();
                Some(line(found.ok_or_else(|| Problem::not_found("prompt", format!("`{name}`")))?))
            }
            None => None,
        };
        let found: Vec<PromptFact> = all.into_iter().filter(|prompt| fits(&asked, prompt)).collect();
        let (total, from) = (found.len(), asked.after.unwrap_or_default());
        let next = match from + ROWS < total {
            true => next_page(&uri, &(from + ROWS).to_string()),
            false => String::new(),
        };
        Ok::<_, Problem>(Prompts {
            lines: found.into_iter().skip(from).take(ROWS).map(line).collect(),
            count: count(total),
            missing,
            next,
            one,
            languages,
            asked,
            edits: visitor.may(Permission::PromptsEdit),
            tabs: tabs(&visitor, "/settings/prompts"),
            frame,
        })
    };
    match read.await {
        Ok(shown) => page(&shown),
        Err(problem) => visitor.fault(&api, &problem),
    }
}
