//! Who hears of what: each topic needs a permission, and an event of a thing is heard by whom it reaches.

use serde_json::Value;

use crate::access::{Permission, Reach};
use crate::io::store::{Thing, Topic};
use crate::io::web::auth::Caller;
use crate::io::web::events::LiveEvent;
use crate::io::web::problem::Problem;
use crate::io::web::state::ApiState;

/// What goes on at this moment, in the whole house.
const LIVE: &[&str] = &[
    "call",
    "leg",
    "dial",
    "queue",
    "caller",
    "answer",
    "campaign",
    "trunk",
    "agent",
    "card",
    "alarm",
    "rehearsal",
];

/// A kind of thing that changes: what one needs to hear of it, and what its events' `id` names.
struct Kind {
    topic: Topic,
    needed: Permission,
    thing: Option<Thing>,
}

const fn kind(topic: Topic, needed: Permission, thing: Option<Thing>) -> Kind {
    Kind { topic, needed, thing }
}

const KINDS: &[Kind] = &[
    kind(Topic::Ticket, Permission::TicketsSee, Some(Thing::Ticket)),
    kind(Topic::Audit, Permission::CasesSee, Some(Thing::Case)),
    kind(Topic::Callback, Permission::CallbacksSee, Some(Thing::Callback)),
    kind(Topic::Customer, Permission::CustomersSee, Some(Thing::Customer)),
    kind(Topic::Notice, Permission::NoticesSee, Some(Thing::Notice)),
    kind(Topic::Import, Permission::ListsSee, None),
    kind(Topic::Intake, Permission::FactsSee, None),
    kind(Topic::Report, Permission::ReportsSee, None),
    kind(Topic::ReportRun, Permission::ReportsSee, None),
    kind(Topic::Plan, Permission::PlanSee, None),
    kind(Topic::Warning, Permission::WarningsSee, None),
];

fn kind_of(topic: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.topic.as_str() == topic)
}

/// Topics that somebody may name: of changes, and where `live` of what goes on too.
fn known(live: bool) -> Vec<&'static str> {
    let changes = KINDS.iter().map(|kind| kind.topic.as_str());
    LIVE.iter().copied().filter(|_| live).chain(changes).collect()
}

/// The topics of a query; all of them where it names none.
///
/// # Errors
/// 422 for a topic that there is not, 403 for one that the caller's roles do not open.
pub(super) fn wanted(caller: &Caller, query: Option<&str>, live: bool) -> Result<Vec<String>, Problem> {
    let known = known(live);
    let named = query.into_iter().flat_map(|topics| topics.split(','));
    let named: Vec<&str> = named.map(str::trim).filter(|topic| !topic.is_empty()).collect();
    for topic in &named {
        if !known.contains(topic) {
            let hint = format!("topics: {}", known.join(", "));
            return Err(Problem::invalid_field("topics", "there is no such topic", hint));
        }
        if let Some(kind) = kind_of(topic) {
            caller.needs(kind.needed)?;
        }
    }
    let all = if named.is_empty() { known } else { named };
    Ok(all.into_iter().map(str::to_owned).collect())
}

/// Whether a caller hears of an event. What goes on live was opened with the stream.
pub(super) async fn hears(api: &ApiState, caller: &Caller, event: &LiveEvent) -> bool {
    let Some(kind) = kind_of(&event.topic) else { return true };
    if !caller.may(kind.needed) {
        return false;
    }
    let reach = caller.reach(kind.needed);
    if reach.is_all() {
        return true;
    }
    let told: Value = serde_json::from_str(&event.json).unwrap_or_default();
    match (kind.thing, told["id"].as_i64()) {
        // What cannot be asked at this moment is not told; the page asks anew when it can.
        (Some(thing), Some(id)) => {
            matches!(api.store().is_reached(thing, &id.to_string(), &reach).await, Ok(Some(true)))
        }
        _ => is_of(&reach, &told),
    }
}

/// Of several things at once it is heard by whose pack or person they are.
fn is_of(reach: &Reach, told: &Value) -> bool {
    let has =
        |name: &str, is: &dyn Fn(&str) -> bool| told[name].as_str().is_some_and(|v| !v.is_empty() && is(v));
    has("pack", &|pack| reach.has_pack(pack)) || has("owner", &|owner| reach.has_person(owner))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Within;

    #[test]
    fn several_things_are_heard_of_by_their_pack_or_person() {
        let names = |name: &str| [name.to_owned()].into();
        let reach = Reach::Within(Within { people: names("li"), packs: names("shop"), ..Within::default() });
        for (told, expect) in [
            (r#"{"pack":"shop"}"#, true),
            (r#"{"pack":"other","owner":"li"}"#, true),
            (r#"{"pack":"other","owner":"wang"}"#, false),
            (r#"{"pack":"","owner":""}"#, false),
            ("{}", false),
        ] {
            assert_eq!(is_of(&reach, &serde_json::from_str(told).unwrap()), expect, "{told}");
        }
    }

    #[test]
    fn every_topic_of_the_store_has_its_permission_and_no_topic_is_both() {
        for kind in KINDS {
            assert!(kind_of(kind.topic.as_str()).is_some());
            assert!(!LIVE.contains(&kind.topic.as_str()), "{}", kind.topic.as_str());
        }
    }
}
