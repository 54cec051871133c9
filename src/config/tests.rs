mod agents;
mod canary;
mod hotline;
mod keeping;

use proptest::prelude::prop;
use proptest::proptest;
use std::time::Duration;

use super::*;
use crate::base::NumberStyle;
use crate::engine::Server;
use crate::sip::{Srtp, Transport};

pub(super) const DEFAULT: &str = include_str!("../../config/ringback.toml");

fn source(text: &str) -> Source<'_> {
    Source { text, origin: "ringback.toml", folder: Path::new("/etc/ringback") }
}

fn secret(path: &Path) -> Result<String, String> {
    match path.to_str() {
        Some("/etc/ringback/good.secret") => Ok("s3cret\n".into()),
        Some("/etc/ringback/empty.secret") => Ok("\n".into()),
        _ => Err("No such file or directory".into()),
    }
}

fn environment(variables: &[(&str, &str)]) -> Environment {
    variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

pub(super) fn good(text: &str) -> Loaded {
    good_with(text, &[])
}

pub(super) fn good_with(text: &str, variables: &[(&str, &str)]) -> Loaded {
    match load(source(text), &environment(variables), &secret) {
        Ok(loaded) => loaded,
        Err(errors) => panic!("{}", errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    }
}

pub(super) fn bad(text: &str, variables: &[(&str, &str)]) -> Vec<ConfigError> {
    load(source(text), &environment(variables), &secret).err().unwrap_or_default()
}

/// One mistake, at this line, with these words.
pub(super) fn mistake(text: &str, line: usize, words: &[&str]) {
    let errors = bad(text, &[]);
    let [error] = errors.as_slice() else { panic!("{text}: {errors:#?}") };
    assert_eq!(error.place.as_ref().map(|p| p.line), Some(line), "{error}");
    for word in words {
        assert!(error.to_string().contains(word), "`{error}` does not say `{word}`");
    }
}

/// The file with every key taken out of its comment.
pub(super) fn uncommented(text: &str) -> String {
    let plain = |line: &str| match line.strip_prefix('#') {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_lowercase() || c == '[') => rest.to_owned(),
        _ => line.to_owned(),
    };
    text.lines().map(plain).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_file_in_the_program_is_the_default() {
    let loaded = good(DEFAULT);
    assert_eq!(loaded.raw, Raw::default());
    assert_eq!(loaded.warnings, ["no [[trunk]] is given: nothing can be dialled"]);
    assert_eq!(loaded.settings.grace, Duration::from_secs(60));
    assert_eq!(loaded.settings.recordings, Path::new("/etc/ringback/recordings"));
    assert_eq!(format!("{:?}", loaded.settings.database), "sqlite:***");
    assert_eq!(loaded.settings.database.0, "sqlite:/etc/ringback/data/ringback.db");
    assert_eq!(loaded.settings.engine().rtp_timeout, Duration::from_secs(30));
}

#[test]
fn the_file_in_the_program_shows_every_key_with_its_default() {
    let shown: toml::Table = toml::from_str(&uncommented(DEFAULT)).unwrap();
    let read: Raw = toml::from_str(&uncommented(DEFAULT)).unwrap();
    let mut expect: toml::Table = toml::Table::try_from(Raw::default()).unwrap();
    expect.insert(
        "trunk".into(),
        toml::Value::Array(vec![toml::Table::try_from(raw::Trunk::default()).unwrap().into()]),
    );
    expect.insert(
        "inbound".into(),
        toml::Value::Array(vec![toml::Table::try_from(raw::Inbound::default()).unwrap().into()]),
    );
    expect.insert(
        "roster".into(),
        toml::Value::Array(vec![toml::Table::try_from(Roster::default()).unwrap().into()]),
    );
    expect.insert(
        "agent".into(),
        toml::Value::Array(vec![toml::Table::try_from(Agent::default()).unwrap().into()]),
    );
    for (name, default) in [
        ("queue", toml::Table::try_from(Queue::default()).unwrap()),
        ("hotline", toml::Table::try_from(Hotline::default()).unwrap()),
    ] {
        expect.insert(name.into(), toml::Value::Array(vec![default.into()]));
    }
    let section = |table: &toml::Table, name: &str| match &table[name] {
        toml::Value::Array(list) => list[0].as_table().unwrap().clone(),
        value => value.as_table().unwrap().clone(),
    };
    for name in expect.keys() {
        for key in section(&expect, name).keys() {
            assert!(
                section(&shown, name).contains_key(key),
                "config/ringback.toml does not show {name}.{key}"
            );
        }
    }
    // Examples stand where the default is the absence of the key.
    let mut plain = read;
    plain.database = raw::Database::default();
    let sip = raw::Sip::default();
    (plain.sip.tls_certificate, plain.sip.tls_key, plain.sip.tls_ca) = (None, None, None);
    (plain.sip.external_address, plain.sip.user_agent) = (None, None);
    assert_eq!(plain.sip, sip);
    (plain.rtp.external_address, plain.api.socket, plain.api.public_url) = (None, None, None);
    plain.policy = Policy::default();
    plain.intake.folder = None;
    plain.retention.rule.clear();
    (plain.archive, plain.encryption) = Default::default();
    plain.notices = Notices::default();
    plain.roster.clear();
    (plain.trunk, plain.inbound, plain.agent) = (Vec::new(), Vec::new(), Vec::new());
    (plain.queue, plain.hotline) = (Vec::new(), Vec::new());
    assert_eq!(plain, Raw::default());
}

const TRUNK: &str = r#"
[[trunk]]
name = "carrier"
server = "sip.example.com"
transport = "tls"
user = "4008001234"
password_file = "good.secret"
number_format = "e164"
max_calls = 30
max_cps = 2.0
srtp = "preferred"
"#;

#[test]
fn a_real_trunk_takes_ten_lines() {
    assert_eq!(TRUNK.trim().lines().count(), 10);
    let loaded = good(TRUNK);
    let trunk = &loaded.settings.trunks[0];
    let server = Server { host: "sip.example.com".into(), port: None, transport: Some(Transport::Tls) };
    assert_eq!((&trunk.server, trunk.register, trunk.srtp), (&server, Some(600), Srtp::Preferred));
    assert_eq!(trunk.credentials.as_ref().map(|c| c.password.as_str()), Some("s3cret"));
    assert_eq!((trunk.domain.as_str(), trunk.caller_id.as_str()), ("sip.example.com", "4008001234"));
    assert_eq!(trunk.choice.number_format.style, NumberStyle::E164);
    assert!(trunk.choice.health_check);
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
    assert!(!format!("{loaded:?}").contains("s3cret"), "a secret is printed");
}

#[test]
fn phones_at_fixed_places_are_read_with_port_and_transport() {
    let text = "[phones]\ncontact = [{ extension = \"1001\", uri = \"sip:1001@10.0.0.5;transport=tcp\" }]\n";
    let phones = good(text).settings.engine().phones;
    assert!(phones.pass_keys);
    let contact = &phones.contacts[0];
    assert_eq!((contact.extension.as_str(), contact.contact.connection), ("1001", None));
    let to = &contact.contact.destination;
    assert_eq!((to.transport, to.addr.to_string()), (Transport::Tcp, "10.0.0.5:5060".to_owned()));
}

#[test]
fn hosts_of_trunks_are_read_in_every_usual_spelling() {
    let read = |text: &str| {
        let loaded = good(&format!("[[trunk]]\nname = \"a\"\nserver = \"{text}\"\n"));
        let server = loaded.settings.trunks[0].server.clone();
        (server.host, server.port)
    };
    assert_eq!(read("sip.example.com"), ("sip.example.com".into(), None));
    assert_eq!(read("203.0.113.5:5080"), ("203.0.113.5".into(), Some(5080)));
    assert_eq!(read("[2001:db8::5]:5080"), ("2001:db8::5".into(), Some(5080)));
    assert_eq!(read("2001:db8::5"), ("2001:db8::5".into(), None));
    for wrong in ["sip:example.com", "a b", "host:99999", "host:0", "[::1", "[::1]x", "http://x"] {
        mistake(&format!("[[trunk]]\nname = \"a\"\nserver = \"{wrong}\"\n"), 3, &["not a host", "2001:db8"]);
    }
}

#[test]
fn a_mistake_is_shown_with_line_caret_and_hint() {
    mistake("[sip]\nudq = []\n", 2, &["unknown key `udq`", "did you mean `udp`?", "udq = []", "^^^"]);
    mistake("[spi]\nudp = []\n", 1, &["unknown key `spi`", "did you mean `sip`?"]);
    mistake("[log]\ncolour = true\n", 2, &["known here: level, format, unmask"]);
    mistake("[sip]\nudp = \"x\"\n", 2, &["invalid type"]);
    mistake(
        "data = \"/srv\"\n",
        1,
        &["string \"/srv\" stands where a section belongs", "write `[data]` on a line"],
    );
    mistake("[sip\n", 1, &["^"]);
    mistake("[sip]\nudp = [\"0.0.0.0:5060\", \"x:y\"]\n", 2, &["sip.udp[1]", "`x:y` is not an address"]);
    mistake("[sip]\nt1 = \"9s\"\n", 2, &["9s is not between 100ms and 2s"]);
    mistake("[sip]\nsession_expires = 30\n", 2, &["nor 0"]);
    mistake("[sip]\nmax_calls = -1\n", 2, &["invalid value"]);
    mistake("[shutdown]\ngrace = \"1 day\"\n", 2, &["is not a length of time"]);
    mistake("[rtp]\nport_min = 16385\n", 2, &["must be even"]);
    mistake("[rtp]\nport_min = 20000\nport_max = 20000\n", 3, &["above port_min"]);
    mistake("[rtp]\ncodecs = [\"opus\"]\n", 2, &["`opus` is not a codec"]);
    mistake("[dialer]\nwindows = [\"Mon-Fry 09:00-12:00\"]\n", 2, &["`fry` is not a day"]);
    mistake("[dialer]\ntimezone = \"Asia/Beijing\"\n", 2, &["dialer.timezone"]);
    mistake("[dialer]\nhome_area = \"21\"\n", 2, &["010, 021 or 0755"]);
    mistake("[log]\nlevel = \"loud\"\n", 2, &["`loud` is not a level"]);
    mistake("[database]\nurl = \"mysql://x\"\n", 2, &["neither SQLite nor PostgreSQL"]);
    mistake("[api]\nrate = 0\n", 2, &["0 is not between 1"]);
    let phone = |text: &str| format!("[phones]\ncontact = [{{ extension = \"{text}\" }}]\n");
    mistake(&phone("1001\", uri = \"sip:1001@pbx.example"), 2, &["not the address of a phone", "IP address"]);
    mistake(&phone("10 01\", uri = \"sip:1001@10.0.0.5"), 2, &["is no extension"]);
    mistake("[[inbound]]\nnumber = \"*\"\nscript = \"s\"\ntrunk = \"x\"\n", 4, &["no trunk is called `x`"]);
}

#[test]
fn mistakes_of_trunks_name_the_trunk() {
    let with = |extra: &str| format!("[[trunk]]\nname = \"a\"\nserver = \"x.example\"\n{extra}\n");
    mistake("[[trunk]]\nserver = \"x.example\"\n", 1, &["trunk[0].name", "is missing"]);
    mistake("[[trunk]]\nname = \"a\"\n", 1, &["trunk[0].server", "is missing"]);
    mistake(&with("user = \"u\""), 4, &["has no password"]);
    mistake(&with("password = \"p\""), 4, &["has no `user`"]);
    mistake(&with("mode = \"register\""), 4, &["`register` needs `user`"]);
    mistake(&with("user = \"u\"\npassword_file = \"missing\""), 5, &["cannot be read: No such file"]);
    mistake(&with("user = \"u\"\npassword_file = \"empty.secret\""), 5, &["is empty"]);
    mistake(
        &with("user = \"u\"\npassword = \"p\"\npassword_file = \"good.secret\""),
        6,
        &["keep one of them"],
    );
    mistake(&with("srtp = \"required\""), 4, &["only TLS hides", "transport = \"tls\""]);
    mistake(&with("number_format = \"local\""), 4, &["needs `home_area`"]);
    mistake(&with("number_prefix = \"9,\""), 4, &["must be digits"]);
    mistake(&with("max_cps = -1.0"), 4, &["-1 is not between 0 and 1000"]);
    mistake(&(with("") + &with("")), 6, &["trunk[1].name", "also the name of trunk 1"]);
    let two = bad(&with("max_cps = -1.0\noptions_ping = \"1s\""), &[]);
    assert_eq!(two.len(), 2, "all mistakes in one go");
}

#[test]
fn the_environment_goes_before_the_file() {
    let loaded = good_with(
        "[sip]\nt1 = \"250ms\"\n",
        &[
            ("RINGBACK_SIP__T1", "1s"),
            ("RINGBACK_SIP__UDP", "[\"127.0.0.1:5070\"]"),
            ("RINGBACK_TRUNK__0__NAME", "carrier"),
            ("RINGBACK_TRUNK__0__SERVER", "x.example"),
            ("RINGBACK_TRUNK__0__USER", "1234"),
            ("RINGBACK_TRUNK__0__PASSWORD", "5678"),
            ("RINGBACK_CONFIG", "/some/other/use"),
            ("HOME", "/root"),
        ],
    );
    assert_eq!(loaded.settings.sip.t1, Duration::from_secs(1));
    assert_eq!(loaded.settings.signal.udp[0].port(), 5070);
    assert_eq!(loaded.settings.trunks[0].credentials.as_ref().map(|c| c.user.as_str()), Some("1234"));

    let wrong = bad("", &[("RINGBACK_SIP__T2", "1s")]);
    assert_eq!(wrong[0].origin, "$RINGBACK_SIP__T2");
    assert!(wrong[0].to_string().contains("did you mean `t1`?"), "{}", wrong[0]);
    let range = bad("", &[("RINGBACK_SIP__T1", "9s")]);
    assert_eq!((range[0].origin.as_str(), &range[0].place), ("$RINGBACK_SIP__T1", &None));
    assert!(bad("", &[("RINGBACK_TRUNK__7__NAME", "x")])[0].problem.contains("the next is number 0"));
    assert!(!bad("", &[("RINGBACK_SIP__T1__X", "1")]).is_empty());
    assert!(!bad("", &[("RINGBACK___", "1")]).is_empty());
}

#[test]
fn warnings_name_what_deserves_a_look() {
    let loaded = good(
        "[[trunk]]\nname = \"a\"\nserver = \"x.example\"\nuser = \"u\"\npassword = \"p\"\nsrtp = \"preferred\"\n[api]\nlisten = [\"0.0.0.0:80\"]\n[recording]\nenabled = false\n[log]\nunmask = true\n",
    );
    for word in
        ["password stands in the file", "keys in the clear", "without TLS", "no recording", "whole telephone"]
    {
        assert!(loaded.warnings.iter().any(|w| w.contains(word)), "{word}: {:?}", loaded.warnings);
    }
}

#[test]
fn what_is_shown_holds_no_secret() {
    let text = "[[trunk]]\nname = \"a\"\nserver = \"x.example\"\nuser = \"u\"\npassword = \"hush\"\n[database]\nurl = \"postgres://u:hush@h/n\"\n";
    let shown = toml::to_string(&good(text).raw.without_secrets()).unwrap();
    assert!(!shown.contains("hush") && shown.contains("***"), "{shown}");
    let sqlite = good("[database]\nurl = \"sqlite:x.db\"\n").raw.without_secrets();
    assert_eq!(sqlite.database.url.as_deref(), Some("sqlite:x.db"));
}

fn changes(old: &Loaded, new: &Loaded) -> Vec<(String, Effect, String)> {
    diff(old, new).into_iter().map(|c| (c.section, c.effect, c.detail)).collect()
}

#[test]
fn a_reload_knows_what_changed_by_key() {
    fn check(old: &str, new: &str, expect: &[(&str, Effect, &str)]) {
        let got = changes(&good(old), &good(new));
        let expect: Vec<_> = expect.iter().map(|(s, e, d)| ((*s).to_owned(), *e, (*d).to_owned())).collect();
        assert_eq!(got, expect, "{old} -> {new}");
    }
    use Effect::{Applied, NeedsRestart};
    let other = "[[trunk]]\nname = \"b\"\nserver = \"b.example\"\n";
    let a = "[[trunk]]\nname = \"a\"\nserver = \"a.example\"\n";
    check(a, a, &[]);
    check(
        a,
        &format!("{a}[shutdown]\ngrace = 5\n[sip]\nt1 = \"1s\"\nudp = [\"0.0.0.0:5070\"]\n"),
        &[("shutdown", Applied, "grace"), ("sip", Applied, "t1"), ("sip", NeedsRestart, "udp")],
    );
    check(a, other, &[("trunk", Applied, "b added; a removed")]);
    check(
        a,
        &format!("{a}max_calls = 3\nsrtp = \"preferred\"\n"),
        &[("trunk", Applied, "a changed (max_calls, srtp)")],
    );
    check(
        a,
        &format!("{a}[rtp]\ncodecs = [\"pcma\"]\nport_min = 20000\n"),
        &[("rtp", Applied, "codecs"), ("trunk", Applied, "a changed"), ("rtp", NeedsRestart, "port_min")],
    );
    check("", "[[inbound]]\nnumber = \"*\"\nscript = \"s\"\n", &[("inbound", Applied, "1 rules, 0 before")]);
    check("", "[data]\ndir = \"x\"\n", &[("data", NeedsRestart, "dir"), ("database", NeedsRestart, "url")]);

    let old = good(TRUNK);
    let mut rotated = good(TRUNK);
    if let Some(credentials) = &mut rotated.settings.trunks[0].credentials {
        credentials.password = "new".into();
    }
    let [(section, effect, _)] = &changes(&old, &rotated)[..] else {
        panic!("a new secret in the same file")
    };
    assert_eq!((section.as_str(), *effect), ("trunk", Applied));
}

#[test]
fn what_only_a_restart_takes_over_stays_and_is_said_again() {
    let running = good("[sip]\nudp = [\"127.0.0.1:5060\"]\n");
    let new = good(
        "[sip]\nudp = [\"127.0.0.1:5070\"]\ntls_ca = \"ca.pem\"\nt1 = \"1s\"\n[data]\nrecordings = \"/r\"\n[dialer]\nmax_calls = 7\n",
    );
    let merged = merge(&running, &new, Path::new("/etc/ringback"), &secret).expect("old and new fit");
    let settings = &merged.settings;
    assert_eq!(settings.signal.udp[0].port(), 5060);
    assert_eq!(settings.signal.ca.as_deref(), Some(Path::new("/etc/ringback/ca.pem")), "files are read anew");
    assert_eq!(settings.sip.advertised.udp, "127.0.0.1:5060");
    assert_eq!(settings.recordings, running.settings.recordings);
    assert_eq!((settings.sip.t1, settings.dialer.max_calls), (Duration::from_secs(1), 7));
    let again: Vec<_> = changes(&merged, &new).into_iter().map(|(s, e, _)| (s, e)).collect();
    let restart = Effect::NeedsRestart;
    assert_eq!(again, [("data".to_owned(), restart), ("sip".to_owned(), restart)]);
}

/// A new key that nobody thought about is applied only if the daemon can: this fails for a
/// key in the table that the file does not have.
#[test]
fn every_key_that_needs_a_restart_exists() {
    let raw: toml::Table = toml::from_str(&uncommented(DEFAULT)).unwrap();
    for key in diff::FIXED {
        let mut value = &toml::Value::Table(raw.clone());
        for step in key.split('.') {
            value = value.get(step).unwrap_or_else(|| panic!("{key}"));
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_without_a_panic(text in "\\PC{0,80}") {
        for error in bad(&text, &[]) {
            let _ = error.to_string();
        }
    }

    #[test]
    fn any_change_to_a_good_file_is_read_or_refused_without_a_panic(
        at in 0usize..8000, len in 0usize..20, new in "[\\[\\]a-z0-9=\"'.\n中-]{0,8}",
    ) {
        let mut text = uncommented(DEFAULT);
        let floor = |text: &str, at: usize| (0..=at.min(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap();
        let start = floor(&text, at);
        let end = floor(&text, start + len).max(start);
        text.replace_range(start..end, &new);
        for error in bad(&text, &[]) {
            assert!(!error.to_string().is_empty());
        }
    }

    #[test]
    fn any_variable_is_taken_or_refused_without_a_panic(
        parts in prop::collection::vec("[a-z0-9_]{0,6}", 0..5), value in "\\PC{0,12}",
    ) {
        let name = format!("RINGBACK_{}", parts.join("__").to_uppercase());
        for error in bad("[[trunk]]\nname = \"a\"\nserver = \"b\"\n", &[(name.as_str(), value.as_str())]) {
            let _ = error.to_string();
        }
    }
}
