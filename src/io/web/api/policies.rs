//! Policies as files: read, and written by those whose rules they are.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path as File;

use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::io::web::auth::Caller;
use crate::io::web::control::{Control, Done};
use crate::io::web::listing::Items;
use crate::io::web::problem::{FieldProblem, Problem};
use crate::io::web::request::Json;
use crate::io::web::state::Shared;
use crate::policy::pack::{self, Around, Finding, Policy, Severity};

/// Characters of a pack's name.
const NAME_LIMIT: usize = 60;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(index)).routes(routes!(show)).routes(routes!(write))
}

/// A policy as its file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PolicyText {
    /// Policy pack.
    pub pack: String,
    /// Title, in Chinese.
    pub title: String,
    /// The first 12 digits of the SHA-256 of the text.
    pub version: String,
    /// Its file.
    pub file: String,
    /// The text; empty in lists.
    pub text: String,
}

/// A policy to be written.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyBody {
    /// The whole text of the file.
    pub text: String,
    /// The version that was looked at; another one refuses the change. Empty: the pack is new.
    #[serde(default)]
    pub version: String,
    /// Why.
    pub reason: String,
}

/// A policy that is in force from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PolicyWritten {
    /// Its version.
    pub version: String,
    /// The version before; empty: there was none.
    pub before: String,
    /// What a person should look at, though it can be used.
    pub warnings: Vec<String>,
}

pub(super) fn view(policy: &Policy, text: &str) -> PolicyText {
    PolicyText {
        pack: policy.pack.pack.clone(),
        title: policy.pack.title.clone(),
        version: policy.version.clone(),
        file: policy.file.clone(),
        text: text.to_owned(),
    }
}

/// Policies in force today, without their texts.
#[utoipa::path(get, path = "/policies", tag = "plan", security(("bearer" = ["rules.see"])),
    responses((status = 200, description = "All of them", body = Items<PolicyText>)))]
async fn index(State(api): State<Shared>) -> Result<axum::Json<Items<PolicyText>>, Problem> {
    let settings = api.planner()?.settings();
    let today = settings.calendar.date(api.now());
    let items = settings.policies.all_in_force(today).map(|policy| view(policy, "")).collect();
    Ok(axum::Json(Items { items, next: None }))
}

/// The policy of a pack as it is in force today, with its text.
#[utoipa::path(get, path = "/policies/{pack}", tag = "plan", params(("pack" = String, Path)), security(("bearer" = ["rules.see"])),
    responses((status = 200, description = "The policy", body = PolicyText), (status = 404, description = "No such pack", body = Problem)))]
async fn show(
    State(api): State<Shared>,
    Path(pack): Path<String>,
) -> Result<axum::Json<PolicyText>, Problem> {
    let settings = api.planner()?.settings();
    let today = settings.calendar.date(api.now());
    let policy =
        settings.policies.in_force(&pack, today).ok_or_else(|| Problem::not_found("policy", pack))?;
    Ok(axum::Json(view(policy, policy.text())))
}

/// Writes the policy of a pack into the folder `policy.folder` and reads the configuration again. What
/// cannot be used is refused with every mistake, and nothing is written then.
#[utoipa::path(put, path = "/policies/{pack}", tag = "plan", params(("pack" = String, Path)), request_body = PolicyBody,
    security(("bearer" = ["policies.edit"])),
    responses((status = 200, description = "In force", body = PolicyWritten),
              (status = 409, description = "Another version is in force, or no folder is set", body = Problem),
              (status = 422, description = "Its mistakes", body = Problem)))]
async fn write(
    State(api): State<Shared>,
    caller: Caller,
    Path(pack): Path<String>,
    Json(body): Json<PolicyBody>,
) -> Result<axum::Json<PolicyWritten>, Problem> {
    let reason = super::entries::ReasonBody { reason: body.reason }.check()?.to_owned();
    let settings = api.planner()?.settings();
    let today = settings.calendar.date(api.now());
    let known = settings.policies.in_force(&pack, today);
    let before = known.map(|policy| policy.version.clone()).unwrap_or_default();
    if before != body.version {
        let text =
            format!("version `{before}` of `{pack}` is in force, not `{}`: look at it again", body.version);
        return Err(Problem::conflict(text));
    }
    let Some(folder) = api.access().policies.clone() else {
        let text = "policies cannot be written: set policy.folder in the configuration, and restart";
        return Err(Problem::conflict(text));
    };
    let file = known.map_or_else(|| file_of(&pack), |policy| Ok(policy.file.clone()))?;
    let policy = Policy::parse(&file, &body.text).map_err(|mistake| wrong(mistake.to_string()))?;
    if policy.pack.pack != pack {
        return Err(wrong(format!("the text is for pack `{}`, not `{pack}`", policy.pack.pack)));
    }
    let warnings = checked(&api, &policy, today)?;
    let subject = format!("policy:{pack}");
    caller.audit(&api, "policy.edit", &subject, &format!("{before} to {}: {reason}", policy.version)).await?;
    let place = folder.join(&file);
    let (text, path) = (body.text, place.clone());
    let old = tokio::task::spawn_blocking(move || replace(&path, Some(text.as_bytes())))
        .await
        .map_err(|e| Problem::internal(&e))?
        .map_err(|e| Problem::internal(&format!("{}: {e}", place.display())))?;
    match api.ask(Control::Reload { by: caller.name.clone() }).await {
        Ok(Done::Reloaded(_)) => Ok(axum::Json(PolicyWritten { version: policy.version, before, warnings })),
        Ok(_) => Err(Problem::internal(&"an order was answered by another's answer")),
        Err(problem) => {
            // What is in force stays what stands in the folder.
            let put_back = tokio::task::spawn_blocking(move || replace(&place, old.as_deref())).await;
            if !matches!(put_back, Ok(Ok(_))) {
                tracing::error!(pack, "the policy before could not be put back into its folder");
            }
            Err(problem)
        }
    }
}

fn wrong(text: String) -> Problem {
    Problem::invalid_field(
        "text",
        text,
        "mend it as the text says; `ringback policy check` looks at files too",
    )
}

/// The file of a pack that has none yet.
fn file_of(pack: &str) -> Result<String, Problem> {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if pack.is_empty() || pack.len() > NAME_LIMIT || !pack.chars().all(good) {
        let hint = format!("write 1 to {NAME_LIMIT} of a-z, 0-9 and _");
        return Err(Problem::invalid_field("pack", "it is no name for a pack", hint));
    }
    Ok(format!("{}.toml", pack.replace('_', "-")))
}

/// Everything that the check finds in a policy.
pub(super) fn findings(
    api: &Shared,
    policy: &Policy,
    today: jiff::civil::Date,
) -> Result<Vec<Finding>, Problem> {
    let scripts: BTreeSet<String> =
        api.parts.catalogue.borrow().scripts.iter().map(|script| script.name.clone()).collect();
    let calendar = api.planner()?.settings().calendar;
    let around = Around {
        calendar: &calendar,
        scripts: (!scripts.is_empty()).then_some(&scripts),
        missing_prompts: &|_| Vec::new(),
        today,
    };
    Ok(pack::check(policy, &around))
}

/// Warnings of the check; its errors refuse the policy.
fn checked(api: &Shared, policy: &Policy, today: jiff::civil::Date) -> Result<Vec<String>, Problem> {
    let (mut errors, mut warnings) = (Vec::new(), Vec::new());
    for finding in findings(api, policy, today)? {
        let at = finding.line.map_or(String::new(), |line| format!("line {line}: "));
        let text = format!("{at}{}: {}", finding.key, finding.message);
        match finding.severity {
            Severity::Error => {
                errors.push(FieldProblem { field: "text".into(), detail: text, hint: finding.hint });
            }
            _ => warnings.push(text),
        }
    }
    if errors.is_empty() { Ok(warnings) } else { Err(Problem::invalid(errors)) }
}

/// Puts a text in the place of a file in one step, or takes the file away; gives what stood there.
fn replace(place: &File, text: Option<&[u8]>) -> std::io::Result<Option<Vec<u8>>> {
    let old = match std::fs::read(place) {
        Ok(old) => Some(old),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => None,
        Err(e) => return Err(e),
    };
    let Some(text) = text else {
        std::fs::remove_file(place)?;
        return Ok(old);
    };
    if let Some(folder) = place.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let part = place.with_extension("part");
    let mut file = std::fs::File::create(&part)?;
    file.write_all(text)?;
    file.sync_all()?;
    std::fs::rename(&part, place)?;
    Ok(old)
}
