//! Calls: lists by number, campaign, date, result; and one call whole.

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::entries::{UnmaskQuery, phone, unmasking};
use super::markers::{Speaker, speakers};
use crate::access::{Permission, Reach};
use crate::base::{CampaignId, CustomerId, Disposition, EntryId, Timestamp};
use crate::io::store::read::{CallFilter, CallRow, CallSort};
use crate::io::web::auth::Caller;
use crate::io::web::control::Control;
use crate::io::web::listing::{self, Items, Paging, Wants};
use crate::io::web::mask::{mask, mask_numbers};
use crate::io::web::problem::Problem;
use crate::io::web::request::{Params, PathCall, moment};
use crate::io::web::sheet::{SheetRow, optional};
use crate::io::web::state::Shared;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(index)).routes(routes!(show)).routes(routes!(hang_up))
}

/// A call with where its parts are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CallView {
    /// The call-detail record.
    #[serde(flatten)]
    pub call: CallRow,
    /// Seconds from answer to end.
    pub talk_seconds: Option<f64>,
    /// Path of the recording's audio; null: there is none.
    pub recording: Option<String>,
    /// Who of ours spoke in it, and for how long; only where one call is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speakers: Option<Vec<Speaker>>,
}

impl CallView {
    pub(in crate::io::web) fn new(mut call: CallRow, unmask: bool) -> Self {
        if !unmask {
            call.phone = mask(&call.phone);
            call.detail = mask_numbers(&call.detail);
        }
        let talk_seconds =
            call.ended_at.zip(call.answered_at).map(|(end, answer)| (end - answer) as f64 / 1_000.0);
        let recording = call.recording_ms.map(|_| format!("/api/v1/calls/{}/recording", call.id));
        CallView { call, talk_seconds, recording, speakers: None }
    }
}

/// Which calls, in which order, and where the page begins.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::io::web) struct Query {
    /// This number, in any spelling.
    pub phone: Option<String>,
    /// Of this campaign.
    pub campaign: Option<i64>,
    /// For this list entry.
    pub entry: Option<i64>,
    /// Reserved at or after this: a day, RFC 3339, or milliseconds since 1970.
    pub from: Option<String>,
    /// Reserved before this; a day is taken with its end.
    pub to: Option<String>,
    /// With this result.
    pub disposition: Option<String>,
    /// `outbound` or `inbound`.
    pub direction: Option<String>,
    /// `reserved` (open) or `ended`.
    pub state: Option<String>,
    /// Over this trunk.
    pub trunk: Option<String>,
    /// Worst score at least this.
    pub min_score: Option<i64>,
    /// Worst score at most this.
    pub max_score: Option<i64>,
    /// Only with an alarm.
    #[serde(default)]
    pub alarm: bool,
    /// With this customer.
    pub customer: Option<i64>,
    /// That this agent had.
    pub agent: Option<String>,
    /// Of callbacks of this policy pack.
    pub pack: Option<String>,
    /// Of callbacks of this rule.
    pub rule: Option<String>,
    /// That the ticket with this number knows of.
    pub ticket: Option<String>,
    /// Only with a recording that is there.
    #[serde(default)]
    pub recorded: bool,
    /// Only those whose recording something keeps from being deleted.
    #[serde(default)]
    pub held: bool,
    /// Whose recording is stored as `wav` or `flac`, or is `gone`.
    pub form: Option<String>,
    /// Whose recording lies `here`, in the recordings folder, or in the `archive`.
    pub place: Option<String>,
    /// `newest`, `oldest` or `longest`.
    pub sort: Option<String>,
    /// Show whole numbers; needs the permission `numbers.whole` and is written into the audit log.
    #[serde(default)]
    pub unmask: bool,
    /// `next` of the page before.
    pub after: Option<String>,
    /// Rows of the page.
    pub limit: Option<u32>,
}

impl SheetRow for CallView {
    const NAME: &'static str = "calls";
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "direction",
        "state",
        "campaign_id",
        "entry_id",
        "phone",
        "trunk",
        "script",
        "reserved_at",
        "started_at",
        "ringing_at",
        "answered_at",
        "ended_at",
        "talk_seconds",
        "disposition",
        "sip_status",
        "q850",
        "blame",
        "ended_by",
        "detail",
        "answers",
        "lowest_score",
        "mean_score",
        "recording_ms",
        "sha256",
        "alarm",
    ];

    fn cells(&self) -> Vec<String> {
        let call = &self.call;
        let time = |at: &Option<i64>| optional(&at.map(Timestamp));
        vec![
            call.id.clone(),
            call.direction.clone(),
            call.state.clone(),
            optional(&call.campaign_id),
            optional(&call.entry_id),
            call.phone.clone(),
            optional(&call.trunk),
            optional(&call.script),
            Timestamp(call.reserved_at).to_string(),
            time(&call.started_at),
            time(&call.ringing_at),
            time(&call.answered_at),
            time(&call.ended_at),
            optional(&self.talk_seconds),
            optional(&call.disposition),
            optional(&call.sip_status),
            optional(&call.q850),
            optional(&call.blame),
            optional(&call.ended_by),
            call.detail.clone(),
            call.answers.to_string(),
            optional(&call.lowest_score),
            optional(&call.mean_score.map(|mean| format!("{mean:.2}"))),
            optional(&call.recording_ms),
            optional(&call.sha256),
            optional(&call.alarm),
        ]
    }
}

pub(in crate::io::web) fn one_of(field: &str, value: &Option<String>, words: &[&str]) -> Result<(), Problem> {
    match value {
        Some(word) if !words.contains(&word.as_str()) => Err(Problem::invalid_field(
            field,
            format!("`{}` is not known here", word.chars().take(64).collect::<String>()),
            format!("write {}", words.join(", ")),
        )),
        _ => Ok(()),
    }
}

pub(in crate::io::web) fn filter(api: &Shared, query: &Query, within: Reach) -> Result<CallFilter, Problem> {
    let words: Vec<&str> = Disposition::ALL.iter().map(|d| d.as_str()).collect();
    one_of("disposition", &query.disposition, &words)?;
    one_of("direction", &query.direction, &["outbound", "inbound"])?;
    one_of("state", &query.state, &["reserved", "ended"])?;
    one_of("form", &query.form, &["wav", "flac", "gone"])?;
    one_of("place", &query.place, &["here", "archive"])?;
    let zone = &api.import().timezone;
    let time = |field, text: &Option<String>, end| {
        text.as_deref().map(|t| moment(field, t, zone, end)).transpose().map(|t| t.map(|t| t.0))
    };
    Ok(CallFilter {
        phone: query.phone.as_deref().map(|p| phone(api, "phone", p)).transpose()?.map(|p| p.to_string()),
        campaign: query.campaign.map(CampaignId),
        entry: query.entry.map(EntryId),
        from: time("from", &query.from, false)?,
        to: time("to", &query.to, true)?,
        disposition: query.disposition.clone(),
        direction: query.direction.clone(),
        state: query.state.clone(),
        trunk: query.trunk.clone(),
        min_score: query.min_score,
        max_score: query.max_score,
        alarm: query.alarm,
        within,
        customer: query.customer.map(CustomerId),
        agent: query.agent.clone(),
        pack: query.pack.clone(),
        rule: query.rule.clone(),
        ticket: query.ticket.clone(),
        recorded: query.recorded,
        held: query.held,
        form: query.form.clone(),
        place: query.place.clone(),
    })
}

/// The order that is asked for.
pub(in crate::io::web) fn sorting(query: &Query) -> Result<CallSort, Problem> {
    one_of("sort", &query.sort, &["newest", "oldest", "longest"])?;
    Ok(match query.sort.as_deref() {
        Some("oldest") => CallSort::Oldest,
        Some("longest") => CallSort::Longest,
        _ => CallSort::Newest,
    })
}

/// Calls.
#[utoipa::path(get, path = "/calls", tag = "calls", params(Query), security(("bearer" = ["calls.see"])),
    responses((status = 200, description = "One page; whole as `text/csv`", body = Items<CallView>)))]
async fn index(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    Params(query): Params<Query>,
) -> Result<Response, Problem> {
    let paging = Paging::new(query.after.as_deref(), query.limit)?;
    let sort = sorting(&query)?;
    let filter = filter(&api, &query, caller.reach(Permission::CallsSee))?;
    let unmask = unmasking(&api, &caller, query.unmask, "calls").await?;
    listing::answer(&api, &caller, wants, paging, move |api, after, limit| {
        let filter = filter.clone();
        async move {
            let page = api.store().call_rows(&filter, sort, after.as_ref(), limit).await?;
            let rows = page.rows.into_iter().map(|row| CallView::new(row, unmask)).collect();
            Ok(crate::io::store::read::Page { rows, next: page.next })
        }
    })
    .await
}

pub(in crate::io::web) async fn find(api: &Shared, id: crate::base::CallId) -> Result<CallRow, Problem> {
    api.store().call_row(id).await?.ok_or_else(|| Problem::not_found("call", id))
}

/// One call.
#[utoipa::path(get, path = "/calls/{id}", tag = "calls", params(("id" = String, Path), UnmaskQuery),
    security(("bearer" = ["calls.see"])),
    responses((status = 200, description = "The call", body = CallView), (status = 404, description = "No such call", body = Problem)))]
async fn show(
    State(api): State<Shared>,
    caller: Caller,
    PathCall(id): PathCall,
    Params(query): Params<UnmaskQuery>,
) -> Result<axum::Json<CallView>, Problem> {
    let row = find(&api, id).await?;
    let unmask = unmasking(&api, &caller, query.unmask, &format!("call:{id}")).await?;
    let mut speakers = speakers(&api.store().bridged_row(id).await?.legs);
    if !unmask {
        speakers.iter_mut().for_each(|speaker| speaker.target = mask_numbers(&speaker.target));
    }
    Ok(axum::Json(CallView { speakers: Some(speakers), ..CallView::new(row, unmask) }))
}

/// Hangs a running call up.
#[utoipa::path(post, path = "/calls/{id}/hang-up", tag = "calls", params(("id" = String, Path)),
    security(("bearer" = ["calls.steer"])),
    responses((status = 202, description = "Ordered"), (status = 404, description = "No such running call", body = Problem)))]
async fn hang_up(
    State(api): State<Shared>,
    caller: Caller,
    PathCall(call): PathCall,
) -> Result<axum::http::StatusCode, Problem> {
    api.ask(Control::HangUp { call, by: caller.name.clone() }).await?;
    caller.audit(&api, "call.hang_up", &format!("call:{call}"), "").await?;
    Ok(axum::http::StatusCode::ACCEPTED)
}
