//! `[trunk.canary]`: the call that tries a trunk out before the first customer.

use jiff::civil::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::lower::Lowering;
use super::raw::{Raw, Trunk};
use crate::base::PhoneNumber;
use crate::canary;

/// Longest spelling of a number that a trunk may bring.
const MAX_NUMBER_CHARS: usize = 64;

/// `[trunk.canary]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Canary {
    /// A number of ours that this trunk, or the network behind it, brings back to this daemon; one that
    /// no customer calls. Required.
    pub number: String,
    /// The user part of the Request-URI with which that call comes in, where it is no spelling of
    /// `number`. Default empty.
    pub arrives_as: String,
    /// Time of day in the calendar's zone, on days on which calls may be placed: `"08:30"`. Default:
    /// half an hour before the first calling window of the day.
    pub at: Option<String>,
    /// Key that is pressed, `0` to `9`. Default `5`.
    pub key: String,
}

impl Default for Canary {
    fn default() -> Self {
        Canary {
            number: String::new(),
            arrives_as: String::new(),
            at: None,
            key: canary::DEFAULT_KEY.to_string(),
        }
    }
}

impl Lowering<'_> {
    pub(super) fn canary(
        &mut self,
        at: &str,
        raw: &Canary,
        trunk: &Trunk,
        file: &Raw,
    ) -> Option<canary::Settings> {
        let at = format!("{at}.canary");
        let home = trunk.home_area.as_deref().unwrap_or(&file.dialer.home_area);
        let number = match PhoneNumber::parse(&raw.number, Some(home).filter(|area| !area.is_empty())) {
            _ if raw.number.trim().is_empty() => {
                let hint = "give a number of ours that the trunk brings back to this daemon";
                self.wrong_hint(format!("{at}.number"), "is missing", hint);
                None
            }
            Ok((number, _)) => Some(number),
            Err(e) => {
                let problem = format!("`{}` is no number: {e}", raw.number);
                self.wrong_hint(format!("{at}.number"), problem, "write it with its area code");
                None
            }
        };
        let mut keys = raw.key.chars();
        let key = keys.next().filter(|key| key.is_ascii_digit() && keys.next().is_none());
        if key.is_none() {
            self.wrong(format!("{at}.key"), format!("`{}` is not one key from 0 to 9", raw.key));
        }
        let time = raw.at.as_ref().map(|text| text.parse::<Time>());
        if let (Some(Err(_)), Some(text)) = (&time, &raw.at) {
            let problem = format!("`{text}` is not a time of day");
            self.wrong_hint(format!("{at}.at"), problem, "write it as 08:30");
        }
        if raw.arrives_as.chars().count() > MAX_NUMBER_CHARS || raw.arrives_as.chars().any(char::is_control) {
            let problem = format!("must be plain text of at most {MAX_NUMBER_CHARS} characters");
            self.wrong(format!("{at}.arrives_as"), problem);
        }
        if trunk.max_calls == 1 {
            let problem = "1 leaves no room for the canary, whose call comes back over the same trunk";
            self.wrong_hint(
                format!("{}.max_calls", at.trim_end_matches(".canary")),
                problem,
                "give 2 or more",
            );
        }
        Some(canary::Settings {
            number: number?,
            arrives_as: raw.arrives_as.trim().to_owned(),
            at: time.and_then(Result::ok),
            key: key?,
        })
    }
}
