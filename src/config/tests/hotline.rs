//! `[[queue]]` and `[[hotline]]`.

use super::*;
use crate::queue::{Overflow, Strategy};

const QUEUES: &str = "[[queue]]\nname = \"service\"\nstrategy = \"by_skill\"\nskills = { repair = 2 }\nsteps = [\"30s >5 queue:sales\", \"2m roster:night\"]\n\
                      [[queue]]\nname = \"sales\"\nlast = \"voicemail\"\n";

#[test]
fn queues_and_hotlines_are_read_with_their_chain() {
    let text = format!(
        "{QUEUES}[[hotline]]\nnumber = \"400*\"\nhours = [\"workday 09:00-18:00\"]\nclosed = \"roster:duty\"\nqueue = \"service\"\n"
    );
    let setup = good(&text).settings.agents;
    let service = &setup.queues[0];
    assert_eq!((service.strategy, service.skills["repair"]), (Strategy::BySkill, 2));
    let steps: Vec<_> =
        service.steps.iter().map(|s| (s.after.as_secs(), s.longer_than, s.to.clone())).collect();
    let expect = [(30, 5, Overflow::Queue("sales".into())), (120, 0, Overflow::Roster("night".into()))];
    assert_eq!(steps, expect);
    let hotline = &setup.hotlines[0];
    assert_eq!(hotline.closed, Overflow::Roster("duty".into()));
    let at = |text: &str| crate::base::Timestamp::from_jiff(text.parse().unwrap());
    assert!(hotline.is_open(at("2026-03-03T10:00:00+08:00")));
    assert!(!hotline.is_open(at("2026-10-01T10:00:00+08:00")), "a holiday is no working day");
}

#[test]
fn mistakes_of_queues_are_shown_where_they_stand() {
    mistake("[[queue]]\nstrategy = \"ring_all\"\n", 1, &["queue[0].name"]);
    mistake("[[queue]]\nname = \"a\"\nlast = \"queue:a\"\n", 3, &["a queue is no end"]);
    mistake("[[queue]]\nname = \"a\"\nfull = \"queue:b\"\n", 3, &["no queue is called `b`"]);
    mistake("[[queue]]\nname = \"a\"\nclosed = \"home\"\n", 3, &["leads nowhere", "roster:NAME"]);
    mistake("[[queue]]\nname = \"a\"\nsteps = [\"soon\"]\n", 3, &["steps[0]", "60s queue:sales"]);
    mistake("[[queue]]\nname = \"a\"\nsteps = [\"2m voicemail\", \"1m goodbye\"]\n", 3, &["order of time"]);
    mistake("[[queue]]\nname = \"a\"\nhours = [\"Mon 25:00-26:00\"]\n", 3, &["hours"]);
    mistake("[[queue]]\nname = \"a\"\n[[queue]]\nname = \"a\"\n", 4, &["another queue's too"]);
    mistake("[[hotline]]\nnumber = \"*\"\nqueue = \"x\"\n", 3, &["no queue is called `x`"]);
    mistake("[[queue]]\nname = \"a\"\nstrategy = \"random\"\n", 3, &["unknown variant"]);
}
