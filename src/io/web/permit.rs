//! What each route needs, and whether a caller has it: read off the document of the API, in one place.
//!
//! A route says by `security` which permission it needs. Here the document becomes the table by which
//! every request is let through or refused, so that the two never differ. For a role that does not
//! reach everything, the thing that the path names is looked at too; lists are narrowed by
//! [`Caller::reach`].

use std::collections::BTreeMap;
use std::path::PathBuf;

use axum::extract::{FromRequestParts, MatchedPath, RawPathParams};
use axum::http::Method;
use axum::http::request::Parts;
use utoipa::openapi::OpenApi;

use super::auth::Caller;
use super::problem::Problem;
use super::router;
use super::state::ApiState;
use crate::access::{Permission, Reach, Roles, Span, Teams};
use crate::base::CallbackId;
use crate::io::roles;
use crate::io::store::Thing;

/// Roles, teams, and where policies and prompts are written.
#[derive(Clone, Debug, Default)]
pub struct AccessSettings {
    /// Roles.
    pub roles: Roles,
    /// Teams of agents.
    pub teams: Teams,
    /// Folder of policies; None: they cannot be written.
    pub policies: Option<PathBuf>,
    /// Folder of prompts; None: they cannot be written.
    pub prompts: Option<PathBuf>,
}

impl AccessSettings {
    /// The roles that come with the program, and no teams.
    pub fn built_in() -> AccessSettings {
        AccessSettings { roles: roles::built_in(), ..AccessSettings::default() }
    }
}

/// Paths whose first variable names a thing.
const THINGS: &[(&str, Thing)] = &[
    ("/api/v1/calls/{id}", Thing::Call),
    ("/api/v1/callbacks/{id}", Thing::Callback),
    ("/api/v1/tickets/{id}", Thing::Ticket),
    ("/api/v1/customers/{id}", Thing::Customer),
    ("/api/v1/audits/cases/{id}", Thing::Case),
    ("/api/v1/notices/{id}", Thing::Notice),
];
/// Paths that name an agent.
const AGENTS: &str = "/api/v1/agents/{name}";

/// Permissions by path and method. None: the route names none, and is closed.
pub(super) type Needed = BTreeMap<(String, String), Option<Permission>>;

/// The table that a document says.
pub(super) fn table(document: &OpenApi) -> Needed {
    let operations = document.paths.paths.iter().flat_map(|(path, item)| {
        let methods = [
            ("get", &item.get),
            ("put", &item.put),
            ("post", &item.post),
            ("delete", &item.delete),
            ("options", &item.options),
            ("head", &item.head),
            ("patch", &item.patch),
            ("trace", &item.trace),
        ];
        methods.into_iter().filter_map(move |(method, operation)| {
            // What a requirement says can only be read as JSON.
            let security = serde_json::to_value(&operation.as_ref()?.security).unwrap_or_default();
            let permission = security[0]["bearer"][0].as_str().and_then(Permission::of);
            Some(((path.clone(), method.to_owned()), permission))
        })
    });
    operations.collect()
}

/// Whether there is a GET of a path of the document.
pub(super) fn can_be_read(template: &str) -> bool {
    is_served(template, &Method::GET)
}

/// Whether there is such a route.
pub(super) fn is_served(template: &str, method: &Method) -> bool {
    router::needed().contains_key(&(template.to_owned(), method.as_str().to_ascii_lowercase()))
}

/// Lets a request through whose caller has what its route needs, for the thing that it names.
///
/// # Errors
/// 403, and 500 for a route that names no permission.
pub(super) async fn permit(api: &ApiState, caller: &Caller, parts: &mut Parts) -> Result<(), Problem> {
    let Some(path) = parts.extensions.get::<MatchedPath>().map(|path| path.as_str().to_owned()) else {
        return Ok(());
    };
    let method = if parts.method == Method::HEAD { Method::GET } else { parts.method.clone() };
    let key = (path, method.as_str().to_ascii_lowercase());
    // A method that the route does not take is refused by the router.
    let Some(permission) = router::needed().get(&key) else { return Ok(()) };
    let (path, _) = key;
    let permission =
        permission.ok_or_else(|| Problem::internal(&format!("the route {path} names no permission")))?;
    caller.needs(permission)?;
    if permission == Permission::CallbacksCall {
        may_make(api, caller, parts).await?;
    }
    let reach = caller.reach(permission);
    if reach.is_all() {
        return Ok(());
    }
    match permission.span() {
        Span::Each => in_reach(api, caller, permission, &path, parts).await,
        Span::Pack => of_own_pack(&reach, permission, parts).await,
        Span::Free | Span::House => Ok(()),
    }
}

/// Refuses a callback that is another role's, or in which the caller is rated.
async fn may_make(api: &ApiState, caller: &Caller, parts: &mut Parts) -> Result<(), Problem> {
    // While the daemon starts, the handler says so.
    let Ok(planner) = api.planner() else { return Ok(()) };
    let Some(id) = variables(parts).await.into_iter().find_map(|(_, id)| id.parse::<i64>().ok()) else {
        return Ok(());
    };
    let (id, now) = (CallbackId(id), api.now());
    if api.store().callback(id).await?.is_none() {
        return Ok(());
    }
    let role = planner.role_for(id, now).await?;
    if !caller.calls_as(&role) {
        return Err(Problem::not_by(format!(
            "this callback is made by {role}, which the token's roles are not"
        )));
    }
    let holder = caller.access.holder();
    for person in [&holder.agent, &holder.name] {
        if let Some(why) = planner.why_not_by(id, person, now).await? {
            return Err(Problem::not_by(why));
        }
    }
    Ok(())
}

/// The variables of the path, decoded.
async fn variables(parts: &mut Parts) -> Vec<(String, String)> {
    match RawPathParams::from_request_parts(parts, &()).await {
        Ok(found) => found.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        Err(_) => Vec::new(),
    }
}

async fn in_reach(
    api: &ApiState,
    caller: &Caller,
    permission: Permission,
    path: &str,
    parts: &mut Parts,
) -> Result<(), Problem> {
    let names =
        |head: &str| path.strip_prefix(head).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let thing = THINGS.iter().find(|(head, _)| names(head)).map(|(_, thing)| *thing);
    let is_agent = names(AGENTS);
    if thing.is_none() && !is_agent {
        return Ok(());
    }
    let Some((_, value)) = variables(parts).await.into_iter().next() else { return Ok(()) };
    if let Some(thing) = thing {
        return caller.needs_in_reach(api, permission, thing, &value).await;
    }
    match caller.reach(permission).has_person(&value) {
        true => Ok(()),
        false => Err(Problem::out_of_reach(permission)),
    }
}

/// A table of a pack: a caller of one pack names it, in the path or in the query.
async fn of_own_pack(reach: &Reach, permission: Permission, parts: &mut Parts) -> Result<(), Problem> {
    let in_path = variables(parts).await.into_iter().find(|(name, _)| name == "pack");
    let query = parts.uri.query().unwrap_or_default();
    let in_query = || form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "pack");
    let asked = in_path.map(|(_, pack)| pack).or_else(|| in_query().map(|(_, pack)| pack.into_owned()));
    match asked.is_some_and(|pack| reach.has_pack(&pack)) {
        true => Ok(()),
        false => Err(Problem::out_of_reach(permission)),
    }
}
