use super::*;

const HEAD: &str = r#"title = "t"
languages = ["zh-CN"]
entry = { person = "start" }
[fields]
total = "what it cost"
"#;

fn found(body: &str, prompts: &[&str]) -> Vec<String> {
    let script = Script::parse("t.toml", &format!("{HEAD}{body}")).unwrap_or_else(|e| panic!("{e}"));
    check([&script], &prompts.iter().copied().collect()).iter().map(ToString::to_string).collect()
}

#[test]
fn what_leaves_a_customer_without_a_word_or_a_way_out_is_found() {
    let bye = "[end.bye]\nprompts = [\"bye\"]\n";
    let ask = "[question.start]\nprompts = [\"ask\"]\nkeys = { 1 = { means = \"yes\" } }\n";
    let waiting = "waiting = { silence_prompts = [], wrong_prompts = [] }\n";
    let table = [
        (format!("{ask}next = \"bye\"\n{waiting}{bye}"), ""),
        (
            format!("[say.start]\nprompts = [\"gone\"]\nnext = \"bye\"\n{bye}"),
            "prompt `zh-CN/gone` is missing",
        ),
        (format!("[comment.start]\nprompts = [\"ask\"]\nnext = \"bye\"\n{bye}"), "prompt `beep` is missing"),
        (
            format!("{ask}next = \"bye\"\n{waiting}{bye}[end.alone]\nprompts = [\"bye\"]\n"),
            "no way leads here",
        ),
        (format!("{ask}next = \"start\"\n{waiting}{bye}"), "no end can be reached"),
        (
            format!("{}next = \"start\"\n{waiting}{bye}", ask.replace("means = \"yes\"", "next = \"bye\"")),
            "presses nothing goes in a circle",
        ),
        (format!("{ask}next = \"bye\"\n{waiting}[end.bye]\n"), "without a goodbye"),
        (format!("{ask}next = \"bye\"\n{waiting}{bye}wait_seconds = 0\n"), "hangs up at once"),
        (
            format!(
                "{ask}next = \"bye\"\n{waiting}{bye}[keys]\n1 = {{ next = \"bye\" }}\n[question.start2]\nprompts = [\"ask\"]\nkeys = {{ 2 = {{}} }}\nnext = \"bye\"\n"
            ),
            "key 1 means something else here",
        ),
        (
            format!("{}next = \"bye\"\n{waiting}{bye}", ask.replace("} }", "}, 2 = { means = \"yes\" } }")),
            "keys 1 and 2 both mean `yes`",
        ),
        (
            format!(
                "{ask}next = \"bye\"\n{bye}{}",
                waiting.replace("waiting = {", "[question.start.waiting]\nseconds = 60\n#")
            ),
            "waits 60 seconds",
        ),
    ];
    for (body, expect) in table {
        let found = found(&body, &["zh-CN/ask", "zh-CN/bye"]);
        if expect.is_empty() {
            assert!(found.is_empty(), "{found:?}");
        } else {
            assert!(found.iter().any(|f| f.contains(expect)), "{expect}: {found:?}\n{body}");
        }
    }
}

#[test]
fn errors_stand_before_warnings() {
    let found = found("[say.start]\nprompts = [\"gone\"]\nnext = \"bye\"\n[end.bye]\n", &[]);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("error: t.toml: node `start`: prompt"), "{found:?}");
    assert!(found[1].starts_with("warning: t.toml: node `bye`"), "{found:?}");
}

#[test]
fn needs_name_every_part_of_a_spoken_field() {
    let body = "[say.start]\nprompts = [\"ask\", \"{money:total}\"]\nnext = \"bye\"\n[end.bye]\nprompts = [\"ask\"]\n";
    let script = Script::parse("t.toml", &format!("{HEAD}{body}")).unwrap();
    let needs = needs(&script, "zh-CN", &["zh-CN/ask"].into_iter().collect());
    let ask = needs.iter().find(|n| n.prompt == "zh-CN/ask").unwrap();
    assert_eq!((ask.by.as_slice(), ask.present), (["start", "bye"].as_slice(), true));
    for part in ["number/99", "number/ten-thousand", "money/yuan", "money/jiao", "money/fen"] {
        let need = needs.iter().find(|n| n.prompt == format!("zh-CN/{part}"));
        assert!(need.is_some_and(|n| !n.present && n.by == ["start"]), "{part}");
    }
}
