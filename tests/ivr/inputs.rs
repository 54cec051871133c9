//! Several keys ended by `#`: what is taken, what is asked again, and who is proved by it.

use std::sync::Arc;

use ringback::ivr::Script;

use super::caller::{Caller, facts};

/// A script with one input of this kind.
fn input(rest: &str) -> Arc<Script> {
    let text = format!(
        r##"
        title = "input"
        languages = ["zh-CN"]
        entry = {{ person = "number" }}
        [fields]
        id = "last digits of the identity card"
        [waiting]
        silences = 1
        wrong_keys = 1
        silence_prompts = ["survey/no-input"]
        wrong_prompts = ["survey/wrong-key"]
        [input.number]
        prompts = ["survey/missing"]
        next = "after"
        {rest}
        [question.after]
        prompts = ["survey/yes-no"]
        keys = {{ 1 = {{ means = "yes" }}, "#" = {{ means = "pound" }} }}
        waiting = {{ silences = 0 }}
        next = "bye"
        [end.bye]
        prompts = ["survey/thanks"]
        [end.stranger]
        prompts = ["survey/wrong-person"]
        disposition = "wrong_person"
        "##
    );
    Arc::new(Script::parse("input.toml", &text).unwrap_or_else(|e| panic!("{e}")))
}

/// Runs a plan; the answer to the input as `keys/meaning`, and the result.
fn check(rest: &str, plan: &str, answer: &str, disposition: &str) {
    let caller = Caller::run(input(rest), facts(&[("id", "1234")]), plan);
    let first = caller.answers.iter().find(|a| a.question == "number");
    let show = |t: &Option<String>| t.clone().unwrap_or("null".into());
    let got = first.map_or("-".into(), |a| format!("{}/{}", show(&a.keys), show(&a.meaning)));
    assert_eq!(got, answer, "{rest} {plan}\n{}", caller.transcript);
    assert_eq!(caller.result().disposition.as_str(), disposition, "{rest} {plan}\n{}", caller.transcript);
}

#[test]
fn keys_end_by_pound_by_their_number_or_by_a_pause() {
    let table = [
        ("max = 6", "1 2 3 # hang", "123/null", "partial"),
        ("max = 3", "1 2 3 hang", "123/null", "partial"),
        ("max = 6", "1 2 . hang", "12/null", "partial"),
        ("max = 6", "1 2 * 7 8 # hang", "78/null", "partial"),
        ("min = 3", "1 # 4 5 6 # hang", "456/null", "partial"),
        ("min = 3", "1 # 2 # hang", "null/null", "hung_up"),
        ("max = 6", "# 5 # hang", "5/null", "partial"),
        ("max = 6", ". . hang", "null/null", "hung_up"),
        ("max = 6", "!1 2 # hang", "12/null", "partial"),
        ("max = 6\ncounts = false", "1 2 # hang", "12/null", "hung_up"),
        ("format = \"time\"", "9 3 0 # hang", "930/09:30", "partial"),
        ("format = \"time\"", "2 4 0 0 1 5 # hang", "15/15:00", "partial"),
        ("format = \"date\"", "0 2 2 9 hang", "0229/02-29", "partial"),
        ("format = \"date\"", "1 3 0 1 3 1 0 # hang", "310/03-10", "partial"),
    ];
    for (rest, plan, answer, disposition) in table {
        check(rest, plan, answer, disposition);
    }
}

#[test]
fn a_pound_after_the_last_key_is_not_taken_for_the_next_question() {
    let caller = Caller::run(input("max = 3"), facts(&[]), "1 2 3 !# 1 hang");
    assert_eq!(caller.keys(), "number=123 after=1", "{}", caller.transcript);
}

#[test]
fn the_right_keys_prove_who_it_is_and_the_wrong_ones_do_not() {
    let rest = "max = 4\nequals_field = \"id\"\nmismatch_next = \"stranger\"\nproves_identity = true";
    let table = [
        ("1 2 3 4 hang", "1234/match", "hung_up"),
        ("9 9 9 9 1 2 3 4 hang", "1234/match", "hung_up"),
        ("9 9 9 9 8 8 8 8 hang", "8888/mismatch", "wrong_person"),
        (". . hang", "null/null", "wrong_person"),
    ];
    for (plan, answer, disposition) in table {
        check(rest, plan, answer, disposition);
    }
}

#[test]
fn an_empty_cell_proves_nobody() {
    let rest = "max = 4\nequals_field = \"id\"\nmismatch_next = \"stranger\"\nproves_identity = true";
    for id in ["", " ", "12345"] {
        let caller = Caller::run(input(rest), facts(&[("id", id)]), "1 2 3 4 1 2 3 4 hang");
        assert_eq!(caller.result().disposition.as_str(), "wrong_person", "`{id}`\n{}", caller.transcript);
    }
}
