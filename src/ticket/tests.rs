#![allow(clippy::unwrap_used, reason = "a test fails where its world is not as it says")]

mod chain;
mod deadlines;
mod property;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Act, Changes, NewTicket, Refusal, Role, Rules, Stage, Ticket, TicketPack, Who, due, open, step};
use crate::base::Timestamp;
use crate::calendar::Calendar;

/// A moment in Shanghai: `2026-03-03 09:00`.
pub(super) fn at(text: &str) -> Timestamp {
    let civil: jiff::civil::DateTime = text.parse().unwrap();
    Timestamp::from_jiff(civil.in_tz("Asia/Shanghai").unwrap().timestamp())
}

/// The rules of a shipped file, with changes to its text.
pub(super) fn shipped(text: &str, changes: &[(&str, &str)]) -> Rules {
    let base = include_str!("../../config/tickets/default.toml");
    let base = TicketPack::parse("default.toml", base, None).unwrap();
    let mut text = text.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    let pack = TicketPack::parse("f.toml", &text, Some(&base)).unwrap();
    let calendar = Calendar::parse(include_str!("../../config/calendar/cn.toml")).unwrap();
    Rules::new(Arc::new(pack), Arc::new(calendar))
}

pub(super) fn agent() -> Who {
    Who { name: "小李".into(), role: Role::Agent, ..Who::default() }
}

pub(super) fn opened(rules: &Rules, kind: &str, moment: &str, fields: &[(&str, &str)]) -> Ticket {
    let fields: BTreeMap<String, String> =
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let new = NewTicket {
        pack: rules.pack.pack.clone(),
        kind: kind.into(),
        phone: "13800000001".into(),
        fields,
        at: at(moment),
        ..NewTicket::default()
    };
    open(rules, &new, &agent(), at(moment)).unwrap().ticket
}

pub(super) fn acted(rules: &Rules, ticket: &Ticket, moment: &str, act: Act) -> Result<Changes, Refusal> {
    step(rules, ticket.clone(), &act, &agent(), at(moment))
}

pub(super) fn report(
    rules: &Rules,
    ticket: &Ticket,
    moment: &str,
    stage: &str,
    fields: &[(&str, &str)],
) -> Ticket {
    let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let act = Act::Report { stage: stage.into(), result: "done".into(), fields };
    acted(rules, ticket, moment, act).unwrap().ticket
}

pub(super) fn later(rules: &Rules, ticket: &Ticket, moment: &str) -> Changes {
    let blank = || Changes { ticket: ticket.clone(), ..Changes::default() };
    due(rules, ticket, at(moment)).unwrap_or_else(blank)
}

pub(super) fn stage<'a>(ticket: &'a Ticket, id: &str) -> &'a Stage {
    ticket.stages.iter().find(|s| s.rule.id == id).unwrap()
}

pub(super) fn told(changes: &Changes, topic: &str, to: &str) -> usize {
    changes.told.iter().filter(|t| t.topic == topic && t.to == to).count()
}
