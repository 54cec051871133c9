//! What people do to tickets. Each act is written into the timeline and the audit log.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::tickets::{TicketDetail, detail, who};
use crate::access::Permission;
use crate::io::store::Thing;
use crate::io::web::auth::Caller;
use crate::io::web::problem::Problem;
use crate::io::web::request::{Json, RowId, moment};
use crate::io::web::state::Shared;
use crate::ticket::{Act, Found, Meeting, Role, Who};

/// Characters of a text.
const TEXT_LIMIT: usize = 4_000;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(act))
}

/// One thing to do, named by `do`.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum TicketAct {
    /// Fill in fields; `severity`, `category`, `department`, `name`, `phone`, `matter` and
    /// `next_reply_at` among them.
    Edit {
        /// Values by name.
        fields: BTreeMap<String, String>,
    },
    /// Give it to somebody.
    Assign {
        /// To whom.
        owner: String,
        /// Why.
        #[serde(default)]
        reason: String,
    },
    /// The department receives it. Who is not of that department says for which one.
    Acknowledge {
        /// Which department; empty: one's own.
        #[serde(default)]
        department: String,
    },
    /// Hand it to a department.
    HandOver {
        /// Which; empty: the ticket's.
        #[serde(default)]
        department: String,
    },
    /// Report a stage.
    Report {
        /// Its word.
        stage: String,
        /// `done` (also where empty) or `fail`.
        #[serde(default)]
        result: String,
        /// What is filled in with it.
        #[serde(default)]
        fields: BTreeMap<String, String>,
    },
    /// Promise a next reply.
    Promise {
        /// When: `2026-03-04T16:00:00+08:00`.
        at: String,
        /// What.
        #[serde(default)]
        what: String,
    },
    /// Comment.
    Comment {
        /// The text.
        text: String,
    },
    /// Give it to the manager.
    Escalate {
        /// Cause.
        #[serde(default)]
        cause: String,
        /// What was done so far.
        #[serde(default)]
        process: String,
        /// What the customer wants.
        #[serde(default)]
        demand: String,
    },
    /// Report it upward.
    ReportUp,
    /// Sign an approval.
    Approve {
        /// Which.
        approval: String,
        /// Who signed on paper, where a supervisor (`tickets.lead`) enters it for them; empty: the caller, who
        /// must hold the role of the approval.
        #[serde(default)]
        signed_by: String,
        /// What comes with it.
        #[serde(default)]
        fields: BTreeMap<String, String>,
    },
    /// It waits for the customer: deadlines rest.
    Wait {
        /// For what.
        #[serde(default)]
        reason: String,
    },
    /// Deadlines go on.
    Resume,
    /// Somebody is to call the customer.
    CallBack {
        /// Who.
        by: String,
        /// By when; empty: within 30 minutes.
        #[serde(default)]
        at: String,
        /// What for.
        #[serde(default)]
        what: String,
    },
    /// Set the meeting, or write down its decision.
    Meet(Meeting),
    /// Everything is done: the customer is asked.
    Handled,
    /// A verification by a person.
    Verify {
        /// Solved or not; null: not reached.
        #[serde(default)]
        solved: Option<bool>,
        /// Score.
        #[serde(default)]
        score: Option<i64>,
        /// Answers to the criteria of the pack.
        #[serde(default)]
        criteria: BTreeMap<String, bool>,
        /// Role or department of who verifies.
        #[serde(default)]
        role: String,
        /// What is left over.
        #[serde(default)]
        leftover: String,
    },
    /// Close it.
    Close {
        /// How.
        #[serde(default)]
        how: String,
    },
    /// Close it without a satisfied customer; needs `tickets.lead`.
    Override {
        /// Why.
        reason: String,
    },
    /// Open it again.
    Reopen {
        /// Why.
        reason: String,
    },
    /// It is the same as another, which goes on.
    Join {
        /// Row id of the other.
        into: i64,
    },
}

impl TicketAct {
    /// Whether a department does such a thing: it receives, reports its stages, signs, comments.
    pub(super) fn is_of_departments(&self) -> bool {
        matches!(
            self,
            TicketAct::Acknowledge { .. }
                | TicketAct::Report { .. }
                | TicketAct::Comment { .. }
                | TicketAct::Approve { .. }
        )
    }

    /// The act as the rules know it; `Join` is another matter.
    pub(super) fn of_rules(self, api: &Shared) -> Result<Act, Problem> {
        let zone = api.import().timezone;
        let text = |name: &str, text: String| match text.chars().count() {
            0..=TEXT_LIMIT => Ok(text),
            _ => Err(Problem::invalid_field(
                name,
                "the text is too long",
                format!("write at most {TEXT_LIMIT} characters"),
            )),
        };
        Ok(match self {
            TicketAct::Edit { fields } => Act::Edit(fields),
            TicketAct::Assign { owner, reason } => Act::Assign { owner, reason: text("reason", reason)? },
            TicketAct::Acknowledge { department } => Act::Acknowledge { department },
            TicketAct::HandOver { department } => Act::HandOver { department },
            TicketAct::Report { stage, result, fields } => {
                let result = if result.is_empty() { "done".into() } else { result };
                Act::Report { stage, result, fields }
            }
            TicketAct::Promise { at, what } => {
                Act::Promise { at: moment("at", &at, &zone, true)?, what: text("what", what)? }
            }
            TicketAct::Comment { text: comment } => Act::Comment(text("text", comment)?),
            TicketAct::Escalate { cause, process, demand } => Act::Escalate {
                cause: text("cause", cause)?,
                process: text("process", process)?,
                demand: text("demand", demand)?,
            },
            TicketAct::ReportUp => Act::ReportUp,
            TicketAct::Approve { approval, signed_by, fields } => {
                Act::Approve { approval, signed_by: text("signed_by", signed_by)?, fields }
            }
            TicketAct::Wait { reason } => Act::Wait(text("reason", reason)?),
            TicketAct::Resume => Act::Resume,
            TicketAct::CallBack { by, at, what } => {
                let soon = std::time::Duration::from_secs(30 * 60);
                let at = if at.is_empty() { api.now() + soon } else { moment("at", &at, &zone, true)? };
                Act::CallBack { by, at, what: text("what", what)? }
            }
            TicketAct::Meet(meeting) => Act::Meet(meeting),
            TicketAct::Handled => Act::Handled,
            TicketAct::Verify { solved, score, criteria, role, leftover } => {
                Act::Verify(Found { solved, score, criteria, role, leftover, call: None })
            }
            TicketAct::Close { how } => Act::Close { how: text("how", how)? },
            TicketAct::Override { reason } => Act::Override(reason),
            TicketAct::Reopen { reason } => Act::Reopen(text("reason", reason)?),
            TicketAct::Join { into } => Act::Join { into, number: String::new() },
        })
    }
}

/// Does one thing to a ticket.
#[utoipa::path(post, path = "/tickets/{id}/acts", tag = "tickets", params(("id" = i64, Path)), security(("bearer" = ["tickets.answer"])),
    request_body = TicketAct,
    responses((status = 200, description = "The ticket as it is then", body = TicketDetail),
              (status = 403, description = "Not by this person", body = Problem),
              (status = 409, description = "Not as things stand", body = Problem),
              (status = 422, description = "Something is missing or cannot be used", body = Problem)))]
async fn act(
    State(api): State<Shared>,
    caller: Caller,
    RowId(id): RowId,
    Json(body): Json<TicketAct>,
) -> Result<axum::Json<TicketDetail>, Problem> {
    let who = who(&caller);
    if who.role == Role::Department && !body.is_of_departments() {
        let text = "a department acknowledges, reports its stages, signs and comments; the rest is for who has the \
                    ticket";
        return Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", "Not by a department", text));
    }
    if let TicketAct::Join { into } = &body {
        caller.needs_in_reach(&api, Permission::TicketsAnswer, Thing::Ticket, &into.to_string()).await?;
    }
    Ok(axum::Json(done(&api, id, body, &who).await?))
}

/// Carries an act out; gives the ticket as it is then.
pub(super) async fn done(api: &Shared, id: i64, body: TicketAct, who: &Who) -> Result<TicketDetail, Problem> {
    let (desk, now) = (api.tickets()?, api.now());
    let ticket = match body.of_rules(api)? {
        Act::Join { into, .. } => desk.join(id, into, who, now).await?,
        act => desk.act(id, &act, who, now).await?,
    };
    detail(api, &ticket, false).await
}
