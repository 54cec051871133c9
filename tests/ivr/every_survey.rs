//! What holds for every survey that is shipped.

use std::collections::BTreeSet;

use ringback::base::Disposition;
use ringback::ivr::{Action, NodeKind, Purpose};

use super::caller::{Caller, facts};
use super::surveys;

#[test]
fn a_silent_person_is_asked_again_and_left_in_peace() {
    for (name, script) in surveys() {
        let caller = Caller::run(script, facts(&[]), "");
        assert_eq!(caller.result().disposition, Disposition::NoInput, "{name}\n{}", caller.transcript);
        assert_eq!(
            caller.transcript.matches("没有收到您的按键。").count(),
            2,
            "{name}\n{}",
            caller.transcript
        );
        assert!(caller.answers.iter().all(|a| a.keys.is_none() && a.score.is_none()), "{name}: null, not 0");
    }
}

#[test]
fn a_key_that_means_nothing_is_said_to_mean_nothing() {
    for (name, script) in surveys() {
        let caller = Caller::run(script, facts(&[]), "7 7 7");
        assert_eq!(caller.result().disposition, Disposition::NoInput, "{name}\n{}", caller.transcript);
        assert_eq!(
            caller.transcript.matches("抱歉，这个按键无效。").count(),
            2,
            "{name}\n{}",
            caller.transcript
        );
    }
}

#[test]
fn a_machine_is_told_who_called_and_asked_nothing() {
    for (name, script) in surveys() {
        let caller = Caller::run(script.clone(), facts(&[]), "beep");
        assert_eq!(caller.result().disposition, Disposition::MessageLeft, "{name}\n{}", caller.transcript);
        assert!(caller.answers.is_empty() && caller.hung_up, "{name}");
        let doubt = Caller::run(script, facts(&[]), "doubt . .");
        assert_eq!(doubt.result().disposition, Disposition::Machine, "{name}\n{}", doubt.transcript);
    }
}

#[test]
fn in_doubt_any_key_leads_to_where_a_person_begins() {
    for (name, script) in surveys() {
        let plain = Caller::run(script.clone(), facts(&[]), "hang");
        let doubt = Caller::run(script, facts(&[]), "doubt 4 hang");
        let first = |caller: &Caller| {
            let play =
                |a: &Action| if let Action::Play { prompts, .. } = a { Some(prompts.clone()) } else { None };
            caller.actions.iter().filter_map(play).collect::<Vec<_>>()
        };
        assert_eq!(first(&doubt)[1..], first(&plain)[..], "{name}\n{}", doubt.transcript);
    }
}

#[test]
fn a_question_can_be_heard_again_and_every_wish_has_its_key() {
    for (name, script) in surveys() {
        for node in script.nodes() {
            let NodeKind::Question(q) = &node.kind else { continue };
            if q.purpose == Purpose::Machine || node.name == "refuse" {
                continue;
            }
            let wishes: String = q.keys.iter().filter(|(_, key)| key.global).map(|(c, _)| *c).collect();
            assert_eq!(wishes, "#*09", "{name}: {}", node.name);
            let own = q.keys.values().filter(|key| !key.global);
            assert!(own.clone().count() >= 1, "{name}: {}", node.name);
            assert!(own.clone().all(|key| key.means.is_some()), "{name}: {} keys have meanings", node.name);
        }
    }
}

#[test]
fn every_recording_is_announced_before_anything_is_asked() {
    for (name, script) in surveys() {
        let caller = Caller::run(script, facts(&[]), "hang");
        assert!(caller.transcript.contains("本次通话会被录音"), "{name}\n{}", caller.transcript);
    }
}

#[test]
fn every_script_has_a_conversation_one_can_read() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/ivr");
    let files = std::fs::read_dir(folder).expect("tests/golden/ivr");
    let names = files.filter_map(|f| f.expect("readable").file_name().into_string().ok());
    let kept: BTreeSet<String> = names.filter_map(|n| n.strip_suffix(".snap").map(str::to_owned)).collect();
    let shipped: BTreeSet<String> = super::scripts().keys().cloned().collect();
    assert_eq!(kept, shipped);
}

#[test]
fn rol_08_every_rating_of_a_person_names_function_and_column() {
    let mut functions = BTreeSet::new();
    for (name, script) in surveys() {
        for node in script.nodes() {
            if let NodeKind::Question(q) = &node.kind
                && let Some(rated) = &q.rates
            {
                assert!(script.fields().contains_key(&rated.field), "{name}: {}", node.name);
                functions.insert(rated.function.clone());
            }
        }
    }
    for function in ["安装", "售服", "保洁", "导购", "设计师"] {
        assert!(functions.contains(function), "{function} is rated somewhere: {functions:?}");
    }
}
