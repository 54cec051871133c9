//! The words of the console in Chinese and English: one Fluent catalogue a language, with the same keys,
//! and a phrasebook for what the daemon says.

mod pattern;
mod phrases;

use std::borrow::Cow;
use std::sync::{LazyLock, OnceLock};

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

use self::phrases::Phrasebook;

/// Files of each catalogue; a key stands in one of them.
const CHINESE: [&str; 11] = [
    include_str!("locales/zh-CN/console.ftl"),
    include_str!("locales/zh-CN/calls.ftl"),
    include_str!("locales/zh-CN/words.ftl"),
    include_str!("locales/zh-CN/lists.ftl"),
    include_str!("locales/zh-CN/customers.ftl"),
    include_str!("locales/zh-CN/desk.ftl"),
    include_str!("locales/zh-CN/tickets.ftl"),
    include_str!("locales/zh-CN/audit.ftl"),
    include_str!("locales/zh-CN/reports.ftl"),
    include_str!("locales/zh-CN/settings.ftl"),
    include_str!("locales/zh-CN/acts.ftl"),
];
const ENGLISH: [&str; 11] = [
    include_str!("locales/en/console.ftl"),
    include_str!("locales/en/calls.ftl"),
    include_str!("locales/en/words.ftl"),
    include_str!("locales/en/lists.ftl"),
    include_str!("locales/en/customers.ftl"),
    include_str!("locales/en/desk.ftl"),
    include_str!("locales/en/tickets.ftl"),
    include_str!("locales/en/audit.ftl"),
    include_str!("locales/en/reports.ftl"),
    include_str!("locales/en/settings.ftl"),
    include_str!("locales/en/acts.ftl"),
];

/// What the daemon says, and how it is said in Chinese; in order of the pages that show it.
const SENTENCES: [&str; 13] = [
    include_str!("locales/zh-CN/sentences/import.txt"),
    include_str!("locales/zh-CN/sentences/plan.txt"),
    include_str!("locales/zh-CN/sentences/policies.txt"),
    include_str!("locales/zh-CN/sentences/scripts.txt"),
    include_str!("locales/zh-CN/sentences/customers.txt"),
    include_str!("locales/zh-CN/sentences/calls.txt"),
    include_str!("locales/zh-CN/sentences/tickets.txt"),
    include_str!("locales/zh-CN/sentences/audit.txt"),
    include_str!("locales/zh-CN/sentences/reports.txt"),
    include_str!("locales/zh-CN/sentences/settings.txt"),
    include_str!("locales/zh-CN/sentences/web.txt"),
    include_str!("locales/zh-CN/sentences/words.txt"),
    include_str!("locales/zh-CN/sentences/libraries.txt"),
];

/// A language of the console.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    /// Chinese as written on the mainland.
    #[default]
    Chinese,
    /// English.
    English,
}

impl Lang {
    /// What a file calls something: its English title where that is asked for and given, else the Chinese one.
    pub fn title<'a>(self, chinese: &'a str, english: &'a str) -> &'a str {
        if self == Lang::English && !english.is_empty() { english } else { chinese }
    }

    /// The tag of BCP 47.
    pub const fn tag(self) -> &'static str {
        match self {
            Lang::Chinese => "zh-CN",
            Lang::English => "en",
        }
    }

    /// The language of that tag.
    pub fn of_tag(tag: &str) -> Option<Lang> {
        [Lang::Chinese, Lang::English].into_iter().find(|lang| lang.tag() == tag)
    }

    /// The other one, for the toggle.
    pub const fn other(self) -> Lang {
        match self {
            Lang::Chinese => Lang::English,
            Lang::English => Lang::Chinese,
        }
    }

    /// What a browser would like, by `Accept-Language`; the first that is known, else Chinese.
    pub fn accepted(header: &str) -> Lang {
        let tags = header.split(',').map(|part| part.split(';').next().unwrap_or_default().trim());
        let known = tags.filter_map(|tag| match tag.get(..2)? {
            "zh" => Some(Lang::Chinese),
            "en" => Some(Lang::English),
            _ => None,
        });
        known.into_iter().next().unwrap_or_default()
    }

    fn bundle(self) -> &'static FluentBundle<FluentResource> {
        static CHINESE_WORDS: OnceLock<FluentBundle<FluentResource>> = OnceLock::new();
        static ENGLISH_WORDS: OnceLock<FluentBundle<FluentResource>> = OnceLock::new();
        match self {
            Lang::Chinese => CHINESE_WORDS.get_or_init(|| bundle(self, &CHINESE)),
            Lang::English => ENGLISH_WORDS.get_or_init(|| bundle(self, &ENGLISH)),
        }
    }

    /// The text of a key.
    pub fn text(self, key: &str) -> Cow<'static, str> {
        self.format(key, None)
    }

    /// The text of a key with one value in it.
    pub fn with(self, key: &str, name: &str, value: impl Valued) -> Cow<'static, str> {
        let args: FluentArgs<'static> = [(name.to_owned(), value.value())].into_iter().collect();
        self.format(key, Some(&args))
    }

    /// The text of a key with two values in it.
    pub fn with2(
        self,
        key: &str,
        first: &str,
        one: impl Valued,
        second: &str,
        two: impl Valued,
    ) -> Cow<'static, str> {
        let args: FluentArgs<'static> =
            [(first.to_owned(), one.value()), (second.to_owned(), two.value())].into_iter().collect();
        self.format(key, Some(&args))
    }

    /// The text of a stable word of the program: `<kind>-<word>`; a word without a text is shown as it is.
    pub fn word(self, kind: &str, word: &str) -> String {
        let key = format!("{kind}-{}", word.replace('_', "-"));
        match self.bundle().has_message(&key) {
            true => self.text(&key).into_owned(),
            false => word.replace('_', " "),
        }
    }

    /// What the daemon says, which is English, in this language, as far as the phrasebook has it.
    pub fn said(self, sentence: &str) -> Cow<'_, str> {
        static BOOK: LazyLock<Phrasebook> = LazyLock::new(|| Phrasebook::of(&SENTENCES));
        match self {
            Lang::Chinese => BOOK.say(sentence),
            Lang::English => Cow::Borrowed(sentence),
        }
    }

    fn format(self, key: &str, args: Option<&FluentArgs<'_>>) -> Cow<'static, str> {
        let pattern = self.bundle().get_message(key).and_then(|message| message.value());
        let Some(pattern) = pattern else {
            tracing::error!(key, lang = self.tag(), "the console has no text for a key");
            return Cow::Owned(key.to_owned());
        };
        let mut errors = Vec::new();
        let text = self.bundle().format_pattern(pattern, args, &mut errors).into_owned();
        if !errors.is_empty() {
            tracing::error!(key, ?errors, "a text of the console lacks a value");
        }
        Cow::Owned(text)
    }
}

/// A value that stands in a text.
pub trait Valued {
    /// As Fluent takes it.
    fn value(&self) -> FluentValue<'static>;
}

impl Valued for str {
    fn value(&self) -> FluentValue<'static> {
        FluentValue::from(self.to_owned())
    }
}

impl Valued for String {
    fn value(&self) -> FluentValue<'static> {
        self.as_str().value()
    }
}

impl Valued for i64 {
    fn value(&self) -> FluentValue<'static> {
        FluentValue::from(*self)
    }
}

/// Templates hand on what they hold by reference, however deep.
impl<T: Valued + ?Sized> Valued for &T {
    fn value(&self) -> FluentValue<'static> {
        (*self).value()
    }
}

fn bundle(lang: Lang, files: &[&str]) -> FluentBundle<FluentResource> {
    // Both tags are valid; a test would see plural forms of no language.
    let tag: LanguageIdentifier = lang.tag().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![tag]);
    // Marks of direction around values would stand in every name that is copied out.
    bundle.set_use_isolating(false);
    for file in files {
        let resource = FluentResource::try_new((*file).to_owned()).unwrap_or_else(|(whole, errors)| {
            tracing::error!(?errors, "a catalogue of the console has mistakes");
            whole
        });
        if let Err(errors) = bundle.add_resource(resource) {
            tracing::error!(?errors, "a catalogue of the console has a key twice");
        }
    }
    bundle
}

#[cfg(test)]
mod tests;
