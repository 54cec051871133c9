//! `[policy]`: where callback policies and the calendar are.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `[policy]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// Folder of policy packs, laid over those in the program: a file of the same name takes the
    /// place of one. Default: those in the program alone.
    pub folder: Option<PathBuf>,
    /// File of holidays and make-up working days. Default: mainland China's, in the program.
    pub calendar: Option<PathBuf>,
    /// Time of day at which the day's lists are built and released: `08:50`.
    pub release_at: String,
    /// Whether they are released by themselves; else a person does it, after a look at them.
    pub auto_release: bool,
    /// Whether a customer who talked with an agent and gave no rating, because somebody hung up
    /// before, is called once by the robot, under the caps of the number. Default no.
    pub survey_after_agents: bool,
}

impl Default for Policy {
    fn default() -> Self {
        let release_at = "08:50".into();
        Policy { folder: None, calendar: None, release_at, auto_release: true, survey_after_agents: false }
    }
}
