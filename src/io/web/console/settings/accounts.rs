//! People who log in: all of them, and one.

use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;

use super::super::super::api::{AccountView, PolicyText, RoleView};
use super::super::super::listing::Items;
use super::super::super::problem::Problem;
use super::super::super::state::Shared;
use super::super::address::segment;
use super::super::choice::Choice;
use super::super::frame::{Frame, NavItem, Visitor, page};
use super::{class_of, roles, tabs, title, title_of};
use crate::access::Permission;

/// One account, as it is shown.
struct Line {
    account: AccountView,
    href: String,
    titles: Vec<String>,
    class: &'static str,
    /// Agent, department and shop, what there is of them.
    person: String,
}

impl Line {
    fn new(frame: &Frame, account: AccountView, roles: &[RoleView]) -> Line {
        let parts = [&account.agent, &account.department, &account.shop];
        let person: Vec<&str> =
            parts.into_iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        Line {
            href: format!("/settings/accounts/{}", segment(&account.name)),
            titles: account.roles.iter().map(|word| title_of(roles, word, frame.lang)).collect(),
            class: class_of(&account.state),
            person: person.join(" · "),
            account,
        }
    }
}

/// What a form of an account offers.
struct Offer {
    roles: Vec<Choice>,
    agents: Vec<Choice>,
    shops: Vec<Choice>,
}

#[derive(Deserialize)]
struct Agent {
    name: String,
}

/// Choices with what an account has chosen; what is not offered any more stays chosen.
async fn offer(visitor: &Visitor, frame: &Frame, all: &[RoleView], now: &AccountView) -> Offer {
    let is_mine = |word: &str| now.roles.iter().any(|own| own == word);
    let role = |role: &RoleView| Choice {
        value: role.word.clone(),
        label: title(role, frame.lang),
        is_chosen: is_mine(&role.word),
    };
    let mut roles: Vec<Choice> = all.iter().map(role).collect();
    let titles = now.roles.iter().filter(|own| all.iter().all(|role| role.word != **own));
    roles.extend(titles.map(|own| Choice { value: own.clone(), label: own.clone(), is_chosen: true }));
    let agents = match visitor.may(Permission::AgentsSee) {
        true => visitor.get::<Items<Agent>>("/agents").await.map(|all| all.items).unwrap_or_default(),
        false => Vec::new(),
    };
    let agents = agents.into_iter().map(|agent| (agent.name.clone(), agent.name));
    let packs = visitor.get::<Items<PolicyText>>("/policies").await.map(|all| all.items).unwrap_or_default();
    let shops = packs.into_iter().map(|policy| (policy.pack, policy.title));
    Offer { roles, agents: chosen(agents, &now.agent), shops: chosen(shops, &now.shop) }
}

fn chosen(all: impl Iterator<Item = (String, String)>, own: &str) -> Vec<Choice> {
    let mut choices: Vec<Choice> =
        all.map(|(value, label)| Choice { is_chosen: value == own, value, label }).collect();
    if !own.is_empty() && choices.iter().all(|choice| !choice.is_chosen) {
        choices.push(Choice { value: own.to_owned(), label: own.to_owned(), is_chosen: true });
    }
    choices
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "settings/accounts.html")]
struct Accounts {
    frame: Frame,
    tabs: Vec<NavItem>,
    lines: Vec<Line>,
    offer: Offer,
}

pub(super) async fn index(State(api): State<Shared>, visitor: Visitor) -> Response {
    let read = async {
        let frame = visitor.frame(&api, "nav-settings", "settings-accounts");
        let all = roles(&visitor).await?;
        let accounts: Items<AccountView> = visitor.get("/accounts").await?;
        let offer = offer(&visitor, &frame, &all, &nobody()).await;
        let lines = accounts.items.into_iter().map(|account| Line::new(&frame, account, &all)).collect();
        Ok::<_, Problem>(Accounts { lines, offer, tabs: tabs(&visitor, "/settings/accounts"), frame })
    };
    match read.await {
        Ok(shown) => page(&shown),
        Err(problem) => visitor.fault(&api, &problem),
    }
}

/// The empty form.
fn nobody() -> AccountView {
    AccountView {
        name: String::new(),
        state: String::new(),
        roles: Vec::new(),
        agent: String::new(),
        department: String::new(),
        shop: String::new(),
        codes: false,
        sessions: 0,
        seen_at: None,
        created_at: 0,
    }
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "settings/account.html")]
struct One {
    frame: Frame,
    line: Line,
    offer: Offer,
    /// `/accounts/NAME` of the API.
    path: String,
    is_own: bool,
}

pub(super) async fn one(State(api): State<Shared>, visitor: Visitor, Path(name): Path<String>) -> Response {
    let read = async {
        let mut frame = visitor.frame(&api, "nav-settings", "settings-accounts");
        frame.title.clone_from(&name);
        let all = roles(&visitor).await?;
        let path = format!("/accounts/{}", segment(&name));
        let account: AccountView = visitor.get(&path).await?;
        let offer = offer(&visitor, &frame, &all, &account).await;
        let is_own = visitor.caller.is_session() && visitor.caller.name == account.name;
        Ok::<_, Problem>(One { line: Line::new(&frame, account, &all), offer, path, is_own, frame })
    };
    match read.await {
        Ok(shown) => page(&shown),
        Err(problem) => visitor.fault(&api, &problem),
    }
}
