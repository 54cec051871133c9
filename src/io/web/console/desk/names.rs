//! What rules and events are called, in the language of the page.

use super::super::super::api::{PolicyTitles, Titled};
use super::super::super::listing::Items;
use super::super::super::problem::Problem;
use super::super::frame::{Frame, Visitor};
use crate::access::Permission;

/// Titles of all packs that are in force; none for who may not see rules.
#[derive(Clone, Debug, Default)]
pub(super) struct Names(Vec<PolicyTitles>);

fn shown(frame: &Frame, titled: &Titled) -> String {
    frame.lang.title(&titled.title, &titled.title_en).to_owned()
}

impl Names {
    pub async fn read(visitor: &Visitor) -> Result<Names, Problem> {
        if !visitor.may(Permission::RulesSee) {
            return Ok(Names::default());
        }
        match visitor.get::<Items<PolicyTitles>>("/policy-titles").await {
            Ok(found) => Ok(Names(found.items)),
            // The planner is not there yet: ids do until then.
            Err(problem) if problem.status == 503 => Ok(Names::default()),
            Err(problem) => Err(problem),
        }
    }

    fn pack(&self, pack: &str) -> Option<&PolicyTitles> {
        self.0.iter().find(|titles| titles.pack == pack)
    }

    /// Title of a rule; its id where it has none.
    pub fn rule(&self, frame: &Frame, pack: &str, rule: &str) -> String {
        let known = self.pack(pack).and_then(|titles| titles.rules.get(rule));
        known.map_or_else(|| rule.to_owned(), |titled| shown(frame, titled))
    }

    /// Title of a kind of event.
    pub fn event(&self, frame: &Frame, pack: &str, kind: &str) -> String {
        let known = self.pack(pack).and_then(|titles| titles.events.get(kind));
        let known = known.filter(|titled| !titled.title.is_empty());
        known.map_or_else(|| frame.lang.word("desk-event", &kind.replace('.', "-")), |t| shown(frame, t))
    }
}
