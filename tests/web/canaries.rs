//! Canaries of trunks in the API and the console; what is due, held, and overridden by the clock.

use std::sync::Arc;

use jiff::civil::date;
use ringback::base::{CallId, Rng, Timestamp};
use ringback::canary::{DEFAULT_KEY, Settings};
use ringback::engine::{CanaryRun, Write};
use ringback::io::store::WriterSettings;
use ringback::io::web::{Control, LiveSnapshot, LiveTrunk};
use serde_json::json;

use super::console::entered;
use super::site::{MONDAY, Site, ready};

const MINUTE: i64 = 60_000;

/// A site with a trunk that has a canary, at half past seven by the windows, and one that has none.
async fn site() -> Site {
    let site = Site::sqlite().await;
    let trunk = |name: &str| LiveTrunk { name: name.into(), state: "up".into(), ..LiveTrunk::default() };
    let trunks = vec![trunk("carrier"), trunk("plain")];
    site.live.send_replace(Arc::new(LiveSnapshot { trunks, ..ready() }));
    let number = "02088886666".parse().unwrap();
    let own = Settings { number, arrives_as: String::new(), at: None, key: DEFAULT_KEY };
    let keeper = site.api.canaries().unwrap();
    let trunks = [("carrier".to_owned(), own)].into();
    keeper.set_settings(ringback::io::canary::Settings { trunks, ..keeper.settings() });
    site
}

/// A canary that was never answered.
async fn made(site: &Site, number: u64, at: Timestamp) -> CallId {
    let caller = CallId::new(at, &mut Rng::seeded(number));
    let run = CanaryRun {
        caller,
        called: None,
        trunk: "carrier".into(),
        day: date(2026, 3, 2),
        number: "02088886666".into(),
        key: DEFAULT_KEY,
        by: "ringback".into(),
        began: at,
        ended: Timestamp(at.0 + 5_000),
        mono_ms: 5_000,
        back_at: None,
        back_by: String::new(),
        problem: "404 Not Found".into(),
    };
    let settings =
        WriterSettings { recordings: "/".into(), clock: Arc::new(|| MONDAY), notify: Box::new(|_| {}) };
    site.store.write(&settings, &[Write::Canary(Box::new(run))]).await.unwrap();
    caller
}

async fn turn(site: &Site, at: Timestamp) {
    site.clock.store(at.0, std::sync::atomic::Ordering::Relaxed);
    site.api.canaries().unwrap().turn(at).await.unwrap();
}

/// Orders since the last look: which canaries, and what was held.
fn orders(site: &Site) -> Vec<String> {
    let taken = std::mem::take(&mut *site.orders.lock().unwrap());
    taken
        .into_iter()
        .filter_map(|order| match order {
            Control::Canary { trunk, by } => Some(format!("canary {trunk} {by}")),
            Control::HoldTrunk { trunk, reason } => {
                Some(format!("hold {trunk} {}", reason.map_or_else(|| "-".into(), |r| r.code)))
            }
            _ => None,
        })
        .collect()
}

#[tokio::test]
async fn a_day_of_a_trunk_that_fails_is_repeated_overridden_and_passes_the_next() {
    let site = site().await;
    let at = |minutes: i64| Timestamp(MONDAY.0 + minutes * MINUTE);
    // Nine o'clock; the first window opened at eight, so it has been due since half past seven.
    turn(&site, at(-91)).await;
    assert_eq!(orders(&site), ["hold carrier -"], "not before its time");
    turn(&site, at(0)).await;
    assert_eq!(orders(&site), ["hold carrier canary_due", "canary carrier ringback"]);
    turn(&site, at(1)).await;
    assert_eq!(orders(&site), Vec::<String>::new(), "it is under way");
    made(&site, 7, at(1)).await;
    turn(&site, at(2)).await;
    assert_eq!(orders(&site), ["hold carrier canary_failed"]);
    let standing = site.get("/api/v1/trunks/canary").await.expect(200);
    let one = &standing["items"][0];
    assert_eq!((&one["light"], &one["held"]), (&json!("failed"), &json!("canary_failed")), "{one}");
    assert_eq!(one["last"]["checks"][0]["figure"], "404 Not Found", "{one}");
    assert_eq!(one["next_at"], at(6).0 + 5_000, "five minutes after its end");
    turn(&site, at(7)).await;
    assert_eq!(orders(&site), ["canary carrier ringback"], "it is tried again");

    let reason = json!({ "reason": "the carrier is told" });
    site.post("/api/v1/trunks/plain/canary/override", reason.clone()).await.expect(409);
    site.post("/api/v1/trunks/none/canary/override", reason.clone()).await.expect(404);
    site.post("/api/v1/trunks/carrier/canary/override", json!({ "reason": " " })).await.expect(422);
    site.post("/api/v1/trunks/carrier/canary/override", reason).await.expect(200);
    turn(&site, at(30)).await;
    assert_eq!(orders(&site), ["hold carrier -"]);
    // The next morning, before its own canary, it is red again, and then its own is due.
    turn(&site, at(22 * 60)).await;
    assert_eq!(orders(&site), ["hold carrier canary_failed"]);
    turn(&site, at(23 * 60)).await;
    assert_eq!(orders(&site), ["hold carrier canary_due", "canary carrier ringback"]);
    // Without a section in the configuration nothing is held.
    let keeper = site.api.canaries().unwrap();
    keeper.set_settings(ringback::io::canary::Settings { trunks: Default::default(), ..keeper.settings() });
    turn(&site, at(23 * 60 + 1)).await;
    assert_eq!(orders(&site), ["hold carrier -"]);
}

#[tokio::test]
async fn the_page_shows_every_light_with_its_figure_in_both_languages_and_orders_one() {
    let site = site().await;
    let browser = entered(&site).await;
    let call = made(&site, 5, MONDAY).await;
    turn(&site, MONDAY).await;
    orders(&site);
    for (lang, words) in [
        ("zh-CN", ["早间巡检", "接通", "巡检未通过", "按键一次", "404 Not Found"]),
        ("en", ["Morning canary", "Answered", "failed", "Key once", "404 Not Found"]),
    ] {
        let cookie = format!("{}; rb_lang={lang}", browser.cookie);
        let request = browser.request(reqwest::Method::GET, "/settings/trunks").header("cookie", cookie);
        let page = super::site::send(request).await.text();
        for word in words {
            assert!(page.contains(word), "{lang} {word}: {page}");
        }
        assert!(page.contains(&format!("/calls/{call}")), "{page}");
        assert!(
            page.contains("POST /trunks/carrier/canary\"") && !page.contains("/trunks/plain/canary"),
            "{page}"
        );
    }
    let started = site.post("/api/v1/trunks/carrier/canary", json!({})).await.expect(202);
    assert!(started["call"].is_string(), "{started}");
    assert_eq!(orders(&site).len(), 1);
    let history = site.get("/api/v1/trunks/carrier/canary").await.expect(200);
    assert_eq!(history["items"][0]["caller"], call.to_string(), "{history}");
    site.get("/api/v1/trunks/none/canary").await.expect(404);
    let mut red = (*site.live.borrow().clone()).clone();
    red.trunks[0].held = "canary_failed".into();
    site.live.send_replace(Arc::new(red));
    let today = browser.get("/").await.text();
    assert!(today.contains("Canary of trunk carrier failed") && today.contains("See what failed"), "{today}");
}
