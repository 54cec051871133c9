//! What is shown of a configuration: everything but its secrets.

use super::notices::Channel;
use super::raw::{Database, Raw, Trunk};

impl Raw {
    /// The same with every secret as `***`, to be shown.
    pub fn without_secrets(&self) -> Raw {
        let mut shown = self.clone();
        let hide = |secret: &mut Option<String>| {
            if secret.is_some() {
                *secret = Some("***".into());
            }
        };
        shown.trunk.iter_mut().for_each(|trunk| hide(&mut trunk.password));
        shown.agent.iter_mut().for_each(|agent| hide(&mut agent.secret));
        // A URL with an @ may hold a password; one of SQLite is worth seeing.
        if shown.database.url.as_deref().is_some_and(|url| url.contains('@')) {
            hide(&mut shown.database.url);
        }
        hide(&mut shown.archive.secret_access_key);
        shown.notices.channel.iter_mut().for_each(Channel::hide_secrets);
        shown
    }
}

/// Without its URL, which may hold a password.
impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("url_file", &self.url_file).finish_non_exhaustive()
    }
}

/// Without its password.
impl std::fmt::Debug for Trunk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trunk")
            .field("name", &self.name)
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}
