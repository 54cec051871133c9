//! The rules by which calls of tickets are placed. They stand beside the rules of every policy
//! pack, so that guard, caps and windows hold for them as for any callback; a pack that has a
//! rule of the same name says it in its own way.

use std::collections::BTreeMap;

use crate::calendar::Offset;
use crate::policy::pack::{Anchor, Caller, Merge, Method, Mode, OncePer, Purpose, Rule, Target, Trigger};

/// The robot asks whether it is solved.
pub const VERIFY_RULE: &str = "ticket_verify";
/// A person calls: a promise, a return call, a result to be told.
pub const CALL_RULE: &str = "ticket_call";
/// The robot asks for the rating that a customer of an agent did not give.
pub const SURVEY_RULE: &str = "agent_survey";
/// Its script.
const SURVEY_SCRIPT: &str = "agent-survey";
/// Script of the robot's question, by file name without `.toml`.
const VERIFY_SCRIPT: &str = "ticket-verify";

/// The built-in rules, by id.
pub fn rules_of_tickets() -> BTreeMap<String, Rule> {
    let verify = Rule {
        title: "工单处理结果验证".into(),
        title_en: "Verification of a ticket".into(),
        source: "VER-02, VER-06".into(),
        script: VERIFY_SCRIPT.into(),
        priority: 7,
        ..blank(Purpose::Verification, Mode::Robot)
    };
    let call = Rule {
        title: "工单回电".into(),
        title_en: "Call of a ticket".into(),
        source: "TKT-06, TKT-40, TKT-45".into(),
        priority: 8,
        ..blank(Purpose::Appointment, Mode::Agent)
    };
    let survey = Rule {
        title: "座席通话满意度回访".into(),
        title_en: "Rating of a talk with an agent".into(),
        source: "ETI-19".into(),
        script: SURVEY_SCRIPT.into(),
        priority: 4,
        ..blank(Purpose::Callback, Mode::Robot)
    };
    BTreeMap::from([
        (VERIFY_RULE.to_owned(), verify),
        (CALL_RULE.to_owned(), call),
        (SURVEY_RULE.to_owned(), survey),
    ])
}

/// A rule that nothing starts but a ticket.
fn blank(purpose: Purpose, mode: Mode) -> Rule {
    Rule {
        title: String::new(),
        title_en: String::new(),
        source: String::new(),
        enabled: true,
        set: String::new(),
        purpose,
        on: Trigger::default(),
        when: Vec::new(),
        once_per: OncePer::Event,
        group: String::new(),
        cancelled_by: Vec::new(),
        satisfied_by: Vec::new(),
        satisfied_by_any_callback: false,
        wait_while_open: None,
        milestone: false,
        anchor: Anchor::Event,
        earliest: None,
        due: Offset::ZERO,
        deadline: Offset::days(1),
        deadline_anchor: None,
        deadline_from_due: false,
        at: None,
        roll: None,
        repeat: None,
        repeat_from_done: false,
        repeat_max: 0,
        target: Target::Customer,
        method: Method::Phone,
        fallback: None,
        caller: Caller::default(),
        mode,
        script: String::new(),
        scripts: Vec::new(),
        windows: Vec::new(),
        priority: 5,
        merge: Merge::Never,
        target_rate: None,
        counts: false,
        close_requires: Vec::new(),
        close_requires_when: Vec::new(),
        blocks: Vec::new(),
        block_after: Default::default(),
        rates: BTreeMap::new(),
        register: String::new(),
    }
}
