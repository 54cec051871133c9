//! Posts that are empty though somebody is on duty (003:133).

use std::collections::BTreeMap;
use std::time::Duration;

use super::duty::{OnDuty, Post};
use crate::base::Timestamp;

/// Whether somebody is there, as the registrar or a person says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Presence {
    /// They are.
    pub present: bool,
    /// Since when.
    pub since: Timestamp,
}

/// A post that has been empty for too long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmptyPost {
    /// Whose.
    pub post: Post,
    /// Since when.
    pub since: Timestamp,
}

/// Posts of a night whose phone, or person, has been away for longer than `after`. Facts are by
/// extension, number or name; of whom nothing is known nothing is said. What was so before the
/// night began counts from its beginning.
pub fn empty_posts(
    duty: &OnDuty,
    began: Timestamp,
    facts: &BTreeMap<String, Presence>,
    after: Duration,
    now: Timestamp,
) -> Vec<EmptyPost> {
    let known = |post: &Post| {
        let person = &post.person;
        [&person.extension, &person.phone, &person.name].into_iter().find_map(|who| facts.get(who))
    };
    let empty = duty.chain.iter().filter_map(|post| {
        let presence = known(post)?;
        let since = presence.since.max(began);
        (!presence.present && now > since + after).then(|| EmptyPost { post: post.clone(), since })
    });
    empty.collect()
}

#[cfg(test)]
mod tests {
    use super::super::month::Person;
    use super::super::role::Role;
    use super::*;

    #[test]
    fn ros_03_a_phone_that_is_gone_for_more_than_a_minute_is_an_empty_post() {
        let post = |name: &str, extension: &str| Post {
            role: Role::Leader,
            person: Person { name: name.into(), phone: String::new(), extension: extension.into() },
        };
        let duty = OnDuty {
            date: "2026-07-01".parse().unwrap(),
            until: Timestamp(i64::MAX),
            chain: vec![post("王", "801"), post("李", "802"), post("赵", "803")],
        };
        let at = |seconds: i64| Timestamp(seconds * 1_000);
        let facts: BTreeMap<String, Presence> = [
            ("801".to_owned(), Presence { present: false, since: at(100) }),
            ("802".to_owned(), Presence { present: true, since: at(100) }),
        ]
        .into();
        let names = |now: i64| -> Vec<String> {
            let found = empty_posts(&duty, at(0), &facts, Duration::from_secs(60), at(now));
            found.into_iter().map(|empty| empty.post.person.name).collect()
        };
        assert!(names(160).is_empty());
        assert_eq!(names(161), ["王"], "nothing is known of 803");
        let late = empty_posts(&duty, at(1_000), &facts, Duration::from_secs(60), at(1_059));
        assert!(late.is_empty(), "away before the night began: it counts from then");
    }
}
