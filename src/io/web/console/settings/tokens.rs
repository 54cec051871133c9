//! Tokens of programs: made with an end, shown once, revoked.

use axum::extract::State;
use axum::response::Response;

use super::super::super::api::TokenView;
use super::super::super::listing::Items;
use super::super::super::problem::Problem;
use super::super::super::state::Shared;
use super::super::address::segment;
use super::super::choice::Choice;
use super::super::frame::{Frame, NavItem, Visitor, page};
use super::{class_of, roles, tabs, title, title_of};

struct Line {
    token: TokenView,
    titles: Vec<String>,
    state: &'static str,
    class: &'static str,
    /// `/tokens/NAME` of the API.
    path: String,
    made: String,
    /// Empty: never.
    expires: String,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "settings/tokens.html")]
struct Tokens {
    frame: Frame,
    tabs: Vec<NavItem>,
    lines: Vec<Line>,
    /// Tokens that open nothing any more.
    dead: Vec<Line>,
    roles: Vec<Choice>,
    terms: Vec<Choice>,
}

impl Tokens {
    fn dead_count(&self) -> i64 {
        i64::try_from(self.dead.len()).unwrap_or(i64::MAX)
    }
}

/// Days for which a token is good; the third is offered first.
const DAYS: [i64; 5] = [1, 7, 30, 90, 365];

pub(super) async fn show(State(api): State<Shared>, visitor: Visitor) -> Response {
    let read = async {
        let frame = visitor.frame(&api, "nav-settings", "settings-tokens");
        let all = roles(&visitor).await?;
        let tokens: Items<TokenView> = visitor.get("/tokens").await?;
        let line = |token: TokenView| {
            let state = match &token {
                TokenView { revoked_at: Some(_), .. } => "revoked",
                TokenView { valid: true, .. } => "valid",
                _ => "expired",
            };
            let words = Some(&token.scope).filter(|scope| !scope.is_empty()).into_iter().chain(&token.roles);
            Line {
                titles: words.map(|word| title_of(&all, word, frame.lang)).collect(),
                state,
                class: class_of(state),
                path: format!("/tokens/{}", segment(&token.name)),
                made: frame.times.whole(token.created_at),
                expires: token.expires_at.map(|at| frame.times.whole(at)).unwrap_or_default(),
                token,
            }
        };
        let (lines, dead) = tokens.items.into_iter().map(line).partition(|line| line.state == "valid");
        let role = |role: &super::RoleView| Choice {
            value: role.word.clone(),
            label: title(role, frame.lang),
            is_chosen: role.word == "read",
        };
        let term = |days: i64| Choice {
            value: (days * 86_400).to_string(),
            label: frame.lang.with("settings-days", "n", days).into_owned(),
            is_chosen: days == DAYS[2],
        };
        Ok::<_, Problem>(Tokens {
            lines,
            dead,
            roles: all.iter().map(role).collect(),
            terms: DAYS.into_iter().map(term).collect(),
            tabs: tabs(&visitor, "/settings/tokens"),
            frame,
        })
    };
    match read.await {
        Ok(shown) => page(&shown),
        Err(problem) => visitor.fault(&api, &problem),
    }
}
