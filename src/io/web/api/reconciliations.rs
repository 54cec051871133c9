//! What ought to have come in, and whether what was registered agrees with what came in.

use std::io::Read as _;

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::intakes::mapping;
use crate::base::{PhoneNumber, Timestamp};
use crate::calendar::Calendar;
use crate::intake::{Checked, RegisterLine, checks, reconcile};
use crate::io::intake::Failure;
use crate::io::store::archive::Missing;
use crate::io::store::archive::read::ReconciliationRow;
use crate::io::web::auth::Caller;
use crate::io::web::listing::{self, Items, Wants};
use crate::io::web::problem::Problem;
use crate::io::web::request::{Params, Upload, moment};
use crate::io::web::sheet::SheetRow;
use crate::io::web::spool::{self, UploadLimits};
use crate::io::web::state::Shared;
use crate::plan::Milestone;
use crate::table::Records;
use crate::table::header::{NAME, PHONE, plain, same};

/// Bytes of a register: one day of one company.
const REGISTER_BYTES: u64 = 16 * 1024 * 1024;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(warnings))
        .routes(routes!(index))
        .routes(routes!(compare))
        .routes(routes!(matter))
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PackQuery {
    /// Policy pack, by its id.
    pack: String,
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DayQuery {
    /// Policy pack, by its id.
    pack: String,
    /// `2026-03-03`.
    date: String,
    /// The source of the list.
    source: Option<String>,
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RegisterQuery {
    /// Policy pack, by its id.
    pack: String,
    /// `2026-03-03`: the day on which the list came in.
    date: String,
    /// The source of the list.
    source: String,
    /// JSON object, column header to `key`, `name`, `phone` or `caller`.
    mapping: Option<String>,
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct MatterQuery {
    /// Policy pack, by its id.
    pack: String,
    /// Order, project, vehicle, stay.
    matter: String,
    /// At this day or time; now where it is left out.
    at: Option<String>,
}

/// Something that ought to have come in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct IntakeWarning {
    /// `missing_slip`, `report_due` (a reminder) or `report_missing` (an alarm).
    pub code: String,
    /// Section of the pack.
    pub intake: String,
    /// When it ought to have been there, in milliseconds since 1970.
    pub by: i64,
    /// The event whose slip is missing.
    pub event: Option<Missing>,
}

/// Where a matter stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct MatterState {
    /// Order, project, vehicle, stay.
    pub matter: String,
    /// The last `state` its events gave it, such as `after_sales`; null before the first.
    pub state: Option<String>,
    /// `not_handed_over` where nothing has given it a state yet.
    pub flag: Option<String>,
    /// Milestones that have come, in order (SCH-12).
    #[serde(default)]
    pub milestones: Vec<MilestoneView>,
    /// Whether what follows the last of them may go on; null where none has come.
    pub milestone_clear: Option<bool>,
}

/// A milestone of a matter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct MilestoneView {
    /// Its rule.
    pub rule: String,
    /// Row id of its callback.
    pub callback: i64,
    /// Whether what follows may go on: it was answered without dissatisfaction, and so were those
    /// before it, or what was wrong was fed back.
    pub clear: bool,
    /// What keeps it from being clear.
    pub because: String,
}

impl SheetRow for ReconciliationRow {
    const NAME: &'static str = "reconciliation";
    const COLUMNS: &'static [&'static str] =
        &["day", "source", "kind", "caller", "line_key", "detail", "points", "created_at"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.day.clone(),
            self.source.clone(),
            self.kind.clone(),
            self.caller.clone(),
            self.line_key.clone(),
            self.detail.clone(),
            self.points.to_string(),
            Timestamp(self.created_at).to_string(),
        ]
    }
}

/// What ought to have come in by now and did not: slips of jobs that are known to be finished,
/// reports of the day.
#[utoipa::path(get, path = "/intake-warnings", tag = "intake", params(PackQuery), security(("bearer" = ["facts.see"])),
    responses((status = 200, description = "All of them", body = Items<IntakeWarning>), (status = 422, description = "No such pack", body = Problem)))]
async fn warnings(
    State(api): State<Shared>,
    Params(query): Params<PackQuery>,
) -> Result<axum::Json<Items<IntakeWarning>>, Problem> {
    let pack = api.desk().packs().get(&query.pack).map_err(Failure::Pack)?;
    let zone = api.import().timezone;
    let zone = jiff::tz::TimeZone::get(&zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let mut found = Vec::new();
    for check in checks(&pack, &Calendar::plain(zone), api.now()) {
        let warning = |code: &str, event| IntakeWarning {
            code: code.to_owned(),
            intake: check.intake.clone(),
            by: check.by.0,
            event,
        };
        match &check.what {
            Checked::Slips { expects, kinds, from, to } => {
                let missing = api.store().missing_slips(&query.pack, expects, kinds, *from, *to).await?;
                found.extend(missing.into_iter().map(|event| warning("missing_slip", Some(event))));
            }
            Checked::Report { since } => {
                if !api.store().intake_since(&query.pack, &check.intake, *since).await? {
                    found.push(warning(if check.is_late { "report_missing" } else { "report_due" }, None));
                }
            }
        }
    }
    Ok(axum::Json(Items { items: found, next: None }))
}

/// Differences between the register and the source's list of a day, by caller.
#[utoipa::path(get, path = "/reconciliations", tag = "intake", params(DayQuery), security(("bearer" = ["facts.see"])),
    responses((status = 200, description = "All of them; also as `text/csv`", body = Items<ReconciliationRow>)))]
async fn index(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    Params(query): Params<DayQuery>,
) -> Result<Response, Problem> {
    let rows = api.store().reconciliation(&query.pack, &query.date, query.source.as_deref()).await?;
    listing::answer_all(&api, &caller, wants, rows).await
}

/// Compares the register of a day, as CSV with the columns key, name, phone and caller, with what
/// the source's files of that day brought in, and keeps the differences; each costs its caller a
/// point.
#[utoipa::path(post, path = "/reconciliations", tag = "intake", params(RegisterQuery), security(("bearer" = ["facts.bring"])),
    request_body(content = String, content_type = "text/csv"),
    responses((status = 200, description = "The differences", body = Items<ReconciliationRow>), (status = 422, description = "No usable register", body = Problem)))]
async fn compare(
    State(api): State<Shared>,
    caller: Caller,
    Params(query): Params<RegisterQuery>,
    Upload(body): Upload,
) -> Result<axum::Json<Items<ReconciliationRow>>, Problem> {
    let mapping = mapping(query.mapping.as_deref())?;
    let zone = api.import().timezone;
    let (from, to) = (moment("date", &query.date, &zone, false)?, moment("date", &query.date, &zone, true)?);
    let limits = UploadLimits { bytes: REGISTER_BYTES, ..UploadLimits::default() };
    let mut spooled = spool::receive(body, &api.parts.recordings, limits).await?;
    let home_area = api.import().home_area;
    let register = tokio::task::spawn_blocking(move || {
        let mut bytes = Vec::new();
        spooled.file.read_to_end(&mut bytes).map_err(|e| Problem::internal(&e))?;
        let mut records = Records::new(spooled.encoding);
        records.feed(&bytes);
        records.end();
        lines(records, &mapping, home_area.as_deref())
    });
    let register = register.await.map_err(|e| Problem::internal(&e))??;
    let source = api.store().source_lines(&query.pack, &query.source, from, to).await?;
    let differences = reconcile(&source, &register);
    let store = api.store();
    store
        .keep_reconciliation(&query.pack, &query.date, &query.source, &differences, &caller.name, api.now())
        .await?;
    let items = store.reconciliation(&query.pack, &query.date, Some(&query.source)).await?;
    Ok(axum::Json(Items { items, next: None }))
}

fn lines(
    mut records: Records,
    mapping: &std::collections::BTreeMap<String, String>,
    home_area: Option<&str>,
) -> Result<Vec<RegisterLine>, Problem> {
    const KEYS: &[&str] = &["key", "id", "订单号", "单号", "工单号", "结算单号", "编号"];
    const CALLERS: &[&str] = &["caller", "agent", "回访员", "回访人", "客服", "客服专员"];
    let wrong = |text: String| {
        Problem::invalid_field("body", text, "send CSV whose first line names key, name, phone and caller")
    };
    let header = records.next().ok_or_else(|| wrong("the register is empty".into()))?;
    let header = header.cells.map_err(wrong)?;
    let meaning = |name: &String| -> &str {
        if let Some((_, to)) = mapping.iter().find(|(from, _)| same(from, name)) {
            return to.as_str();
        }
        let spelling = plain(name);
        let is_in = |names: &[&str]| names.contains(&spelling.as_str());
        match () {
            () if is_in(KEYS) => "key",
            () if is_in(CALLERS) => "caller",
            () if is_in(NAME) => "name",
            () if is_in(PHONE) => "phone",
            () => "",
        }
    };
    let columns: Vec<&str> = header.iter().map(meaning).collect();
    if !columns.contains(&"phone") && !columns.contains(&"key") {
        return Err(wrong(format!("the first line names {}: neither a key nor a phone", header.join(", "))));
    }
    let mut found = Vec::new();
    while let Some(record) = records.next() {
        let cells = record.cells.map_err(|e| wrong(format!("line {}: {e}", record.line)))?;
        let mut line = RegisterLine::default();
        for (column, cell) in columns.iter().zip(cells) {
            match *column {
                "key" => line.key = cell,
                "name" => line.name = cell,
                "caller" => line.caller = cell,
                "phone" => {
                    let number = PhoneNumber::parse(&cell, home_area);
                    line.phone = number.map_or(cell, |(phone, _)| phone.to_string());
                }
                _ => {}
            }
        }
        if line != RegisterLine::default() {
            found.push(line);
        }
    }
    Ok(found)
}

/// Where a matter stands, by the `state` that its events gave it: a project is `after_sales`
/// once it was handed over; and its milestones as they are now.
#[utoipa::path(get, path = "/matters", tag = "customers", params(MatterQuery), security(("bearer" = ["matters.see"])),
    responses((status = 200, description = "Its state", body = MatterState)))]
async fn matter(
    State(api): State<Shared>,
    Params(query): Params<MatterQuery>,
) -> Result<axum::Json<MatterState>, Problem> {
    let at = match &query.at {
        None => api.now(),
        Some(text) => moment("at", text, &api.import().timezone, false)?,
    };
    let state = api.store().matter_state(&query.pack, &query.matter, at).await?;
    let flag = state.is_none().then(|| "not_handed_over".to_owned());
    let milestones = match api.planner() {
        Ok(planner) => planner.milestones(&query.pack, &query.matter, api.now()).await?,
        Err(_) => Vec::new(),
    };
    let view = |m: &Milestone| MilestoneView {
        rule: m.rule.clone(),
        callback: m.callback.0,
        clear: m.clear,
        because: m.because.clone(),
    };
    let milestone_clear = milestones.last().map(|last| last.clear);
    let milestones = milestones.iter().map(view).collect();
    Ok(axum::Json(MatterState { matter: query.matter, state, flag, milestones, milestone_clear }))
}
