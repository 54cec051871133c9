use super::*;

/// A script that is right, with a place for more.
fn with(more: &str) -> String {
    format!(
        r#"title = "t"
languages = ["zh-CN"]
entry = {{ person = "hello" }}
[fields]
status = "how far it is"
diagnosis = "private"
[say.hello]
prompts = ["survey/hello"]
next = "bye"
[end.bye]
prompts = ["survey/goodbye"]
{more}"#
    )
}

fn error(text: &str) -> ScriptError {
    Script::parse("config/scripts/t.toml", text).expect_err("an error")
}

#[test]
fn a_small_script_is_read() {
    let script = Script::parse("config/scripts/t.toml", &with("")).unwrap();
    assert_eq!((script.name(), script.title()), ("t", "t"));
    assert_eq!(script.nodes().len(), 2);
    assert_eq!(script.node(script.entry().person).name, "hello");
    assert!(!script.has_machine_message());
}

#[test]
#[allow(clippy::too_many_lines, reason = "one table")]
fn what_is_wrong_is_said_with_its_place_and_a_way_to_mend_it() {
    let question = |rest: &str| format!("[question.q]\nprompts = [\"a\"]\nnext = \"bye\"\n{rest}");
    let table: Vec<(String, &str, &str)> = vec![
        ("[say.a]\nprompts = [\"a\"]\nnext = \"by\"".into(), "there is no node `by`", "did you mean `bye`?"),
        ("[say.bye]\nprompts = [\"a\"]\nnext = \"bye\"".into(), "two nodes are named `bye`", "another name"),
        ("[say.a]\nprompts = [\"a\"]\nnxt = \"bye\"".into(), "unknown field `nxt`", "generic.toml"),
        ("[say.a]\nprompts = [\"a\"]".into(), "missing field `next`", "generic.toml"),
        ("[say.a]\nprompts = []\nnext = \"bye\"".into(), "`a` says nothing", "at least one"),
        ("[say.a]\nprompts = [\"../x\"]\nnext = \"bye\"".into(), "is not a prompt name", "lower-case"),
        ("[say.a]\nprompts = [\"{date:statu}\"]\nnext = \"bye\"".into(), "column `statu`", "did you mean `status`?"),
        ("[say.a]\nprompts = [\"{data:status}\"]\nnext = \"bye\"".into(), "cannot be spoken", "{date:column}"),
        ("[say.a]\nprompts = [\"{count:status:elephant}\"]\nnext = \"bye\"".into(), "cannot be spoken", "item"),
        (question(""), "has no keys of its own", "scale"),
        (question("scale = \"five\""), "there is no scale `five`", "[scale.five]"),
        (question("keys = { 12 = { means = \"x\" } }"), "`12` is not a key", "0-9"),
        (question("keys = { 1 = { score = 0 } }"), "a score of 0", "begin scores at 1"),
        (question("keys = { 1 = { next = \"bye\", replay = true } }"), "both replay and go on", "remove"),
        (question("keys = { 1 = {} }\nwaiting = { seconds = 0 }"), "0 seconds cannot be used", "between 1 and 120"),
        (question("keys = { 1 = {} }\nwaiting = { silences = 50 }"), "`silences = 50`", "between 0 and 9"),
        (question("keys = { 1 = {} }\nif_hung_up = \"busy\""), "`busy` is not how a script can end", "refused"),
        (
            "[branch.b]\nwhen = [{ answer = \"qq\", is = \"1\", next = \"bye\" }]\notherwise = \"bye\"".into(),
            "there is no question `qq`",
            "[question]",
        ),
        (
            "[branch.b]\nwhen = [{ field = \"stat\", is = \"1\", next = \"bye\" }]\notherwise = \"bye\"".into(),
            "column `stat` is not declared",
            "declare it under [fields]",
        ),
        (
            "[branch.b]\nwhen = [{ field = \"status\", any_score = true, at_most = 2, next = \"bye\" }]\notherwise = \"bye\"".into(),
            "exactly one thing",
            "any_score",
        ),
        (
            "[branch.b]\nwhen = [{ field = \"status\", next = \"bye\" }]\notherwise = \"bye\"".into(),
            "exactly one test",
            "at_most",
        ),
        (
            "[branch.b]\nwhen = [{ any_score = true, is = \"x\", next = \"bye\" }]\notherwise = \"bye\"".into(),
            "does not fit",
            "at_most",
        ),
        (
            "[input.i]\nprompts = [\"a\"]\nnext = \"bye\"\nequals_field = \"status\"".into(),
            "go together",
            "both or none",
        ),
        (
            "[input.i]\nprompts = [\"a\"]\nnext = \"bye\"\nproves_identity = true".into(),
            "prove no identity",
            "equals_field",
        ),
        (
            "[identity.i]\nprompts = [\"a\"]\nnext = \"bye\"\nwrong_person = \"bye\"\nno = \"1\"".into(),
            "the same key",
            "different keys",
        ),
        (
            "[record_prompt.r]\nprompts = [\"a\"]\nbefore_replay = []\nask_keep = [\"b\"]\nnext = \"bye\"".into(),
            "clear which prompt",
            "prompt_field",
        ),
        ("[end.e]\ndisposition = \"no_answer\"".into(), "`no_answer` is not how a script can end", "completed"),
        ("[say.a]\nprompts = [\"a\"\nnext = 1".into(), "", "generic.toml"),
    ];
    for (more, message, hint) in table {
        let text = with(&more);
        let error = error(&text);
        assert!(error.message.contains(message), "{more}\n{error}");
        assert!(error.hint.contains(hint), "{more}\n{error}");
        assert!(error.line > 10, "the place is in what was added\n{error}");
        assert!(error.to_string().contains('^'), "{error}");
    }
}

#[test]
fn an_error_shows_file_line_caret_and_hint() {
    let text = with("[say.a]\nprompts = [\"a\"]\nnext = \"by\"");
    let expect = "config/scripts/t.toml:14:8: there is no node `by`
   |
14 | next = \"by\"
   |        ^^^^
   = hint: did you mean `bye`?";
    assert_eq!(error(&text).to_string(), expect);
}

#[test]
fn the_caret_stands_right_under_chinese_text() {
    let text = with("[say.a]\nprompts = [\"您好\", \"X\"]\nnext = \"bye\"");
    let shown = error(&text).to_string();
    assert!(shown.contains("13 | prompts = [\"您好\", \"X\"]\n   |            ^^^^^^"), "{shown}");
}

#[test]
fn nothing_private_stands_before_the_identity_check() {
    let identity = "private_fields = [\"diagnosis\"]\n".to_owned()
        + &with("").replace("next = \"bye\"", "next = \"who\"");
    let check = "[identity.who]\nprompts = [\"a\"]\nnext = \"tell\"\nwrong_person = \"bye\"\n";
    let tell = "[say.tell]\nprompts = [\"{text:diagnosis}\"]\nnext = \"bye\"\n";
    let good = format!("{identity}{check}{tell}");
    assert!(Script::parse("t.toml", &good).is_ok(), "{}", error(&good));
    let leaks = [
        good.replace("wrong_person = \"bye\"", "wrong_person = \"tell\""),
        good.replace(
            "wrong_person = \"bye\"",
            "wrong_person = \"bye\"\nwaiting = { silence_next = \"tell\" }",
        ),
        good.replace("next = \"who\"", "next = \"tell\""),
        good.replace("entry = { person = \"hello\" }", "entry = { person = \"hello\", machine = \"tell\" }"),
        good.replace(
            "[say.hello]\nprompts = [\"survey/hello\"]",
            "[say.hello]\nprompts = [\"{text:diagnosis}\"]",
        ),
    ];
    for leak in leaks {
        assert_ne!(leak, good, "the case changes something");
        assert!(error(&leak).message.contains("private before the identity check"), "{leak}");
    }
}

#[test]
fn sizes_are_bounded() {
    let long = with(&"# a line\n".repeat(MAX_SCRIPT_BYTES / 9));
    assert!(error(&long).message.contains("bytes"), "too long");
    let nodes: String = (0..MAX_NODES).map(|n| format!("[end.e{n}]\n")).collect();
    assert!(error(&with(&nodes)).message.contains("more than 500 nodes"));
    let parts = format!("[say.a]\nprompts = [{}]\nnext = \"bye\"", "\"a\",".repeat(33));
    assert!(error(&with(&parts)).message.contains("more than 32 parts"));
}
