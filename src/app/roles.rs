//! What the configuration says of who may do what: role files, teams, the folder of policies.

use crate::access::Teams;
use crate::config;
use crate::io::roles::{self, LoadedRoles};
use crate::io::web::AccessSettings;

/// Reads every role: the embedded ones, overridden by those in the folder `roles` below that of the
/// policies.
///
/// # Errors
/// A folder that cannot be read.
pub(super) fn load(settings: &config::Policy) -> std::io::Result<LoadedRoles> {
    roles::load(settings.folder.as_deref())
}

/// What the configuration tells the API of its callers.
///
/// # Errors
/// A sentence: what cannot be read.
pub(super) fn settings(config: &config::Settings) -> Result<AccessSettings, String> {
    let loaded = load(&config.policy).map_err(|e| format!("roles cannot be read: {e}"))?;
    for problem in &loaded.problems {
        tracing::error!(problem, "a role cannot be used, and its tokens open nothing by it");
    }
    Ok(AccessSettings {
        roles: loaded.roles,
        teams: teams(config),
        policies: config.policy.folder.clone(),
        // Later folders win, so that what is put there is spoken.
        prompts: config.prompt_dirs.last().cloned(),
    })
}

fn teams(config: &config::Settings) -> Teams {
    let agents = config.engine().agents.agents;
    agents.into_iter().filter(|agent| !agent.team.is_empty()).map(|agent| (agent.name, agent.team)).collect()
}
