//! What the daemon can say and ask: replaced as a whole by a reload, so that a running
//! call keeps the version it began with.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::ivr::{PromptSet, Script, Texts};
use crate::media::PromptLibrary;

/// Scripts and prompts.
#[derive(Clone, Debug, Default)]
pub struct Library {
    /// Scripts by name.
    pub scripts: BTreeMap<String, Arc<Script>>,
    /// Names of those that are not as they are shipped.
    pub custom: BTreeSet<String>,
    /// Prompts with their sound.
    pub prompts: Arc<PromptLibrary>,
    /// Their names.
    pub names: Arc<PromptSet>,
    /// Their texts.
    pub texts: Arc<Texts>,
}
