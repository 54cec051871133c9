//! The story of the audit: a month is frozen, seeded and drawn; a case is heard and scored by keyboard alone; the
//! agent appeals, and another person decides.

use std::time::Duration;

use jiff::ToSpan;
use ringback::base::Timestamp;
use ringback::io::store::{LinkKind, NewAccount, Store};
use ringback::io::web::hash_secret;

use super::chromium::{Chromium, is_there};
use super::story::{first_link, look_at_all};
use crate::audits::world::{Made, rows_of};
use crate::peers::daemon::{Daemon, Setup, own_network};
use crate::support::databases::{block_on, execute};

const PASSWORD: &str = "correct horse battery";
/// The key that a WebDriver knows by these signs.
pub const ENTER: char = '\u{E007}';
const CONTROL: char = '\u{E009}';

/// A conversation of that many seconds: ours and the customer speak by turns, with pauses.
pub fn conversation(path: &std::path::Path, seconds: u32) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 8_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    for frame in 0..seconds * 8_000 {
        let at = f64::from(frame) / 8_000.0;
        let turn = at % 7.0;
        let syllable = 0.35 + 0.65 * (at * 9.0).sin().abs() * (at * 1.7).cos().abs();
        let tone = (at * 6.283 * (190.0 + 60.0 * (at * 2.3).sin())).sin() * syllable;
        let (ours, theirs) = match turn {
            t if t < 3.0 => (tone * 9_000.0, 0.0),
            t if (3.4..6.0).contains(&t) => (0.0, tone * 12_000.0),
            _ => (0.0, 0.0),
        };
        writer.write_sample(ours as i16).unwrap();
        writer.write_sample(theirs as i16).unwrap();
    }
    writer.finalize().unwrap();
}

/// The month before the present one, as `2026-10`.
pub fn last_month() -> String {
    let today = jiff::Timestamp::now().in_tz("Asia/Shanghai").unwrap().date();
    today.first_of_month().checked_sub(1.month()).unwrap().strftime("%Y-%m").to_string()
}

/// Forty calls of last month with recordings, as the examiner leaves them; the id of one with findings.
pub async fn calls_of_last_month(daemon: &Daemon, store: &Store, month: &str) -> String {
    let sound = daemon.folder.path().join("recordings/made/conversation.wav");
    conversation(&sound, 48);
    let mut all = String::new();
    let mut found = String::new();
    for n in 1..=40_u32 {
        let agent = ["li", "ma", "sun", "wu"][n as usize % 4];
        let moment = format!("{month}-{:02} {:02}:{:02}", 3 + n / 5, 9 + n % 9, n);
        let audit = if n == 5 { r#"["possible_dispute"]"# } else { "[]" };
        let (id, sql) = rows_of(n, &Made { moment: &moment, agent, audit, ..Made::default() });
        all.push_str(&sql);
        all.push_str(&format!(
            "UPDATE calls SET recording = 'made/conversation.wav', recording_ms = 48000, ended_at = answered_at + 48000
                 WHERE id = '{id}';"
        ));
        if n == 5 {
            for (number, detector, value, severity, at) in [
                (1, "interruptions", 2.0, "warn", 10_200),
                (2, "possible_dispute", 5.0, "info", 24_000),
                (3, "agent_silence_max_s", 12.0, "warn", 34_000),
            ] {
                all.push_str(&format!(
                    "INSERT INTO findings (call_id, number, detector, value, unit, start_ms, end_ms, severity, charge, agent,
                         rule, detail) VALUES ('{id}', {number}, '{detector}', {value:?}, '', {at}, {at} + 1500, '{severity}',
                         'agent', '{agent}', '', '');"
                ));
            }
            found = id;
        }
    }
    execute(store, &all).await.unwrap();
    found
}

/// An account that comes in by a link.
pub async fn account(store: &Store, name: &str, role: &str, agent: &str) {
    let roles = [role.to_owned()];
    let new = NewAccount { name, roles: &roles, agent, ..NewAccount::default() };
    let now = Timestamp(jiff::Timestamp::now().as_millisecond());
    let made = store.add_account(&new, "tests", now).await.unwrap();
    let expires = now + Duration::from_secs(3_600);
    let hash = hash_secret(&format!("rb_{role}"));
    store.add_account_link(&hash, LinkKind::Login, Some(made.id), expires).await.unwrap();
}

/// Leaves whoever was there and comes in by a link.
pub async fn enter_as(browser: &Chromium, root: &str, role: &str) {
    browser.go(&format!("{root}/account")).await;
    browser.ask("document.querySelector('form[action=\"/logout\"]')?.requestSubmit()").await;
    browser.wait("the login", "location.pathname === '/login'").await;
    browser.go(&format!("{root}/welcome/rb_{role}")).await;
    browser.go(&format!("{root}/account")).await;
    browser.wait("inside", "document.querySelector('.side-foot .who')").await;
    // To which page a link leads is not this story's.
    browser.mistakes().await;
}

/// The administrator comes in by the first link.
pub async fn enter_first(browser: &Chromium, root: &str, log: &str) {
    browser.go(&format!("{root}{}", first_link(log))).await;
    browser.fill("input[name=name]", "li.wei").await;
    browser.fill("input[name=password]", PASSWORD).await;
    browser.fill("input[name=again]", PASSWORD).await;
    browser.click("button.main").await;
    browser.wait("inside", "document.querySelector('.side-foot .who')").await;
}

/// On the page of a call that wang has yet to score: a remark at the moment that is heard, by its key.
async fn remarks(browser: &Chromium, daemon: &Daemon, root: &str) {
    let open = daemon.get("/audits/cases?auditor=wang&open=true").await;
    let call = open["items"][0]["call_id"].as_str().expect("a call").to_owned();
    browser.go(&format!("{root}/calls/{call}?t=1")).await;
    browser.wait("its script", "customElements.get('call-player')").await;
    browser.wait("its place", "document.querySelector('call-player audio').currentTime >= 1").await;
    browser.press("m", None).await;
    browser.wait("the field", "document.activeElement?.name === 'text'").await;
    browser.press("greets too late", None).await;
    browser.press(&ENTER.to_string(), None).await;
    browser
        .wait(
            "it is listed",
            "document.querySelector('#comments .is-comment')?.innerText.includes('too late')",
        )
        .await;
    let marks = "document.querySelector('call-player').marks.filter(m => m.class === 'is-comment').length";
    browser.wait("it is a mark", &format!("{marks} === 1")).await;
    browser.picture("call-remark-en-light-1440").await;
    let kept = daemon.get(&format!("/calls/{call}/comments")).await;
    let at = kept["items"][0]["at_ms"].as_i64().expect("a place");
    assert!((1_000..3_000).contains(&at), "{kept}");
}

/// Scores the case that is shown from the first item to the last with nothing but keys.
async fn score_by_keys(browser: &Chromium) {
    browser.press(" ", None).await;
    browser.wait("it plays", "document.querySelector('audio').currentTime > 0.6").await;
    browser.press(" ", None).await;
    browser.wait("it is paused", "document.querySelector('audio').paused").await;
    browser.press("m", None).await;
    browser.press("greets without the brand", None).await;
    browser.press(&ENTER.to_string(), None).await;
    assert_eq!(browser.ask("return document.querySelectorAll('#notes li').length").await, 1);
    let count = browser.ask("return document.querySelector('score-card').rows.length").await;
    for place in 0..count.as_u64().expect("rows") {
        browser.press("j", None).await;
        let row = "document.querySelector('.item.is-here')";
        let mark = browser
            .ask(&format!(
                "const row = {row}; const r = [...row.querySelectorAll('.marks input')].map(i => i.value);
                 return row.dataset.critical ? 'n' : row.dataset.scale > 0 ? r[r.length - 2] : r[0]"
            ))
            .await;
        let mark = mark.as_str().expect("a mark").to_owned();
        browser.press(if place == 1 { "0" } else { &mark }, None).await;
        if place == 1 {
            browser.press("c", None).await;
            browser.press("no department", None).await;
            browser.press(&ENTER.to_string(), None).await;
        }
    }
    browser.wait("nothing is missing", "document.querySelector('#missing.is-whole')").await;
    browser
        .wait("the draft is kept", "/\\d\\d:\\d\\d/.test(document.querySelector('#saved').textContent)")
        .await;
}

#[test]
fn a_month_is_drawn_scored_by_keyboard_and_appealed_in_a_browser() {
    if !is_there() {
        return;
    }
    block_on(async {
        let daemon = Daemon::start_as(&Setup::of(&[own_network()])).await;
        let (root, month) = (daemon.root(), last_month());
        let file = format!("sqlite:{}", daemon.folder.path().join("data/ringback.db").display());
        let store = Store::open(&file).await.expect("the daemon's database");
        let found = calls_of_last_month(&daemon, &store, &month).await;
        let browser = Chromium::start().await;
        browser.resize(1440, 900).await;
        enter_first(&browser, &root, &daemon.log()).await;
        for (name, role, agent) in
            [("wang", "auditor", ""), ("li.na", "agent", "ma"), ("jing", "manager", "")]
        {
            account(&store, name, role, agent).await;
        }

        // Frozen, then seeded, then drawn, then proved.
        browser.go(&format!("{root}/audit")).await;
        browser.click("form[data-api='POST /audits/draws'] button.main").await;
        browser.wait("its hash", "document.querySelector('#freeze .hash')?.textContent.length === 64").await;
        browser.picture("audit-frozen-en-light-1440").await;
        browser.ask("window.confirm = () => true").await;
        browser.fill("input[name=seed]", "03 09 14 22 27 31 + 08").await;
        // One who has an account, and one who has none.
        browser.click("input[name=auditors][value=wang]").await;
        browser.ask("document.querySelector('#seed details').open = true").await;
        browser.fill("textarea[name=auditors]", "zhao").await;
        browser.click("#seed button.main").await;
        browser.wait("it is drawn", "document.querySelector('#picks')").await;
        browser.click("#verify-do").await;
        browser.wait("it is proved", "document.querySelector('#verified.is-good')").await;
        let draw = browser.ask("return location.pathname").await;
        let draw = draw.as_str().expect("a path").to_owned();

        // The case with findings goes to wang, who hears and scores it by keys alone.
        let cases = daemon.get(&format!("/audits/cases?call={found}")).await;
        let cases = cases["items"].as_array().expect("cases");
        let own = cases.iter().find(|case| case["auditor"] == "wang").or(cases.first());
        let case = own.and_then(|case| case["id"].as_i64()).expect("a call with a finding is audited");
        daemon
            .try_put(&format!("/audits/cases/{case}/auditor"), &serde_json::json!({ "auditor": "wang" }))
            .await;
        enter_as(&browser, &root, "auditor").await;
        browser.go(&format!("{root}/audit/cases/{case}")).await;
        browser.wait("the waveform", "document.querySelector('call-player')?.peaks?.length > 100").await;
        browser.wait("the card", "document.querySelector('score-card')?.rows?.length > 10").await;
        score_by_keys(&browser).await;
        browser.picture("audit-scored-en-light-1440").await;
        browser.press("?", None).await;
        browser.wait("the keys", "document.querySelector('#keys[open]')").await;
        browser.picture("audit-keys-en-light-1440").await;
        browser.press(&ENTER.to_string(), None).await;
        browser.wait("closed", "!document.querySelector('#keys[open]')").await;
        browser.press(&ENTER.to_string(), Some(CONTROL)).await;
        browser
            .wait(
                "it is submitted",
                "document.querySelector('.sheet .big') && !document.querySelector('#sheet')",
            )
            .await;
        let view = daemon.get(&format!("/audits/cases/{case}")).await;
        assert_eq!(view["sheets"][0]["state"], "submitted", "{view}");
        assert!(view["sheets"][0]["body"].as_str().unwrap().contains("greets without the brand"));

        // One that is half done, for the picture.
        browser.go(&format!("{root}/audit")).await;
        browser.click(".next .button").await;
        browser.wait("the next case", "document.querySelector('score-card')?.rows?.length > 10").await;
        browser.press("j4j4", None).await;
        browser.wait("its draft", "/\\d\\d:\\d\\d/.test(document.querySelector('#saved').textContent)").await;
        let half = browser.ask("return location.pathname").await;
        let half = half.as_str().expect("a path").to_owned();
        remarks(&browser, &daemon, &root).await;
        let scoring = [("audit-card", half), ("audit-cases", "/audit/cases".into())];
        look_at_all(&browser, &root, &scoring).await;
        browser.resize(1440, 900).await;

        // The agent reads it and appeals; the manager decides.
        enter_as(&browser, &root, "agent").await;
        browser.go(&format!("{root}/audit")).await;
        browser.wait("their own sheets", "location.pathname === '/audit/own'").await;
        browser.click(&format!("a[href='/audit/cases/{case}']")).await;
        browser.wait("the form", "document.querySelector('#appeal-do')").await;
        browser.ask("window.confirm = () => true").await;
        browser.fill("textarea[name=text]", "The department was named at 0:02.").await;
        browser.click("#appeal-do").await;
        browser.wait("it is filed", "document.querySelector('#appeals .chip')").await;
        enter_as(&browser, &root, "manager").await;
        browser.go(&format!("{root}/audit/appeals")).await;
        browser.picture("audit-appeals-en-light-1440").await;
        browser.fill("textarea[name=answer]", "Heard again: it was named.").await;
        browser.click("button[name=upheld][value=true]").await;
        browser.wait("nothing waits", "document.querySelector('main .empty')").await;

        let pages = [
            ("audit", "/audit".to_owned()),
            ("audit-draw", draw),
            ("audit-sheet", format!("/audit/cases/{case}")),
            ("audit-results", format!("/audit/results?month={month}")),
            ("audit-performance", format!("/audit/performance?month={month}")),
            ("audit-sessions", "/audit/sessions".into()),
            ("audit-examples", "/audit/examples".into()),
        ];
        look_at_all(&browser, &root, &pages).await;
        let mistakes = browser.mistakes().await;
        assert!(mistakes.is_empty(), "{mistakes:?}");
        let asked = browser.requests().await;
        let elsewhere: Vec<_> =
            asked.iter().filter(|url| url.starts_with("http") && !url.starts_with(&root)).collect();
        assert!(elsewhere.is_empty(), "{elsewhere:?}");
        browser.end().await;
    });
}
