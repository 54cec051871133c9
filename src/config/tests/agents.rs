//! `[agents]` and `[[agent]]`.

use super::*;
use crate::sip::digest::Algorithm;

const AGENT: &str = "[[agent]]\nname = \"anna\"\nextension = \"8001\"\nsecret_file = \"good.secret\"\n";

#[test]
fn an_agent_takes_four_lines_and_its_password_is_never_shown() {
    let loaded = good(AGENT);
    let setup = &loaded.settings.agents;
    let secrets = &setup.registrar.users["8001"];
    let expect = Algorithm::Sha256.secret("8001", "ringback", "s3cret");
    assert_eq!(secrets.of(Algorithm::Sha256), Some(expect.as_str()));
    assert_eq!((setup.agents[0].name.as_str(), setup.rules.ring), ("anna", Duration::from_secs(12)));
    assert!(setup.agents[0].may_dial.numbers.is_empty() && !setup.agents[0].may_dial.agents);
    let open = good(&AGENT.replace("_file = \"good.secret\"", " = \"warm-tea-41\""));
    assert!(
        open.warnings.iter().any(|w| w.contains("anna") && w.contains("secret_file")),
        "{:?}",
        open.warnings
    );
    assert!(!format!("{open:?}").contains("warm-tea"));
    let shown = toml::to_string(&open.raw.without_secrets()).unwrap();
    assert!(!shown.contains("warm-tea") && shown.contains("***"), "{shown}");
}

#[test]
fn mistakes_of_agents_are_shown_where_they_stand() {
    mistake("[[agent]]\nextension = \"8001\"\nsecret_file = \"good.secret\"\n", 1, &["agent[0].name"]);
    mistake(&AGENT.replace("8001", "80 01"), 3, &["write 2 to 8 digits"]);
    mistake(&AGENT.replace("good", "gone"), 4, &["cannot be read"]);
    mistake("[[agent]]\nname = \"a\"\nextension = \"8001\"\n", 3, &["has no password"]);
    mistake(
        &format!("{AGENT}may_dial = [\"agents\", \"call me\"]\n"),
        5,
        &["may_dial[1]", "X for any digit"],
    );
    mistake(&format!("{AGENT}skills = {{ heating = 12 }}\n"), 5, &["12 is not between 1 and 9"]);
    mistake(&format!("{AGENT}ha1_file = \"good.secret\"\n"), 5, &["keep one of them"]);
    mistake(&AGENT.replace("secret_file", "ha1_file"), 4, &["is no HA1"]);
    mistake(&format!("{AGENT}{}", AGENT.replace("anna", "bob")), 7, &["`8001` is another agent's too"]);
    mistake(&format!("{AGENT}{}", AGENT.replace("8001", "8002")), 6, &["the name of another agent"]);
    mistake("[agents]\nreasons = [\"1 break 20m\", \"break\"]\n", 2, &["reasons[1]", "1 break 20m"]);
    mistake("[agents]\nalgorithms = [\"sha-1\"]\n", 2, &["algorithms[0]", "md5 or sha-256"]);
    mistake("[agents]\ncode_available = \"31\"\n", 2, &["no star code"]);
    mistake(
        "[agents]\noverride_reasons = [\"danger\"]\n",
        2,
        &["override_reasons[0]", "a digit and the words"],
    );
    mistake("[agents]\noverride_reasons = [\"1 a\", \"1 b\"]\n", 2, &["override_reasons[1]", "twice"]);
    mistake("[agents]\nregister_min = \"5s\"\n", 2, &["5s is not between"]);
    let everything = good(&format!("{AGENT}may_dial = [\"*\"]\n"));
    assert!(everything.warnings.iter().any(|w| w.contains("anywhere in the world")));
}

#[test]
fn a_changed_agent_is_applied_without_a_restart() {
    let (old, new) = (good(AGENT), good(&format!("{AGENT}may_dial = [\"agents\"]\n")));
    let changed: Vec<_> = diff(&old, &new).into_iter().map(|c| (c.section, c.effect)).collect();
    assert_eq!(changed, [("agent".to_owned(), Effect::Applied)]);
    let mut rotated = good(AGENT);
    rotated.settings.agents.registrar.users.clear();
    assert_eq!(diff(&old, &rotated)[0].section, "agent");
}
