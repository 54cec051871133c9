//! On-call rosters: months with their nights, publishing, swaps, and who is on duty now.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::entries::unmasking;
use crate::base::Timestamp;
use crate::io::rosters::{Error, Wanted, read_rows};
use crate::io::store::roster::{RosterMonth, SwapRow};
use crate::io::web::auth::Caller;
use crate::io::web::listing::{self, Items, Wants};
use crate::io::web::mask::mask;
use crate::io::web::problem::{FieldProblem, Problem};
use crate::io::web::request::{Bulk, Json, Params, Upload, moment};
use crate::io::web::sheet::{SheetRow, optional};
use crate::io::web::spool::{self, UploadLimits};
use crate::io::web::state::Shared;
use crate::roster::{Duty, Gap, Month, OnDuty, Person, Role, Swap, gaps};

/// Months of a pack that are looked through for a number.
const MONTHS: usize = 6;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(index))
        .routes(routes!(show, save))
        .routes(routes!(import))
        .routes(routes!(publish))
        .routes(routes!(swap))
        .routes(routes!(on_duty))
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Query {
    /// Policy pack.
    pack: Option<String>,
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct MonthQuery {
    /// Show whole numbers.
    #[serde(default)]
    unmask: bool,
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct MomentQuery {
    /// When; by default now. Milliseconds since 1970, or RFC 3339.
    at: Option<String>,
    /// Show whole numbers.
    #[serde(default)]
    unmask: bool,
}

/// One person in one role of one night.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DutyView {
    /// The day on whose evening the night begins: `2026-07-01`.
    pub date: String,
    /// Role.
    pub role: Role,
    /// Name.
    pub person: String,
    /// Telephone number; empty: none. A masked one, as it was read, stands for the number that is known
    /// of this person.
    #[serde(default)]
    pub phone: String,
    /// Extension of our own, which is called before the number; empty: none.
    #[serde(default)]
    pub extension: String,
}

/// The duties of a month.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RosterBody {
    /// All of them: what is not among them is taken out.
    pub duties: Vec<DutyView>,
}

/// A month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RosterView {
    /// The month.
    #[serde(flatten)]
    pub roster: RosterMonth,
    /// Its duties.
    pub duties: Vec<DutyView>,
    /// What is missing, in words: a night and a role each.
    pub gaps: Vec<String>,
    /// Swaps that were made.
    pub swaps: Vec<SwapRow>,
}

/// A night that somebody else takes.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SwapBody {
    /// The night: `2026-07-01`.
    pub date: String,
    /// Role.
    pub role: Role,
    /// Who cannot come.
    pub person: String,
    /// Who comes instead, of the same role. Without one there is no swap.
    #[serde(default)]
    pub substitute: String,
    /// Their number; by default the one that is known.
    #[serde(default)]
    pub phone: String,
    /// Their extension; by default the one that is known.
    #[serde(default)]
    pub extension: String,
    /// Why.
    pub reason: String,
}

/// One who is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PostView {
    /// Role.
    pub role: Role,
    /// Name.
    pub person: String,
    /// What is dialled: extension or number.
    pub address: String,
}

/// Who is on duty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OnDutyView {
    /// The moment.
    pub at: i64,
    /// Whether it is night.
    pub night: bool,
    /// The day on whose evening the night began; empty by day.
    pub date: String,
    /// When the night ends.
    pub until: Option<i64>,
    /// Title of the rosters of the pack.
    #[serde(default)]
    pub title: String,
    /// Roles that every night has.
    #[serde(default)]
    pub roles: Vec<Role>,
    /// Seconds that one of them rings before the next is called.
    pub ring_s: u64,
    /// In the order in which they are called; empty by day, and where the roster is missing.
    pub chain: Vec<PostView>,
}

impl SheetRow for RosterMonth {
    const NAME: &'static str = "rosters";
    const COLUMNS: &'static [&'static str] =
        &["id", "pack", "month", "state", "changed_by", "changed_at", "published_by", "published_at"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.to_string(),
            self.pack.clone(),
            self.month.clone(),
            self.state.clone(),
            self.changed_by.clone(),
            Timestamp(self.changed_at).to_string(),
            self.published_by.clone(),
            optional(&self.published_at.map(Timestamp)),
        ]
    }
}

impl SheetRow for DutyView {
    const NAME: &'static str = "roster";
    const COLUMNS: &'static [&'static str] = &["date", "role", "person", "phone", "extension"];

    fn cells(&self) -> Vec<String> {
        let role = self.role.as_str().to_owned();
        vec![self.date.clone(), role, self.person.clone(), self.phone.clone(), self.extension.clone()]
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Problem {
        match error {
            Error::Store(error) => error.into(),
            Error::Planner(error) => error.into(),
            Error::Invalid(fields) => {
                let hint =
                    "name somebody for every night and role; a swap needs a substitute of the same role";
                let one = |(field, detail): (String, String)| FieldProblem::new(field, detail, hint);
                Problem::invalid(fields.into_iter().take(500).map(one).collect())
            }
        }
    }
}

fn month(text: &str) -> Result<Month, Problem> {
    text.parse().map_err(|e: String| Problem::invalid_field("month", e, "write it as 2026-07"))
}

fn view(duty: Duty, unmask: bool) -> DutyView {
    let Person { name, phone, extension } = duty.person;
    let phone = if unmask { phone } else { mask(&phone) };
    DutyView { date: duty.date.to_string(), role: duty.role, person: name, phone, extension }
}

fn duties(body: RosterBody) -> Result<Vec<Duty>, Problem> {
    let duty = |(at, duty): (usize, DutyView)| {
        let date = duty.date.parse().map_err(|_| {
            let detail = format!("`{}` is not a day", duty.date);
            Problem::invalid_field(&format!("duties[{at}].date"), detail, "write it as 2026-07-01")
        })?;
        let person = Person { name: duty.person, phone: duty.phone, extension: duty.extension };
        Ok(Duty { date, role: duty.role, person })
    };
    body.duties.into_iter().enumerate().map(duty).collect()
}

/// Numbers that came back as they were shown become what they were: an editor sees masked ones.
async fn unmask_known(api: &Shared, pack: &str, month: Month, duties: &mut [Duty]) -> Result<(), Problem> {
    if !duties.iter().any(|duty| duty.person.phone.contains('*')) {
        return Ok(());
    }
    let months = api.store().roster_months(Some(pack)).await?;
    let mut known: Vec<Month> = months.iter().filter_map(|row| row.month.parse().ok()).take(MONTHS).collect();
    if !known.contains(&month) {
        known.push(month);
    }
    let known = api.store().roster_duties(pack, &known, false).await?;
    for (at, duty) in duties.iter_mut().enumerate().filter(|(_, duty)| duty.person.phone.contains('*')) {
        let shown = std::mem::take(&mut duty.person.phone);
        let is_it = |person: &Person| person.name == duty.person.name && mask(&person.phone) == shown;
        let found = known.iter().map(|duty| &duty.person).find(|person| is_it(person));
        duty.person.phone = found.map(|person| person.phone.clone()).ok_or_else(|| {
            let detail = format!("`{shown}` is masked, and no such number of {} is known", duty.person.name);
            Problem::invalid_field(&format!("duties[{at}].phone"), detail, "write the whole number")
        })?;
    }
    Ok(())
}

async fn whole(api: &Shared, pack: &str, month: Month, unmask: bool) -> Result<RosterView, Problem> {
    let roster = api.store().roster_month(pack, month).await?;
    let roster = roster.ok_or_else(|| Problem::not_found("roster", format!("{pack}/{month}")))?;
    let duties = api.store().roster_duties(pack, &[month], false).await?;
    let roles = api.rosters()?.settings(pack).roles;
    let gaps = gaps(month, &roles, &duties).iter().map(Gap::to_string).collect();
    let swaps = api.store().roster_swaps(roster.id).await?;
    let duties = duties.into_iter().map(|duty| view(duty, unmask)).collect();
    Ok(RosterView { roster, duties, gaps, swaps })
}

/// Months that have a roster, newest first.
#[utoipa::path(get, path = "/rosters", tag = "rosters", params(Query), security(("bearer" = ["rosters.see"])),
    responses((status = 200, description = "All of them; also as `text/csv`", body = Items<RosterMonth>)))]
async fn index(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    Params(query): Params<Query>,
) -> Result<Response, Problem> {
    let rows = api.store().roster_months(query.pack.as_deref()).await?;
    listing::answer_all(&api, &caller, wants, rows).await
}

/// The roster of a month; as `text/csv` its duties.
#[utoipa::path(get, path = "/rosters/{pack}/{month}", tag = "rosters",
    params(("pack" = String, Path), ("month" = String, Path, description = "`2026-07`"), MonthQuery),
    security(("bearer" = ["rosters.see"])),
    responses((status = 200, description = "The month", body = RosterView), (status = 404, description = "No such roster", body = Problem)))]
async fn show(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    Path((pack, text)): Path<(String, String)>,
    Params(query): Params<MonthQuery>,
) -> Result<Response, Problem> {
    let month = month(&text)?;
    let unmask = unmasking(&api, &caller, query.unmask, &format!("roster:{pack}/{month}")).await?;
    let view = whole(&api, &pack, month, unmask).await?;
    match wants.is_file() {
        true => listing::answer_all(&api, &caller, wants, view.duties).await,
        false => Ok(axum::Json(view).into_response()),
    }
}

/// Keeps the roster of a month. A month in which a night misses a role is refused, with every
/// date and role that is missing.
#[utoipa::path(put, path = "/rosters/{pack}/{month}", tag = "rosters",
    params(("pack" = String, Path), ("month" = String, Path)), security(("bearer" = ["rosters.edit"])),
    request_body = RosterBody,
    responses((status = 200, description = "Kept", body = RosterView), (status = 422, description = "Something is missing", body = Problem)))]
async fn save(
    State(api): State<Shared>,
    caller: Caller,
    Path((pack, text)): Path<(String, String)>,
    Bulk(body): Bulk<RosterBody>,
) -> Result<axum::Json<RosterView>, Problem> {
    let month = month(&text)?;
    let mut duties = duties(body)?;
    unmask_known(&api, &pack, month, &mut duties).await?;
    api.rosters()?.save(&pack, month, &duties, &caller.name, api.now()).await?;
    Ok(axum::Json(whole(&api, &pack, month, false).await?))
}

/// The same from a file: a line for each night, a column for each role (csv, txt, xlsx, xls).
#[utoipa::path(post, path = "/rosters/{pack}/{month}/import", tag = "rosters",
    params(("pack" = String, Path), ("month" = String, Path)), security(("bearer" = ["rosters.edit"])),
    request_body(content = String, content_type = "text/csv"),
    responses((status = 200, description = "Kept", body = RosterView), (status = 422, description = "Something is missing", body = Problem)))]
async fn import(
    State(api): State<Shared>,
    caller: Caller,
    Path((pack, text)): Path<(String, String)>,
    Upload(body): Upload,
) -> Result<axum::Json<RosterView>, Problem> {
    let month = month(&text)?;
    let spooled = spool::receive(body, &api.parts.recordings, UploadLimits::default()).await?;
    let reading =
        tokio::task::spawn_blocking(move || read_rows(spooled.file, spooled.encoding, spooled.bytes));
    let rows = reading.await.map_err(|e| Problem::internal(&e))??;
    api.rosters()?.import(&pack, month, &rows, &caller.name, api.now()).await?;
    Ok(axum::Json(whole(&api, &pack, month, false).await?))
}

/// Publishes a month: it counts from now on, and everybody in it hears of it.
#[utoipa::path(post, path = "/rosters/{pack}/{month}/publish", tag = "rosters",
    params(("pack" = String, Path), ("month" = String, Path)), security(("bearer" = ["rosters.edit"])),
    responses((status = 200, description = "Published", body = RosterView), (status = 404, description = "No such roster", body = Problem)))]
async fn publish(
    State(api): State<Shared>,
    caller: Caller,
    Path((pack, text)): Path<(String, String)>,
) -> Result<axum::Json<RosterView>, Problem> {
    let month = month(&text)?;
    api.rosters()?.publish(&pack, month, &caller.name, api.now()).await?;
    if let Ok(notices) = api.notices() {
        notices.wake();
    }
    Ok(axum::Json(whole(&api, &pack, month, false).await?))
}

/// Puts a substitute of the same role into a night. Without one it is refused.
#[utoipa::path(post, path = "/rosters/{pack}/{month}/swaps", tag = "rosters",
    params(("pack" = String, Path), ("month" = String, Path)), security(("bearer" = ["rosters.edit"])),
    request_body = SwapBody,
    responses((status = 201, description = "Swapped", body = RosterView), (status = 422, description = "No substitute", body = Problem)))]
async fn swap(
    State(api): State<Shared>,
    caller: Caller,
    Path((pack, text)): Path<(String, String)>,
    Json(body): Json<SwapBody>,
) -> Result<(StatusCode, axum::Json<RosterView>), Problem> {
    let month = month(&text)?;
    let date = body.date.parse().map_err(|_| {
        let detail = format!("`{}` is not a day", body.date);
        Problem::invalid_field("date", detail, "write it as 2026-07-01")
    })?;
    if body.reason.trim().is_empty() {
        return Err(Problem::invalid_field("reason", "a reason is needed", "write one sentence"));
    }
    let substitute = Person { name: body.substitute, phone: body.phone, extension: body.extension };
    let swap = Swap { date, role: body.role, person: body.person, substitute };
    let wanted = Wanted { swap, reason: body.reason };
    api.rosters()?.swap(&pack, month, &wanted, &caller.name, api.now()).await?;
    if let Ok(notices) = api.notices() {
        notices.wake();
    }
    Ok((StatusCode::CREATED, axum::Json(whole(&api, &pack, month, false).await?)))
}

/// Who is on duty at a moment, in the order in which they are called.
#[utoipa::path(get, path = "/on-duty/{pack}", tag = "rosters", params(("pack" = String, Path), MomentQuery),
    security(("bearer" = ["rosters.see"])),
    responses((status = 200, description = "Who is called; nobody by day", body = OnDutyView)))]
async fn on_duty(
    State(api): State<Shared>,
    caller: Caller,
    Path(pack): Path<String>,
    Params(query): Params<MomentQuery>,
) -> Result<axum::Json<OnDutyView>, Problem> {
    let at = match query.at.as_deref() {
        Some(text) => moment("at", text, &api.import().timezone, false)?,
        None => api.now(),
    };
    let unmask = unmasking(&api, &caller, query.unmask, &format!("on-duty:{pack}")).await?;
    let rosters = api.rosters()?;
    let settings = rosters.settings(&pack);
    let ring_s = settings.ring.as_secs();
    let duty = rosters.on_duty(&pack, at).await?;
    let night = duty.is_some();
    let (date, until, chain) = match duty {
        Some(OnDuty { date, until, chain }) => (date.to_string(), Some(until.0), chain),
        None => (String::new(), None, Vec::new()),
    };
    let post = |post: crate::roster::Post| {
        let own = !post.person.extension.is_empty();
        let address = if unmask || own { post.address().to_owned() } else { mask(post.address()) };
        PostView { role: post.role, person: post.person.name, address }
    };
    let chain = chain.into_iter().map(post).collect();
    Ok(axum::Json(OnDutyView {
        at: at.0,
        night,
        date,
        until,
        title: settings.title,
        roles: settings.roles,
        ring_s,
        chain,
    }))
}
