//! Which channels carry a notice.

use std::time::Duration;

use super::channel::Channel;
use super::mask::Masks;
use super::rule::EventNotice;
use super::text::Templates;

/// Who gets notices by which channels: every route that fits adds its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Route {
    /// Topics, such as `callback.*` or `ticket.breach`.
    pub topics: Vec<String>,
    /// Persons, roles or departments; empty: all.
    pub to: Vec<String>,
    /// Packs; empty: all.
    pub packs: Vec<String>,
    /// Channels by name.
    pub channels: Vec<String>,
    /// It does not wait for quiet hours to end, nor for a digest.
    pub urgent: bool,
}

/// A person, role or department with an address of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recipient {
    /// As notices name it.
    pub name: String,
    /// E-mail addresses.
    pub email: Vec<String>,
    /// Channels by which it always hears what is for it.
    pub channels: Vec<String>,
    /// Who is told when it does not acknowledge.
    pub escalate_to: String,
}

/// What the outbox works by.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The channels.
    pub channels: Vec<Channel>,
    /// The routes.
    pub routes: Vec<Route>,
    /// Who has addresses.
    pub recipients: Vec<Recipient>,
    /// Texts.
    pub templates: Templates,
    /// What is covered.
    pub masks: Masks,
    /// Notices that follow from events.
    pub events: Vec<EventNotice>,
    /// An unacknowledged notice is sent again after so long.
    pub ack_after: Duration,
    /// How often it is sent at most; then the next level hears of it.
    pub ack_rounds: u32,
    /// Who hears of what nobody acknowledges, where its recipient names nobody.
    pub escalate_to: String,
    /// What does not arrive within this time is given up.
    pub give_up_after: Duration,
    /// A channel that fails for so long is an alarm.
    pub alarm_after: Duration,
    /// Time of day at which the callback table of the day is shared (NOT-03).
    pub share_at: jiff::civil::Time,
    /// Department to which a dissatisfied answer goes, by `pack` or `pack/rule` (NOT-05).
    pub departments: std::collections::BTreeMap<String, String>,
    /// Channel of text messages to customers; empty: none.
    pub sms: String,
    /// Channel of e-mails to customers; empty: none.
    pub email: String,
    /// Authorities that are trusted beside the public ones: certificates in PEM; may be empty.
    pub authorities: String,
    /// Where people reach the interface, for links; without a slash at the end; may be empty.
    pub public_url: String,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            channels: Vec::new(),
            routes: Vec::new(),
            recipients: Vec::new(),
            templates: Templates::default(),
            masks: Masks::default(),
            events: Vec::new(),
            ack_after: Duration::from_secs(2 * 3_600),
            ack_rounds: 2,
            escalate_to: String::new(),
            give_up_after: Duration::from_secs(24 * 3_600),
            alarm_after: Duration::from_secs(600),
            share_at: jiff::civil::Time::constant(18, 0, 0, 0),
            departments: std::collections::BTreeMap::new(),
            sms: String::new(),
            email: String::new(),
            authorities: String::new(),
            public_url: String::new(),
        }
    }
}

/// One channel that carries a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its name.
    pub channel: String,
    /// Does not wait for quiet hours or a digest.
    pub urgent: bool,
}

impl Settings {
    /// The channels of a notice, each once; none where no route fits. Channels that a route
    /// names and that are gone are left out.
    pub fn targets(&self, topic: &str, to: &str, pack: &str) -> Vec<Target> {
        let mut found: Vec<Target> = Vec::new();
        let mut add = |channel: &str, urgent: bool| {
            if self.channel(channel).is_none() {
                return;
            }
            match found.iter_mut().find(|t| t.channel == channel) {
                Some(target) => target.urgent |= urgent,
                None => found.push(Target { channel: channel.to_owned(), urgent }),
            }
        };
        for route in &self.routes {
            let fits = route.topics.iter().any(|pattern| fits(pattern, topic))
                && (route.to.is_empty() || route.to.iter().any(|pattern| fits(pattern, to)))
                && (route.packs.is_empty() || route.packs.iter().any(|p| p == pack));
            if fits {
                route.channels.iter().for_each(|channel| add(channel, route.urgent));
            }
        }
        if let Some(recipient) = self.recipient(to) {
            recipient.channels.iter().for_each(|channel| add(channel, false));
        }
        found
    }

    /// The channel of that name.
    pub fn channel(&self, name: &str) -> Option<&Channel> {
        self.channels.iter().find(|c| c.name == name)
    }

    /// The recipient of that name.
    pub fn recipient(&self, name: &str) -> Option<&Recipient> {
        self.recipients.iter().find(|r| !name.is_empty() && r.name == name)
    }

    /// Who hears of what `to` does not acknowledge; empty: nobody.
    pub fn next_level(&self, to: &str) -> &str {
        match self.recipient(to) {
            Some(recipient) if !recipient.escalate_to.is_empty() => &recipient.escalate_to,
            _ => &self.escalate_to,
        }
    }

    /// The routes that notices of a topic may take.
    pub fn routes_of(&self, topic: &str) -> impl Iterator<Item = &Route> {
        let is_of = move |route: &&Route| route.topics.iter().any(|pattern| fits(pattern, topic));
        self.routes.iter().filter(is_of)
    }

    /// Whether notices of that topic reach anybody: what reaches nobody is not queued.
    pub fn is_routed(&self, topic: &str, pack: &str) -> bool {
        let of_topic = |route: &Route| {
            route.topics.iter().any(|pattern| fits(pattern, topic))
                && (route.packs.is_empty() || route.packs.iter().any(|p| p == pack))
        };
        self.routes.iter().any(of_topic)
    }
}

/// `*` is everything, `ticket.*` all that begins with `ticket.`, all else itself.
fn fits(pattern: &str, word: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(head) => word.starts_with(head),
        None => pattern == word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        let route = |topics: &str, to: &str, packs: &str, channel: &str, urgent| Route {
            topics: vec![topics.into()],
            to: [to].iter().filter(|t| !t.is_empty()).map(|t| (*t).to_owned()).collect(),
            packs: [packs].iter().filter(|t| !t.is_empty()).map(|t| (*t).to_owned()).collect(),
            channels: vec![channel.into()],
            urgent,
        };
        let channel = |name: &str| Channel { name: name.into(), ..Channel::default() };
        let engineering = Recipient {
            name: "工程部".into(),
            channels: vec!["mail".into()],
            escalate_to: "总经理".into(),
            ..Recipient::default()
        };
        Settings {
            channels: vec![channel("group"), channel("mail")],
            routes: vec![
                route("callback.*", "", "wh", "group", false),
                route("callback.dissatisfied", "工程部", "", "group", true),
                route("ticket.*", "", "", "gone", false),
            ],
            recipients: vec![engineering],
            escalate_to: "客服经理".into(),
            ..Settings::default()
        }
    }

    #[test]
    fn every_route_that_fits_adds_its_channels_once() {
        let settings = settings();
        let names = |topic, to, pack| -> Vec<(String, bool)> {
            settings.targets(topic, to, pack).into_iter().map(|t| (t.channel, t.urgent)).collect()
        };
        assert_eq!(names("callback.done", "", "wh"), [("group".to_owned(), false)]);
        assert_eq!(names("callback.done", "", "other"), []);
        assert_eq!(
            names("callback.dissatisfied", "工程部", "wh"),
            [("group".to_owned(), true), ("mail".to_owned(), false)]
        );
        assert_eq!(names("ticket.new", "", ""), [], "the channel is gone");
        assert!(settings.is_routed("callback.done", "wh") && !settings.is_routed("callback.done", "x"));
    }

    #[test]
    fn the_next_level_is_the_recipients_own_or_the_common_one() {
        let settings = settings();
        assert_eq!(settings.next_level("工程部"), "总经理");
        assert_eq!(settings.next_level("李四"), "客服经理");
    }
}
