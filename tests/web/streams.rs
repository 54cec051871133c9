//! Live events: topics, resuming, bounds, the end.

use std::time::Duration;

use reqwest::Method;
use ringback::io::web::RING_LIMIT;

use super::site::Site;

/// Reads a stream event by event.
struct Events {
    response: reqwest::Response,
    text: String,
}

impl Events {
    async fn open(site: &Site, query: &str, last: Option<&str>) -> Events {
        let mut request = site.request(Method::GET, &format!("/api/v1/events{query}"), &site.read);
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

    async fn next(&mut self) -> (String, String, String) {
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
