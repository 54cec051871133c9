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

fn error(text: &str) -> Mistake {
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
        ("[connect.c]\nnext = \"bye\"\notherwise = \"bye\"".into(), "`c` rings nobody", "targets"),
        (
            "[connect.c]\ntargets = [\"sip:x@y\"]\nnext = \"bye\"\notherwise = \"bye\"".into(),
            "no extension and no number",
            "digits",
        ),
        (
            "[connect.c]\ntargets = [\"1\"]\nring_seconds = 500\nnext = \"bye\"\notherwise = \"bye\"".into(),
            "500 seconds cannot be used",
            "between 1 and 120",
        ),
        ("[connect.c]\ntargets = [\"1\"]\nnext = \"bye\"".into(), "missing field `otherwise`", "generic.toml"),
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
            question("keys = { 1 = {} }\n") + "[branch.b]\nwhen = [{ answer = \"q\", spoken = true, next = \"bye\" }]\notherwise = \"bye\"",
            "does not fit",
            "spoken look at columns",
        ),
        (question("keys = { 1 = {} }\nrates = { function = \" \", person = \"status\" }"), "has a name", "设计师"),
        (question("keys = { 1 = {} }\nrates = { function = \"a\", person = \"stat\" }"), "column `stat`", "status"),
        (question("keys = { 1 = {} }\nreplay_from = \"by\""), "there is no node `by`", "bye"),
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
        assert!(error.place.line > 10, "the place is in what was added\n{error}");
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

/// A frame with a goodbye, a scale, a key, and a node nobody needs.
const FRAME: &str = r##"languages = ["zh-CN", "en"]
entry = { person = "hello", limit = "bye" }
waiting = { seconds = 9, silences = 1 }
keys = { 0 = { next = "bye" }, "*" = { replay = true } }
scale.five = { 5 = { means = "good", score = 5 }, 1 = { means = "bad", score = 1 } }
[end.bye]
prompts = ["survey/goodbye"]
[say.spare]
prompts = ["survey/spare"]
next = "bye"
"##;

fn framed(script: &str) -> Result<Script, Mistake> {
    let mut frames = Frames::default();
    frames.insert("scripts/frames/survey.toml", FRAME);
    frames.insert("scripts/frames/wrong.toml", &FRAME.replace("next = \"bye\"\n", "next = \"bie\"\n"));
    frames.insert("scripts/frames/torn.toml", "languages = [\"zh-CN\"\n");
    frames.insert("scripts/frames/nested.toml", "frame = \"survey\"\n");
    Script::parse_within(&frames, "scripts/t.toml", script)
}

const QUESTION: &str = "title = \"t\"\nframe = \"survey\"\n[question.hello]\nprompts = [\"a\"]\nscale = \"five\"\nnext = \"bye\"\n";

#[test]
fn a_script_takes_from_its_frame_what_it_does_not_say() {
    let script = framed(QUESTION).unwrap_or_else(|e| panic!("{e}"));
    let names: Vec<&str> = script.nodes().iter().map(|n| n.name.as_str()).collect();
    assert_eq!(names, ["hello", "bye"], "the node nobody needs is left out");
    assert_eq!(script.languages(), ["zh-CN", "en"]);
    assert_eq!(script.entry().limit, Some(NodeId(1)));
    let NodeKind::Question(q) = &script.node(NodeId(0)).kind else { panic!("a question") };
    assert_eq!(q.keys.keys().collect::<String>(), "*015");
    assert_eq!((q.waiting.first_key.as_secs(), q.waiting.silences), (9, 1));
}

#[test]
fn what_a_script_says_itself_stands_in_place_of_the_frame() {
    let own = format!(
        "{QUESTION}[waiting]\nseconds = 4\n[say.bye]\nprompts = [\"b\"]\nnext = \"over\"\n[end.over]\n"
    );
    let text = own.replace("frame = \"survey\"\n", "frame = \"survey\"\nentry = { limit = \"over\" }\n");
    let script = framed(&text).unwrap_or_else(|e| panic!("{e}"));
    let names: Vec<&str> = script.nodes().iter().map(|n| n.name.as_str()).collect();
    assert_eq!(names, ["hello", "bye", "over"]);
    let NodeKind::Question(q) = &script.node(NodeId(0)).kind else { panic!("a question") };
    assert_eq!((q.waiting.first_key.as_secs(), q.waiting.silences), (4, 1), "word by word");
}

#[test]
fn a_mistake_in_a_frame_is_shown_there_and_names_the_script() {
    let wrong = framed(&QUESTION.replace("survey", "wrong")).expect_err("no node bie").to_string();
    assert!(
        wrong.starts_with(
            "scripts/frames/wrong.toml:10:8: there is no node `bie` (read for scripts/t.toml)\n   |\n10 | next"
        ),
        "{wrong}"
    );
    let torn = framed(&QUESTION.replace("survey", "torn")).expect_err("no list");
    assert_eq!((torn.file.as_str(), torn.place.line), ("scripts/frames/torn.toml", 1), "{torn}");
    let nested = framed(&QUESTION.replace("survey", "nested")).expect_err("one frame").to_string();
    assert!(nested.starts_with("scripts/frames/nested.toml:1:9: a frame stands in no other"), "{nested}");
    let near = framed(&QUESTION.replace("survey", "surveys")).expect_err("no frame").to_string();
    assert!(near.starts_with("scripts/t.toml:2:9: there is no frame `surveys`"), "{near}");
    assert!(near.contains("did you mean `survey`?"), "{near}");
    let own = framed(&QUESTION.replace("\"bye\"", "\"by\"")).expect_err("no node by").to_string();
    assert!(own.starts_with("scripts/t.toml:6:8: there is no node `by`"), "{own}");
}

#[test]
fn a_script_without_a_beginning_or_title_says_so() {
    let none = framed(&QUESTION.replace("title = \"t\"\n", "")).expect_err("no title");
    assert!(none.message.contains("missing field `title`"), "{none}");
    let text = with("").replace("entry = { person = \"hello\" }", "entry = {}");
    assert!(error(&text).message.contains("where a person begins"));
}
