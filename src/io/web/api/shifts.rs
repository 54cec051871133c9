//! Agents' shifts and leave, who is there, and the teams that go out by day.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::ToSpan;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::base::Timestamp;
use crate::io::rosters::ShiftView;
use crate::io::store::roster::{LeaveRow, NewShift};
use crate::io::web::auth::Caller;
use crate::io::web::listing::{self, Items, Wants};
use crate::io::web::problem::Problem;
use crate::io::web::request::{Bulk, Json, Params, moment};
use crate::io::web::sheet::{SheetRow, optional};
use crate::io::web::state::Shared;
use crate::roster::Team;

/// Longest shift.
const LONGEST_MS: i64 = 24 * 3_600_000;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(shifts, add_shifts))
        .routes(routes!(leaves, add_leave))
        .routes(routes!(set_presence))
        .routes(routes!(teams, save_teams))
        .routes(routes!(next_team))
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Query {
    /// Policy pack.
    pack: Option<String>,
    /// A day, or a moment; by default today.
    from: Option<String>,
    /// A day (inclusive), or a moment; by default a week from `from`.
    to: Option<String>,
}

/// Shifts to be entered.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShiftsBody {
    /// Policy pack.
    pub pack: String,
    /// The shifts.
    pub shifts: Vec<ShiftBody>,
}

/// One shift.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShiftBody {
    /// Who.
    pub person: String,
    /// Its beginning: `2026-03-04T09:00:00+08:00`, or milliseconds since 1970.
    pub starts_at: String,
    /// Its end.
    pub ends_at: String,
}

/// Leave.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LeaveBody {
    /// Who.
    pub person: String,
    /// First day: `2026-03-04`.
    pub from: String,
    /// Last day; by default the first.
    pub to: Option<String>,
    /// Why.
    pub reason: String,
}

/// Whether somebody is there.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PresenceBody {
    /// A person by name, or a phone by its extension.
    pub who: String,
    /// They are there.
    pub present: bool,
}

/// A team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TeamView {
    /// Unique name.
    pub name: String,
    /// Telephone number.
    #[serde(default)]
    pub phone: String,
    /// Extension.
    #[serde(default)]
    pub extension: String,
}

/// The teams of a pack in their order.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TeamsBody {
    /// All of them.
    pub teams: Vec<TeamView>,
}

/// What a team is wanted for.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TurnBody {
    /// Such as `call:01J...` or `ticket:12`: asked again for the same the answer is the same.
    pub subject: String,
}

impl SheetRow for ShiftView {
    const NAME: &'static str = "shifts";
    const COLUMNS: &'static [&'static str] =
        &["id", "pack", "person", "starts_at", "ends_at", "arrived_at", "attendance", "late_minutes"];

    fn cells(&self) -> Vec<String> {
        let shift = &self.shift;
        vec![
            shift.id.to_string(),
            shift.pack.clone(),
            shift.person.clone(),
            Timestamp(shift.starts_at).to_string(),
            Timestamp(shift.ends_at).to_string(),
            optional(&shift.arrived_at.map(Timestamp)),
            self.attendance.clone(),
            self.late_minutes.to_string(),
        ]
    }
}

fn at(api: &Shared, field: &str, text: &str, end: bool) -> Result<Timestamp, Problem> {
    moment(field, text, &api.import().timezone, end)
}

fn name<'a>(field: &str, text: &'a str) -> Result<&'a str, Problem> {
    let text = text.trim();
    match text.is_empty() || text.chars().count() > 100 {
        true => Err(Problem::invalid_field(field, "it is missing or too long", "write 1 to 100 characters")),
        false => Ok(text),
    }
}

/// Shifts with how they are kept.
#[utoipa::path(get, path = "/shifts", tag = "rosters", params(Query), security(("bearer" = ["rosters.see"])),
    responses((status = 200, description = "All of them; also as `text/csv`", body = Items<ShiftView>)))]
async fn shifts(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    Params(query): Params<Query>,
) -> Result<Response, Problem> {
    let now = api.now();
    let from = query.from.as_deref().map_or(Ok(now), |text| at(&api, "from", text, false))?;
    let week = Timestamp(from.0.saturating_add(7 * LONGEST_MS));
    let to = query.to.as_deref().map_or(Ok(week), |text| at(&api, "to", text, true))?;
    let rows = api.rosters()?.shifts(query.pack.as_deref(), from, to, now).await?;
    listing::answer_all(&api, &caller, wants, rows).await
}

/// Enters shifts.
#[utoipa::path(post, path = "/shifts", tag = "rosters", security(("bearer" = ["rosters.edit"])), request_body = ShiftsBody,
    responses((status = 204, description = "Entered"), (status = 422, description = "Something is wrong", body = Problem)))]
async fn add_shifts(
    State(api): State<Shared>,
    caller: Caller,
    Bulk(body): Bulk<ShiftsBody>,
) -> Result<StatusCode, Problem> {
    name("pack", &body.pack)?;
    let mut shifts = Vec::new();
    for (i, shift) in body.shifts.iter().enumerate() {
        let person = name(&format!("shifts[{i}].person"), &shift.person)?.to_owned();
        let starts_at = at(&api, &format!("shifts[{i}].starts_at"), &shift.starts_at, false)?;
        let ends_at = at(&api, &format!("shifts[{i}].ends_at"), &shift.ends_at, false)?;
        if !(1..=LONGEST_MS).contains(&ends_at.millis_since(starts_at)) {
            let field = format!("shifts[{i}].ends_at");
            let detail = "a shift ends after it begins, and within a day";
            return Err(Problem::invalid_field(&field, detail, "give both with date and time"));
        }
        shifts.push(NewShift { person, starts_at, ends_at });
    }
    api.store().save_shifts(&body.pack, &shifts, &caller.name, api.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Leave that touches the days from `from` to `to`.
#[utoipa::path(get, path = "/leaves", tag = "rosters", params(Query), security(("bearer" = ["rosters.see"])),
    responses((status = 200, description = "All of it", body = Items<LeaveRow>)))]
async fn leaves(
    State(api): State<Shared>,
    Params(query): Params<Query>,
) -> Result<axum::Json<Items<LeaveRow>>, Problem> {
    let calendar = api.planner()?.settings().calendar;
    let day = |field: &str, text: Option<&str>| match text {
        Some(text) => at(&api, field, text, false).map(|at| calendar.date(at)),
        None => Ok(calendar.date(api.now())),
    };
    let from = day("from", query.from.as_deref())?;
    let to = match query.to.as_deref() {
        Some(text) => day("to", Some(text))?,
        None => from.checked_add(366.days()).unwrap_or(from),
    };
    Ok(axum::Json(Items { items: api.store().leaves(from, to).await?, next: None }))
}

/// Enters leave; it excuses shifts that have not begun, and hands callbacks of that day to the
/// deputy.
#[utoipa::path(post, path = "/leaves", tag = "rosters", security(("bearer" = ["rosters.edit"])), request_body = LeaveBody,
    responses((status = 201, description = "Entered", body = LeaveRow), (status = 422, description = "Something is wrong", body = Problem)))]
async fn add_leave(
    State(api): State<Shared>,
    caller: Caller,
    Json(body): Json<LeaveBody>,
) -> Result<(StatusCode, axum::Json<LeaveRow>), Problem> {
    let day = |field: &str, text: &str| {
        let wrong =
            |_| Problem::invalid_field(field, format!("`{text}` is not a day"), "write it as 2026-03-04");
        text.parse::<jiff::civil::Date>().map_err(wrong)
    };
    let (person, reason) = (name("person", &body.person)?, name("reason", &body.reason)?);
    let from = day("from", &body.from)?;
    let to = body.to.as_deref().map_or(Ok(from), |text| day("to", text))?;
    if to < from {
        return Err(Problem::invalid_field("to", format!("{to} is before {from}"), "give the last day"));
    }
    let row = api.store().add_leave(person, (from, to), reason, &caller.name, api.now()).await?;
    Ok((StatusCode::CREATED, axum::Json(row)))
}

/// Says that a person or a phone is there, or is not.
#[utoipa::path(post, path = "/presence", tag = "rosters", security(("bearer" = ["presence.report"])), request_body = PresenceBody,
    responses((status = 204, description = "Noted")))]
async fn set_presence(
    State(api): State<Shared>,
    caller: Caller,
    Json(body): Json<PresenceBody>,
) -> Result<StatusCode, Problem> {
    let who = name("who", &body.who)?;
    api.rosters()?.set_presence(who, body.present, api.now()).await?;
    let word = if body.present { "there" } else { "away" };
    caller.audit(&api, "presence", &format!("presence:{who}"), word).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The teams that go out by day, in their order.
#[utoipa::path(get, path = "/teams/{pack}", tag = "rosters", params(("pack" = String, Path)),
    security(("bearer" = ["rosters.see"])),
    responses((status = 200, description = "All of them", body = Items<TeamView>)))]
async fn teams(
    State(api): State<Shared>,
    Path(pack): Path<String>,
) -> Result<axum::Json<Items<TeamView>>, Problem> {
    let items = api.store().teams(&pack).await?.into_iter().map(shown).collect();
    Ok(axum::Json(Items { items, next: None }))
}

fn shown(team: Team) -> TeamView {
    TeamView { name: team.name, phone: crate::base::mask(&team.phone), extension: team.extension }
}

/// Keeps the teams of a pack; whose turn it is stays.
#[utoipa::path(put, path = "/teams/{pack}", tag = "rosters", params(("pack" = String, Path)),
    security(("bearer" = ["rosters.edit"])), request_body = TeamsBody,
    responses((status = 204, description = "Kept"), (status = 409, description = "Two of one name", body = Problem)))]
async fn save_teams(
    State(api): State<Shared>,
    caller: Caller,
    Path(pack): Path<String>,
    Json(body): Json<TeamsBody>,
) -> Result<StatusCode, Problem> {
    let mut teams = Vec::new();
    for (i, team) in body.teams.into_iter().enumerate() {
        name(&format!("teams[{i}].name"), &team.name)?;
        teams.push(Team { name: team.name, phone: team.phone, extension: team.extension });
    }
    api.store().save_teams(&pack, &teams, &caller.name, api.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes the next team, whose turn it is; the turn is kept over restarts.
#[utoipa::path(post, path = "/teams/{pack}/next", tag = "rosters", params(("pack" = String, Path)),
    security(("bearer" = ["rosters.edit"])), request_body = TurnBody,
    responses((status = 200, description = "The team", body = TeamView), (status = 404, description = "There is no team", body = Problem)))]
async fn next_team(
    State(api): State<Shared>,
    caller: Caller,
    Path(pack): Path<String>,
    Json(body): Json<TurnBody>,
) -> Result<axum::Json<TeamView>, Problem> {
    let subject = name("subject", &body.subject)?;
    let team = api.rosters()?.next_team(&pack, subject, api.now()).await?;
    let team = team.ok_or_else(|| Problem::not_found("team of pack", format!("`{pack}`")))?;
    caller
        .audit(&api, "roster.turn", &format!("teams:{pack}"), &format!("{} for {subject}", team.name))
        .await?;
    Ok(axum::Json(shown(team)))
}
