//! Live events: topics, resuming, bounds, the end.

use std::time::Duration;

use reqwest::Method;
use ringback::io::web::RING_LIMIT;

use super::site::Site;

/// Reads a stream event by event.
pub struct Events {
    response: reqwest::Response,
    text: String,
}

impl Events {
    async fn open(site: &Site, query: &str, last: Option<&str>) -> Events {
        Events::open_at(site, &format!("/api/v1/events{query}"), &site.read, last).await
    }

    pub async fn open_at(site: &Site, path: &str, token: &str, last: Option<&str>) -> Events {
        let mut request = site.request(Method::GET, path, token);
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/event-stream"));
        let mut events = Events { response, text: String::new() };
        assert!(events.block().await.unwrap().contains(": open"), "the stream says at once that it is open");
        events
    }

    /// The lines up to the next blank one; None at the end.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let block = block.to_owned();
                self.text = rest.to_owned();
                return Some(block);
            }
            let chunk = tokio::time::timeout(Duration::from_secs(10), self.response.chunk())
                .await
                .expect("an event in time");
            self.text.push_str(std::str::from_utf8(&chunk.ok().flatten()?).unwrap());
        }
    }

    /// Name, id and data of the next event.
    pub async fn next(&mut self) -> (String, String, String) {
        let block = self.block().await.expect("an event");
        let field = |name: &str| {
            block.lines().find_map(|l| l.strip_prefix(name)).unwrap_or_default().trim().to_owned()
        };
        (field("event:"), field("id:"), field("data:"))
    }
}

#[tokio::test]
async fn events_come_by_topic_and_a_stream_goes_on_where_it_broke_off() {
    let site = Site::sqlite().await;
    let hub = &site.api.parts.events;
    let mut stream = Events::open(&site, "?topics=call,alarm", None).await;
    hub.publish("call", r#"{"n":1}"#);
    hub.publish("trunk", r#"{"n":2}"#);
    hub.publish("alarm", "{\"n\":3,\n\"m\":0}");
    let (event, _, data) = stream.next().await;
    assert_eq!((event.as_str(), data.as_str()), ("call", r#"{"n":1}"#));
    let (event, id, data) = stream.next().await;
    assert_eq!((event.as_str(), data.as_str()), ("alarm", r#"{"n":3, "m":0}"#));
    drop(stream);
    hub.publish("call", r#"{"n":4}"#);
    hub.publish("call", r#"{"n":5}"#);
    let mut again = Events::open(&site, "?topics=call", Some(&id)).await;
    assert_eq!(again.next().await.2, r#"{"n":4}"#);
    assert_eq!(again.next().await.2, r#"{"n":5}"#);
}

#[tokio::test]
async fn a_client_that_missed_too_much_is_told_to_read_anew() {
    let site = Site::sqlite().await;
    let hub = &site.api.parts.events;
    hub.publish("call", "{}");
    (0..=RING_LIMIT).for_each(|_| hub.publish("call", "{}"));
    for last in [hub.id_of(1), "5-1".into(), "nonsense".into()] {
        let mut stream = Events::open(&site, "", Some(&last)).await;
        let (event, id, _) = stream.next().await;
        assert_eq!((event.as_str(), id), ("reset", hub.id_of(RING_LIMIT as u64 + 2)), "{last}");
    }
}

#[tokio::test]
async fn streams_are_bounded_and_end_with_the_daemon() {
    let site = Site::sqlite().await;
    let mut open = Vec::new();
    for _ in 0..64 {
        open.push(Events::open(&site, "", None).await);
    }
    let refused = site.get("/api/v1/events").await;
    assert_eq!(refused.expect(503)["type"], "/problems/unavailable");
    assert!(!refused.header("retry-after").is_empty());
    assert_eq!(site.get("/api/v1/health").await.expect(200)["streams"], 64);
    site.stop.cancel();
    for stream in &mut open {
        while stream.block().await.is_some() {}
    }
    tokio::time::timeout(Duration::from_secs(5), site.server).await.expect("the server ends").unwrap();
}

/// Covers line 30 of the reliability list.
#[tokio::test]
async fn of_a_thousand_event_streams_some_are_served_and_the_daemon_is_not_held_up() {
    let site = Site::sqlite().await;
    let (mut open, mut refused) = (Vec::new(), 0);
    for n in 0..1_000_u32 {
        // From many addresses: each may have fewer connections than there are streams.
        let from = std::net::Ipv4Addr::new(127, 0, 3, (n % 50) as u8 + 1);
        let client = reqwest::Client::builder().no_proxy().local_address(Some(from.into())).build().unwrap();
        let request = client.get(format!("{}/api/v1/events", site.base)).bearer_auth(&site.admin);
        let answer = request.send().await.unwrap();
        match answer.status().as_u16() {
            200 => open.push(answer),
            status => {
                assert!(status == 503 || status == 429, "{status}");
                assert!(answer.headers().contains_key("retry-after"));
                let problem: serde_json::Value = answer.json().await.unwrap();
                assert!(problem["detail"].as_str().is_some_and(|why| !why.is_empty()), "{problem}");
                refused += 1;
            }
        }
    }
    assert_eq!((open.len(), refused), (64, 936));
    let local = reqwest::Client::builder().unix_socket(site.socket()).build().unwrap();
    let health = local.get("http://localhost/api/v1/health").send().await.unwrap();
    let health: serde_json::Value = health.json().await.unwrap();
    assert_eq!(health["streams"], 64, "others are served meanwhile");
    drop(open);
    let hub = &site.api.parts.events;
    let free = crate::peers::program::until(Duration::from_secs(10), async || {
        // A stream notices that its client is gone when it has something to say.
        hub.publish("call", "{}");
        let health = local.get("http://localhost/api/v1/health").send().await.unwrap();
        let health: serde_json::Value = health.json().await.unwrap();
        (health["streams"] == 0).then_some(())
    });
    assert!(free.await.is_some(), "streams that were given up give their places back");
}
