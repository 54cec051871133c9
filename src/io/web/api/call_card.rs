//! The card that an agent reads before the call.

use std::collections::BTreeMap;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::callbacks::find;
use super::customers::{CustomerCard, card};
use super::entries::unmasking;
use crate::access::Permission;
use crate::base::{CallbackId, CustomerId};
use crate::call::Direction;
use crate::evidence::{Around, Cue, PhraseKind, Tick, ticks};
use crate::io::planner::CallFacts;
use crate::io::store::callback::MarkRow;
use crate::io::store::read::{CallbackFilter, CallbackRow, PAGE_LIMIT};
use crate::io::web::auth::Caller;
use crate::io::web::problem::Problem;
use crate::io::web::request::{Params, RowId};
use crate::io::web::state::Shared;
use crate::ivr::{Asked, Block};

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(show))
}

/// What the customer has just said, as far as the agent's screen knows it.
#[derive(Clone, Copy, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CardQuery {
    /// Show whole numbers; needs scope `operate` and is written into the audit log.
    unmask: bool,
    /// The score that the customer gave last.
    score: Option<i64>,
    /// `praise` or `complaint`: what the customer's words are.
    #[param(inline)]
    feedback: Option<Cue>,
}

/// A phrase of the pack's phrase book that belongs to the call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CardPhrase {
    /// The phrase, with name, department and address of this customer in it.
    #[serde(flatten)]
    pub phrase: Tick,
    /// What the customer said calls for it now.
    pub now: bool,
}

/// One question of the script, for a person who asks it and types in what is said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CardQuestion {
    /// Its name in the script: what answers are sent under.
    pub name: String,
    /// What is asked.
    pub text: String,
    /// What can be chosen; empty: the customer's own words.
    pub choices: Vec<CardChoice>,
}

/// One answer that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CardChoice {
    /// The key that stands for it.
    pub key: String,
    /// What it says.
    pub label: String,
}

impl From<Asked> for CardQuestion {
    fn from(asked: Asked) -> CardQuestion {
        let choice =
            |choice: crate::ivr::Choice| CardChoice { key: choice.key.to_string(), label: choice.label };
        CardQuestion {
            name: asked.name,
            text: asked.text,
            choices: asked.choices.into_iter().map(choice).collect(),
        }
    }
}

/// Everything to know before a callback is made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CallCard {
    /// The callback.
    pub callback: CallbackRow,
    /// The rule's title.
    pub title: String,
    /// Why this customer is called.
    pub purpose: String,
    /// In whose name.
    pub on_behalf_of: String,
    /// Survey script.
    pub script: String,
    /// Its steps, in order.
    pub steps: Vec<String>,
    /// What the event and the archive say: order items, product, use, by column.
    pub facts: BTreeMap<String, String>,
    /// Who is rated, by function.
    pub rated: BTreeMap<String, String>,
    /// Fields without which it may not be closed by hand.
    pub close_requires: Vec<String>,
    /// Those of them that are still empty.
    pub missing: Vec<String>,
    /// What the script asks, with what can be chosen.
    #[serde(default)]
    pub questions: Vec<CardQuestion>,
    /// What the script says and asks, block by block, for this customer.
    pub blocks: Vec<Block>,
    /// Blocks that must be ticked, done or skipped, before it is closed as a call.
    pub blocks_required: Vec<String>,
    /// Those of them that nobody has ticked yet.
    pub blocks_missing: Vec<String>,
    /// Blocks that come only after another was done.
    pub block_after: BTreeMap<String, String>,
    /// What was ticked so far: blocks, and registered fields.
    pub marks: Vec<MarkRow>,
    /// How the customer is addressed: 先生, 女士; empty: the archive does not say.
    pub address_as: String,
    /// What to say in this call: the phrase book, without what must not be said.
    pub phrases: Vec<CardPhrase>,
    /// The customer with events, calls and answers.
    pub customer: CustomerCard,
    /// Callbacks that are over, newest first.
    pub previous: Vec<CallbackRow>,
    /// Other callbacks and tasks that are owed.
    pub open: Vec<CallbackRow>,
}

/// Steps of a script, in its order; none where there is no such script.
pub(super) fn steps_of(api: &Shared, script: &str) -> Vec<String> {
    let catalogue = api.parts.catalogue.borrow();
    let found = catalogue.scripts.iter().find(|known| known.name == script);
    found.map(|known| known.steps.clone()).unwrap_or_default()
}

/// The card of a callback: who is called, why, what happened, what was said before, what is
/// still open, and what must be filled in.
#[utoipa::path(get, path = "/callbacks/{id}/card", tag = "callbacks", params(("id" = i64, Path), CardQuery),
    security(("bearer" = ["callbacks.see"])),
    responses((status = 200, description = "The card", body = CallCard),
              (status = 404, description = "No such callback", body = Problem)))]
async fn show(
    State(api): State<Shared>,
    caller: Caller,
    RowId(id): RowId,
    Params(query): Params<CardQuery>,
) -> Result<axum::Json<CallCard>, Problem> {
    // A card is for who calls the customer by name.
    caller.needs(Permission::NamesWhole)?;
    let unmask = unmasking(&api, &caller, query.unmask, &format!("callback:{id}")).await?;
    let mut card = of_callback(&api, CallbackId(id), unmask).await?;
    let low = api.planner()?.card(CallbackId(id), api.now()).await?.low_score;
    for phrase in &mut card.phrases {
        phrase.now = match phrase.phrase.cue {
            Some(Cue::LowScore) => query.score.is_some_and(|score| score <= low),
            cue => cue.is_some() && cue == query.feedback,
        };
    }
    Ok(axum::Json(card))
}

/// What to say in a call, and how its customer is addressed. Nothing where no phrase book is there.
fn phrases(
    api: &Shared,
    (pack, rule, complaint): (&str, &str, bool),
    told: &CallFacts,
) -> (String, Vec<CardPhrase>) {
    let cards = api.examiner().ok().map(|examiner| examiner.settings().cards);
    let Some((book, _)) = cards.and_then(|cards| cards.of(pack)) else { return Default::default() };
    let title = book.titles.of(|name| told.facts.get(name).map(String::as_str)).to_owned();
    let around = Around {
        direction: Direction::Outbound,
        complaint,
        rule,
        tickets: &[],
        department: &told.on_behalf_of,
        brand: &told.brand,
        title: &title,
    };
    let said = ticks(&book, &around).into_iter().filter(|phrase| {
        matches!(phrase.kind, PhraseKind::Required | PhraseKind::Situational | PhraseKind::Bonus)
    });
    let phrases = said.map(|phrase| CardPhrase { phrase, now: false }).collect();
    (title, phrases)
}

/// The card of a callback.
pub(super) async fn of_callback(api: &Shared, id: CallbackId, unmask: bool) -> Result<CallCard, Problem> {
    let callback = find(api, id.0).await?;
    let told = api.planner()?.card(id, api.now()).await?;
    let customer = CustomerId(callback.customer_id);
    let person = api.store().person(customer).await?;
    let person = person.ok_or_else(|| Problem::not_found("customer", customer))?;
    let filter = CallbackFilter { customer: Some(customer), ..CallbackFilter::default() };
    let others = api.store().callback_rows(&filter, None, PAGE_LIMIT).await?.rows;
    let others = others.into_iter().filter(|row| row.id != id.0);
    let (mut previous, open): (Vec<_>, Vec<_>) = others.partition(|row| row.closed_at.is_some());
    previous.sort_by_key(|row| std::cmp::Reverse(row.closed_at));
    let steps = steps_of(api, &told.script);
    let written = api.parts.catalogue.borrow().written.clone();
    let language = written.language(&told.script, &told.language);
    let blocks = written.blocks(&told.script, language, &told.facts);
    let questions = written.page(&told.script, language, &told.facts).unwrap_or_default();
    let blocks_missing = told.blocks_missing();
    // What came of a complaint is a call about one.
    let ticket = api.store().ticket_of_callback(id).await?;
    let kind = ticket.as_ref().and_then(|ticket| {
        api.tickets()
            .ok()?
            .settings()
            .packs
            .of(&callback.pack)?
            .kind
            .get(&ticket.kind)
            .map(|kind| kind.complaint)
    });
    let complaint = kind.unwrap_or(false);
    let (address_as, phrases) = phrases(api, (&callback.pack, &callback.rule, complaint), &told);
    Ok(CallCard {
        callback,
        title: told.title,
        purpose: told.purpose,
        on_behalf_of: told.on_behalf_of,
        script: told.script,
        steps,
        questions: questions.into_iter().map(CardQuestion::from).collect(),
        blocks,
        blocks_missing,
        blocks_required: told.blocks,
        block_after: told.block_after,
        marks: told.marks,
        facts: told.facts,
        rated: told.rated,
        close_requires: told.close_requires,
        missing: told.missing,
        address_as,
        phrases,
        customer: card(api, person, unmask),
        previous,
        open,
    })
}
