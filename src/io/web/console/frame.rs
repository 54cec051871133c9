//! What stands around every page: language, look, navigation, who has logged in.

use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{AppendHeaders, Html, IntoResponse, Redirect, Response};

use super::super::auth::Caller;
use super::super::problem::Problem;
use super::super::server::Via;
use super::super::session::{cookie, set_cookie};
use super::super::state::Shared;
use super::ask::Api;
use super::lang::Lang;
use super::times::{Times, grouped, length};
use crate::access::Permission;

/// The nine pages in the order of use: key of the name, address, what one needs to see it.
const NAVIGATION: [(&str, &str, Permission); 9] = [
    ("nav-today", "/", Permission::LiveSee),
    ("nav-lists", "/lists", Permission::ListsSee),
    ("nav-customers", "/customers", Permission::CustomersSee),
    ("nav-calls", "/calls", Permission::CallsSee),
    ("nav-desk", "/desk", Permission::AgentsCard),
    ("nav-tickets", "/tickets", Permission::TicketsSee),
    ("nav-audit", "/audit", Permission::SheetsSee),
    ("nav-reports", "/reports", Permission::ReportsSee),
    ("nav-settings", "/settings", Permission::RulesSee),
];
const LANG_COOKIE: &str = "rb_lang";
const THEME_COOKIE: &str = "rb_theme";
/// A year.
const LOOK_SECONDS: u64 = 365 * 86_400;

/// Light, dark, or as the system has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Theme {
    #[default]
    Auto,
    Light,
    Dark,
}

impl Theme {
    pub const fn as_str(self) -> &'static str {
        match self {
            Theme::Auto => "auto",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    fn of_word(word: &str) -> Option<Theme> {
        [Theme::Auto, Theme::Light, Theme::Dark].into_iter().find(|theme| theme.as_str() == word)
    }

    /// The next one of the toggle.
    const fn next(self) -> Theme {
        match self {
            Theme::Auto => Theme::Light,
            Theme::Light => Theme::Dark,
            Theme::Dark => Theme::Auto,
        }
    }
}

/// The language of a visitor: that of the cookie, else the one that the browser would like.
pub(in crate::io::web) fn lang_of(headers: &HeaderMap) -> Lang {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let chosen = cookie(headers, LANG_COOKIE).and_then(Lang::of_tag);
    chosen.unwrap_or_else(|| Lang::accepted(accepted))
}

/// How a visitor wants pages, and which one is asked for.
#[derive(Clone, Debug)]
pub(super) struct Look {
    pub lang: Lang,
    pub theme: Theme,
    /// Path and query.
    pub here: String,
    /// A script asks for the part of the page that changes.
    pub is_fragment: bool,
}

impl Look {
    /// By cookies, else by what the browser says.
    pub fn of(headers: &HeaderMap, uri: &Uri) -> Look {
        Look {
            lang: lang_of(headers),
            theme: cookie(headers, THEME_COOKIE).and_then(Theme::of_word).unwrap_or_default(),
            here: super::here(uri),
            is_fragment: headers.contains_key("x-fragment"),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Look {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Look::of(&parts.headers, &parts.uri))
    }
}

/// Somebody who has logged in, with how they want pages.
#[derive(Clone, Debug)]
pub(super) struct Visitor {
    pub caller: Caller,
    pub look: Look,
    /// What their pages ask.
    pub api: Api,
    /// How they came.
    pub via: Option<Via>,
}

impl Visitor {
    /// The frame of one of their pages.
    pub fn frame(&self, api: &Shared, section: &'static str, title: &str) -> Frame {
        Frame::new(api, self.look.clone(), Some(&self.caller), section, title)
    }

    /// The first page that they may see.
    pub fn first_page(&self) -> Option<&'static str> {
        NAVIGATION.into_iter().find(|(.., needed)| self.may(*needed)).map(|(_, href, _)| href)
    }

    /// Whether they may do something: pages leave out what may not be done, and what is behind refuses it.
    pub fn may(&self, permission: Permission) -> bool {
        self.caller.may(permission)
    }
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Visitor>().cloned().ok_or_else(Problem::unauthorized)
    }
}

/// What stands around a page, and the words in it.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub lang: Lang,
    pub theme: Theme,
    pub title: String,
    pub user: Option<String>,
    pub times: Times,
    /// After which event the page hears of changes; None: it does not.
    pub follows: Option<String>,
    navigation: Vec<NavItem>,
    section: &'static str,
    here: String,
}

/// One line of the navigation.
#[derive(Clone, Debug)]
pub(super) struct NavItem {
    pub label: String,
    pub href: &'static str,
    pub is_here: bool,
}

impl Frame {
    /// A frame; `title` is the key of the page's name, `section` the key of its line in the navigation.
    pub fn new(
        api: &Shared,
        look: Look,
        caller: Option<&Caller>,
        section: &'static str,
        title: &str,
    ) -> Frame {
        let zone = match api.planner() {
            Ok(planner) => planner.settings().calendar.zone().clone(),
            Err(_) => jiff::tz::TimeZone::get(&api.import().timezone).unwrap_or(jiff::tz::TimeZone::UTC),
        };
        let opens = |needed: Permission| caller.is_some_and(|caller| caller.may(needed));
        let item = |(key, href, _): (&'static str, &'static str, Permission)| NavItem {
            label: look.lang.text(key).into_owned(),
            href,
            is_here: key == section,
        };
        Frame {
            navigation: NAVIGATION.into_iter().filter(|(.., needed)| opens(*needed)).map(item).collect(),
            lang: look.lang,
            theme: look.theme,
            title: look.lang.text(title).into_owned(),
            user: caller.map(|caller| caller.name.clone()),
            follows: opens(Permission::ChangesFollow).then(|| api.parts.events.newest_id()),
            times: Times { now: api.now(), zone, lang: look.lang },
            section,
            here: look.here,
        }
    }

    /// Where the assets are.
    pub fn assets(&self) -> &'static str {
        super::assets::root()
    }

    /// The pages that the visitor may see.
    pub fn navigation(&self) -> &[NavItem] {
        &self.navigation
    }

    /// The style sheet of the page; empty: it has none of its own.
    pub fn sheet(&self) -> &str {
        let name = self.section.strip_prefix("nav-").unwrap_or_default();
        if matches!(name, "today" | "calls") { "" } else { name }
    }

    /// The same page in the other language.
    pub fn other_language(&self) -> String {
        self.look("lang", self.lang.other().tag())
    }

    /// The same page in the next look.
    pub fn next_theme(&self) -> String {
        self.look("theme", self.theme.next().as_str())
    }

    fn look(&self, what: &str, word: &str) -> String {
        let back: String = form_urlencoded::byte_serialize(self.here.as_bytes()).collect();
        format!("/look?{what}={word}&back={back}")
    }

    /// Where the rows behind the address of a CSV file are had as Excel.
    pub fn excel(&self, csv: &str) -> String {
        csv.replacen(".csv", ".xlsx", 1)
    }

    /// A figure.
    pub fn n(&self, number: &i64) -> String {
        grouped(*number)
    }

    /// A length of time in milliseconds.
    pub fn length(&self, ms: &i64) -> String {
        length(*ms)
    }
}

/// Pages of one section as tabs: key of the name, address, what one needs to see it.
pub(super) fn tabs(
    visitor: &Visitor,
    pages: &[(&str, &'static str, Permission)],
    here: &str,
) -> Vec<NavItem> {
    let may = pages.iter().filter(|(.., needed)| visitor.may(*needed));
    let tab = |(key, href, _): &(&str, &'static str, Permission)| NavItem {
        label: visitor.look.lang.text(key).into_owned(),
        href,
        is_here: *href == here,
    };
    may.map(tab).collect()
}

/// The page, or 500 where a template fails.
pub(super) fn page(template: &impl askama::Template) -> Response {
    match template.render() {
        Ok(html) => Html(html).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be made");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A list, or the part of it that a script asks for; 422 where its filter is wrong, which the list tells.
pub(super) fn listed(
    visitor: &Visitor,
    whole: &impl askama::Template,
    part: &impl askama::Template,
    is_wrong: bool,
) -> Response {
    let mut response = if visitor.look.is_fragment { page(part) } else { page(whole) };
    if is_wrong {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    response
}

/// A place of ours to go back to; anything else is the first page.
pub(super) fn back_to(text: &str) -> &str {
    let is_ours = text.starts_with('/') && !text.starts_with("//") && !text.contains(['\\', '\r', '\n']);
    if is_ours { text } else { "/" }
}

/// Remembers language or theme, and goes back to the same page.
pub(super) async fn change_look(State(api): State<Shared>, uri: Uri) -> Response {
    let mut cookies = Vec::new();
    let mut back = String::from("/");
    for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        match &*name {
            "lang" => cookies.extend(Lang::of_tag(&value).map(|lang| (LANG_COOKIE, lang.tag()))),
            "theme" => cookies.extend(Theme::of_word(&value).map(|theme| (THEME_COOKIE, theme.as_str()))),
            "back" => back = back_to(&value).to_owned(),
            _ => {}
        }
    }
    let set = cookies
        .into_iter()
        .map(|(name, value)| (header::SET_COOKIE, set_cookie(&api, name, value, LOOK_SECONDS, true)));
    (AppendHeaders(set.collect::<Vec<_>>()), Redirect::to(&back)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_another_host() {
        for (text, expect) in [
            ("/calls?limit=5", "/calls?limit=5"),
            ("//evil.example", "/"),
            ("https://evil.example", "/"),
            ("/\\evil.example", "/"),
            ("", "/"),
        ] {
            assert_eq!(back_to(text), expect, "{text}");
        }
    }

    #[test]
    fn the_look_is_that_of_the_cookies_else_of_the_browser() {
        let uri: Uri = "/calls?phone=1".parse().unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, "en-GB".parse().unwrap());
        assert_eq!(Look::of(&headers, &uri).lang, Lang::English);
        headers.insert(header::COOKIE, "rb_lang=zh-CN; rb_theme=dark".parse().unwrap());
        let look = Look::of(&headers, &uri);
        assert_eq!(
            (look.lang, look.theme, look.here.as_str()),
            (Lang::Chinese, Theme::Dark, "/calls?phone=1")
        );
    }
}
