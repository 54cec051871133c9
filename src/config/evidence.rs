//! `[evidence]`: what is found in calls.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::duration::Span;
use super::lower::Lowering;

/// `[evidence]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Evidence {
    /// Program and arguments that write a transcript of a recording: `{file}` is filled in. It writes
    /// to its standard output `[{"side": "agent", "start_ms": 0, "end_ms": 900, "text": "..."}]`, side
    /// `agent` for the left channel, `customer` for the right. Default empty: none is made.
    pub transcribe_command: Vec<String>,
    /// How long it may take for one call. Default 5 min; 1 s to 2 h.
    pub transcribe_limit: Span,
}

impl Default for Evidence {
    fn default() -> Self {
        Evidence { transcribe_command: Vec::new(), transcribe_limit: Span::seconds(300) }
    }
}

impl Lowering<'_> {
    pub(super) fn evidence(&mut self, raw: &Evidence) -> Evidence {
        let range = Span::seconds(1)..=Span::seconds(7_200);
        self.span("evidence.transcribe_limit", raw.transcribe_limit, range, false);
        let names_it = raw.transcribe_command.iter().skip(1).any(|argument| argument.contains("{file}"));
        if !raw.transcribe_command.is_empty() && !names_it {
            self.wrong_hint(
                "evidence.transcribe_command",
                "no argument names the recording",
                "write {file} where its path belongs",
            );
        }
        raw.clone()
    }
}
