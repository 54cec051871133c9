//! Role files: the embedded ones, overridden by a folder.

use std::path::Path;

use super::assets;
use crate::access::Roles;

/// Folder of role files below `config`, and below the folder of the policies.
pub const FOLDER: &str = "roles";

/// Roles, and what could not be used of them.
#[derive(Clone, Debug, Default)]
pub struct LoadedRoles {
    /// What can be used.
    pub roles: Roles,
    /// One message a file, for people.
    pub problems: Vec<String>,
}

/// Reads every role: the embedded ones, overridden by those in the folder `roles` below that of the
/// policies. A file that cannot be used
/// opens nothing: its tokens are refused until it is mended.
///
/// # Errors
/// A folder that cannot be read.
pub fn load(folder: Option<&Path>) -> std::io::Result<LoadedRoles> {
    let mut loaded = LoadedRoles::default();
    for (place, text) in assets::written(FOLDER, folder)? {
        if let Err(mistake) = loaded.roles.add(&place, &text) {
            loaded.problems.push(mistake.to_string());
        }
    }
    Ok(loaded)
}

/// The roles that come with the program.
pub fn built_in() -> Roles {
    load(None).map(|loaded| loaded.roles).unwrap_or_default()
}
