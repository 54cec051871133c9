//! From notices to the one message that tells of them.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::channel::Channel;
use super::mask::Masks;
use super::text::{Language, Templates};
use crate::base::Timestamp;

/// Notices that the text of a digest shows whole; of the others it shows the titles.
const SHOWN_WHOLE: usize = 5;
/// Titles that a digest shows.
const SHOWN_TITLES: usize = 30;

/// A notice on its way, as stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Item {
    /// Its key.
    pub key: String,
    /// What it is about.
    pub topic: String,
    /// Whom it is for; may be empty.
    pub to: String,
    /// The record it is about.
    pub subject: String,
    /// Pack of that record.
    pub pack: String,
    /// Its facts: whole as stored, covered in a [`Message`].
    pub facts: BTreeMap<String, String>,
    /// How often it was sent before without an acknowledgement.
    pub round: u32,
    /// `sms:13800000001` or `email:zhang@example.com` of a customer who is told; empty: it is for
    /// people of our own.
    pub address: String,
}

/// A file that goes with a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// File name.
    pub name: String,
    /// Its text, UTF-8.
    pub text: String,
}

/// What one channel is given at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Names the message; the same for every attempt, so that the other side knows it again.
    pub id: String,
    /// When the first notice was made.
    pub at: Timestamp,
    /// One line.
    pub title: String,
    /// All of it, as plain lines.
    pub text: String,
    /// The notices, with covered facts, and their titles and texts.
    pub items: Vec<(Item, String, String)>,
    /// A file.
    pub attachment: Option<Attachment>,
}

/// The id of a message with these notices by a channel: 32 hex digits that follow from what is
/// told and to whom, and so are the same after a crash.
pub fn message_id<'a>(channel: &str, notices: impl IntoIterator<Item = (&'a str, u32)>) -> String {
    let mut hash = Sha256::new();
    hash.update(channel);
    for (key, round) in notices {
        hash.update(format!("\n{round} {key}"));
    }
    hash.finalize().iter().take(16).map(|b| format!("{b:02x}")).collect()
}

/// Makes the message of these notices for a channel: facts covered, texts filled in, several
/// gathered into one.
pub fn compose(
    channel: &Channel,
    templates: &Templates,
    masks: &Masks,
    id: &str,
    at: Timestamp,
    items: &[Item],
    attachment: Option<Attachment>,
) -> Message {
    let filled = items.iter().map(|item| {
        // Customers may see their own name.
        let facts = match item.address.is_empty() {
            true => masks.cover(&item.pack, &item.to, channel.kind.is_group(), &item.facts),
            false => item.facts.clone(),
        };
        let about = [item.to.as_str(), item.subject.as_str(), item.pack.as_str()];
        let (mut title, text) = templates.fill(channel.language, &item.topic, about, &facts);
        if item.round > 0 {
            title = format!("{}{title}", again(channel.language, item.round));
        }
        (Item { facts, ..item.clone() }, title, text)
    });
    let items: Vec<(Item, String, String)> = filled.collect();
    let (title, text) = match items.as_slice() {
        [(_, title, text)] => (title.clone(), text.clone()),
        many => digest(channel.language, many),
    };
    Message { id: id.to_owned(), at, title, text, items, attachment }
}

fn again(language: Language, round: u32) -> String {
    match language {
        Language::Chinese => format!("[第{}次提醒] ", round + 1),
        Language::English => format!("[reminder {}] ", round + 1),
    }
}

fn digest(language: Language, items: &[(Item, String, String)]) -> (String, String) {
    let count = items.len();
    let first = items.first().map_or("", |(_, title, _)| title.as_str());
    let title = match language {
        Language::Chinese => format!("{first} 等{count}条"),
        Language::English => format!("{first} and {} more", count.saturating_sub(1)),
    };
    let mut lines = Vec::new();
    for (place, (_, title, text)) in items.iter().take(SHOWN_TITLES).enumerate() {
        lines.push(format!("{}. {title}", place + 1));
        if count <= SHOWN_WHOLE {
            lines.extend(text.lines().map(|line| format!("   {line}")));
        }
    }
    if count > SHOWN_TITLES {
        lines.push(match language {
            Language::Chinese => format!("……另有{}条", count - SHOWN_TITLES),
            Language::English => format!("... and {} more", count - SHOWN_TITLES),
        });
    }
    (title, lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(n: u32) -> Item {
        let facts = [("customer".to_owned(), format!("张{n}"))].into_iter().collect();
        Item { key: format!("k{n}"), topic: "t".into(), facts, ..Item::default() }
    }

    #[test]
    fn the_id_follows_from_what_is_told_and_to_whom() {
        let id = message_id("group", [("callback.done:1", 0)]);
        assert_eq!(id.len(), 32);
        assert_eq!(id, message_id("group", [("callback.done:1", 0)]));
        assert_ne!(id, message_id("other", [("callback.done:1", 0)]));
        assert_ne!(id, message_id("group", [("callback.done:1", 1)]), "a reminder is another message");
        assert_ne!(id, message_id("group", [("callback.done:1", 0), ("callback.done:2", 0)]));
    }

    #[test]
    fn many_become_one_and_each_keeps_its_own_place() {
        let templates = Templates::default();
        let channel = Channel { language: Language::English, ..Channel::default() };
        let items: Vec<Item> = (0..40).map(item).collect();
        let masks = Masks { names: ["customer".to_owned()].into(), ..Masks::default() };
        let message = compose(&channel, &templates, &masks, "id", Timestamp(0), &items, None);
        assert_eq!(message.title, "t and 39 more");
        assert!(message.text.ends_with("... and 10 more"), "{}", message.text);
        assert_eq!(message.items.len(), 40);
        assert_eq!(message.items[7].0.facts["customer"], "张*");
        let again = Item { round: 1, ..item(1) };
        let message = compose(&channel, &templates, &masks, "id", Timestamp(0), &[again], None);
        assert_eq!(message.title, "[reminder 2] t");
        assert_eq!(message.text, "customer: 张*");
    }
}
