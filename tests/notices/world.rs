//! A shop or firm with an outbox whose channels lead to the sinks of a test.

use std::path::Path;

use ringback::app::load_notices;
use ringback::config::{self, Environment, Source};
use ringback::io::notices::{Notices, Turn};
use ringback::notice::{NewNotice, Settings};
use serde_json::Value;

use crate::plan::shop::{Shop, at};

/// Settings of a configuration, with the shipped texts and rules.
pub fn settings(text: &str) -> Settings {
    let source = Source { text, origin: "test", folder: Path::new("/tmp") };
    let loaded = config::load(source, &Environment::new(), &|_| Ok("s3cret".into()));
    load_notices(&loaded.unwrap_or_else(|e| panic!("{e:?}")).settings).unwrap()
}

/// A channel of that kind that leads to `url`, and a route for topics.
pub fn channel(kind: &str, url: &str, topics: &str) -> String {
    format!(
        "[[notices.channel]]\nname = \"group\"\nkind = \"{kind}\"\nurl = \"{url}\"\n\
         [[notices.route]]\ntopics = [\"{topics}\"]\nchannels = [\"group\"]\n"
    )
}

/// An outbox over a shop's store and planner.
pub fn outbox(shop: &Shop, settings: Settings) -> Notices {
    let events = shop.site.api.parts.events.clone();
    Notices::new(shop.site.store.clone(), shop.planner.clone(), events, settings).unwrap()
}

/// Turns at that moment until nothing more waits.
pub async fn turn(notices: &Notices, moment: &str) -> Turn {
    let mut whole = Turn::default();
    loop {
        let turn = notices.turn(at(moment)).await.unwrap();
        whole.sent += turn.sent;
        whole.failed += turn.failed;
        if !turn.more {
            return whole;
        }
    }
}

/// A notice with one fact.
pub fn notice(key: &str, topic: &str, to: &str) -> NewNotice {
    NewNotice {
        key: key.into(),
        topic: topic.into(),
        to: to.into(),
        subject: format!("thing:{key}"),
        facts: [("what".to_owned(), key.to_owned())].into(),
        ..NewNotice::default()
    }
}

/// Notices as the API shows them, newest first.
pub async fn listed(shop: &Shop, query: &str) -> Vec<Value> {
    let answer = shop.site.get(&format!("/api/v1/notices?limit=500&{query}")).await.expect(200);
    answer["items"].as_array().unwrap().clone()
}
