//! Survey answers, of one call or of many.

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::base::{CampaignId, Timestamp};
use crate::io::store::read::{AnswerRow, Page};
use crate::io::web::auth::Caller;
use crate::io::web::listing::{self, Items, Paging, Wants};
use crate::io::web::problem::Problem;
use crate::io::web::request::{Params, PathCall};
use crate::io::web::sheet::{SheetRow, optional};
use crate::io::web::state::Shared;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(of_call)).routes(routes!(index))
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AnswerView {
    /// What was stored.
    #[serde(flatten)]
    pub answer: AnswerRow,
    /// Path of the voice comment's audio; null: there is none.
    pub comment: Option<String>,
}

impl From<AnswerRow> for AnswerView {
    fn from(answer: AnswerRow) -> Self {
        let path = format!("/api/v1/calls/{}/answers/{}/comment", answer.call_id, answer.seq);
        AnswerView { comment: answer.comment.as_ref().map(|_| path), answer }
    }
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Query {
    /// Of this campaign.
    campaign: Option<i64>,
    /// To this question.
    question: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// Rows of the page.
    limit: Option<u32>,
}

impl SheetRow for AnswerView {
    const NAME: &'static str = "answers";
    const COLUMNS: &'static [&'static str] = &[
        "call_id",
        "seq",
        "question",
        "keys",
        "meaning",
        "score",
        "dissatisfied",
        "rated_function",
        "rated_person",
        "dimension",
        "comment",
        "at",
    ];

    fn cells(&self) -> Vec<String> {
        let answer = &self.answer;
        vec![
            answer.call_id.clone(),
            answer.seq.to_string(),
            answer.question.clone(),
            optional(&answer.keys),
            optional(&answer.meaning),
            optional(&answer.score),
            answer.dissatisfied.to_string(),
            optional(&answer.rated_function),
            optional(&answer.rated_person),
            optional(&answer.dimension),
            optional(&self.comment),
            Timestamp(answer.at).to_string(),
        ]
    }
}

/// Answers of one call, in order.
#[utoipa::path(get, path = "/calls/{id}/answers", tag = "answers", params(("id" = String, Path)),
    security(("bearer" = ["calls.see"])),
    responses((status = 200, description = "Its answers; also as `text/csv`", body = Items<AnswerView>)))]
async fn of_call(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    PathCall(id): PathCall,
) -> Result<Response, Problem> {
    super::calls::find(&api, id).await?;
    let rows = api.store().answer_rows(id).await?.into_iter().map(AnswerView::from).collect();
    listing::answer_all(&api, &caller, wants, rows).await
}

/// Answers of a campaign, or of all calls, oldest call first.
#[utoipa::path(get, path = "/answers", tag = "answers", params(Query), security(("bearer" = ["answers.see"])),
    responses((status = 200, description = "One page; whole as `text/csv`", body = Items<AnswerView>)))]
async fn index(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    Params(query): Params<Query>,
) -> Result<Response, Problem> {
    let paging = Paging::new(query.after.as_deref(), query.limit)?;
    let campaign = query.campaign.map(CampaignId);
    listing::answer(&api, &caller, wants, paging, move |api, after, limit| {
        let question = query.question.clone();
        async move {
            let page = api.store().answer_page(campaign, question.as_deref(), after.as_ref(), limit).await?;
            Ok(Page { rows: page.rows.into_iter().map(AnswerView::from).collect(), next: page.next })
        }
    })
    .await
}
