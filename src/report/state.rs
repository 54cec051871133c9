//! From a draft to an approved report, after which its period is locked.

use serde::{Deserialize, Serialize};

/// Where a report stands.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Its figures are those of the moment.
    #[default]
    Draft,
    /// Its figures are kept as they were when it was handed in.
    Submitted,
    /// The supervisor has given guidance.
    Reviewed,
    /// The period is locked.
    Approved,
}

/// What a person does with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Hands it in.
    Submit,
    /// Reviews it, with guidance.
    Review,
    /// Approves it.
    Approve,
    /// Gives it back; it is a draft again.
    Return,
}

impl State {
    /// The word in the database and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            State::Draft => "draft",
            State::Submitted => "submitted",
            State::Reviewed => "reviewed",
            State::Approved => "approved",
        }
    }

    /// The state of that word; a draft where there is no such.
    pub fn parse(word: &str) -> State {
        [State::Submitted, State::Reviewed, State::Approved]
            .into_iter()
            .find(|s| s.as_str() == word)
            .unwrap_or_default()
    }

    /// The state after a step.
    ///
    /// # Errors
    /// A sentence: why it cannot be taken now.
    pub fn after(self, step: Step) -> Result<State, String> {
        match (self, step) {
            (State::Draft, Step::Submit) => Ok(State::Submitted),
            (State::Submitted, Step::Review) => Ok(State::Reviewed),
            (State::Submitted | State::Reviewed, Step::Approve) => Ok(State::Approved),
            (State::Submitted | State::Reviewed, Step::Return) => Ok(State::Draft),
            (State::Approved, _) => Err("it is approved and its period is locked".into()),
            (state, step) => {
                let step = serde_json::to_string(&step).unwrap_or_default();
                let hint = if state == State::Draft { "submit it first" } else { "it was handed in already" };
                Err(format!(
                    "a report that is {} takes no {}: {hint}",
                    state.as_str(),
                    step.trim_matches('"')
                ))
            }
        }
    }
}
