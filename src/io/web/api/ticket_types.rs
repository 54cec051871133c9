//! What types of tickets there are, and what each asks for: what forms offer.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::io::web::problem::Problem;
use crate::io::web::state::Shared;
use crate::io::web::{listing::Items, request::Params};
use crate::ticket::{ApprovalRule, Kind, TicketPack};

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(index))
}

#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Query {
    /// Policy pack; its tickets may be those of the default file.
    pack: Option<String>,
}

/// The tickets of one policy pack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TicketTypes {
    /// Policy pack; `default` for all that have no file.
    pub pack: String,
    /// Title for people, in Chinese.
    pub title: String,
    /// Title for people, in English; may be empty.
    pub title_en: String,
    /// Who answers for tickets whose type names nobody.
    pub owner: String,
    /// Who takes escalations over.
    pub supervisor: String,
    /// Categories with the department of each.
    pub categories: Vec<Category>,
    /// What a verification asks, all of which must be yes.
    pub criteria: Vec<String>,
    /// Who verifies; empty: anybody but who handled it.
    pub verified_by: String,
    /// The types.
    pub types: Vec<TicketType>,
}

/// A category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Category {
    /// Its word.
    pub word: String,
    /// Department to which it goes.
    pub department: String,
}

/// One type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TicketType {
    /// Its word.
    pub word: String,
    /// Title for people, in Chinese.
    pub title: String,
    /// Title for people, in English; may be empty.
    pub title_en: String,
    /// A complaint.
    pub complaint: bool,
    /// No call to the customer verifies it.
    pub no_verification: bool,
    /// A next reply must be promised unless it is solved at once.
    pub next_reply: bool,
    /// Fields asked for when it is opened.
    pub asks: Vec<String>,
    /// Fields without which it is not opened by hand.
    pub opens_with: Vec<String>,
    /// Fields without which it is not closed; some only under conditions.
    pub closes_with: Vec<String>,
    /// Words and titles of its stages, in order.
    pub stages: Vec<StageTitle>,
    /// Its approvals, in order.
    pub approvals: Vec<ApprovalView>,
}

/// A stage with its title.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct StageTitle {
    /// The word.
    pub word: String,
    /// The word of the ticket's state while it is the next one.
    pub state: String,
    /// Title for people, in Chinese.
    pub title: String,
    /// Title for people, in English; may be empty.
    pub title_en: String,
}

/// An approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ApprovalView {
    /// Its word.
    pub word: String,
    /// Title for people, in Chinese.
    pub title: String,
    /// Role that signs.
    pub by: String,
    /// Fields that come with it.
    pub requires: Vec<String>,
    /// It does not have to be there before closing.
    pub optional: bool,
}

fn approval(rule: &ApprovalRule) -> ApprovalView {
    ApprovalView {
        word: rule.id.clone(),
        title: rule.title.clone(),
        by: rule.by.clone(),
        requires: rule.requires.clone(),
        optional: rule.optional,
    }
}

fn of_kind((word, kind): (&String, &Kind)) -> TicketType {
    let title = |stage: &crate::ticket::StageRule| StageTitle {
        word: stage.id.clone(),
        state: if stage.state.is_empty() { stage.id.clone() } else { stage.state.clone() },
        title: stage.title.clone(),
        title_en: stage.title_en.clone(),
    };
    TicketType {
        word: word.clone(),
        title: kind.title.clone(),
        title_en: kind.title_en.clone(),
        complaint: kind.complaint,
        no_verification: kind.no_verification,
        next_reply: kind.next_reply,
        asks: kind.asks.clone(),
        opens_with: kind.opens_with.clone(),
        closes_with: kind.closes_with.iter().map(|need| need.field.clone()).collect(),
        stages: kind.stage.iter().map(title).collect(),
        approvals: kind.approval.iter().map(approval).collect(),
    }
}

fn of_pack(pack: &TicketPack) -> TicketTypes {
    let category = |(word, department): (&String, &String)| Category {
        word: word.clone(),
        department: department.clone(),
    };
    TicketTypes {
        pack: pack.pack.clone(),
        title: pack.title.clone(),
        title_en: pack.title_en.clone(),
        owner: pack.owner.clone(),
        supervisor: pack.supervisor.clone(),
        categories: pack.departments.iter().map(category).collect(),
        criteria: pack.verify.criteria.clone(),
        verified_by: pack.verify.by.clone(),
        types: pack.kind.iter().map(of_kind).collect(),
    }
}

/// The types of all packs, for pages for which nobody has logged in.
pub(in crate::io::web) fn titles_of(api: &Shared) -> Result<Vec<TicketTypes>, Problem> {
    Ok(api.tickets()?.settings().packs.all().map(|pack| of_pack(pack)).collect())
}

/// Types of tickets by policy pack, with what each asks for.
#[utoipa::path(get, path = "/ticket-types", tag = "tickets", params(Query), security(("bearer" = ["rules.see"])),
    responses((status = 200, description = "All packs, or the one asked for", body = Items<TicketTypes>)))]
async fn index(
    State(api): State<Shared>,
    Params(query): Params<Query>,
) -> Result<axum::Json<Items<TicketTypes>>, Problem> {
    let packs = api.tickets()?.settings().packs;
    let items = match &query.pack {
        Some(pack) => packs.of(pack).iter().map(|pack| of_pack(pack)).collect(),
        None => titles_of(&api)?,
    };
    Ok(axum::Json(Items { items, next: None }))
}
