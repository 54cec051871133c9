//! Texts of notices: templates as files, in Chinese and in English.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Topic whose template stands in where a topic has none of its own.
pub const GENERIC: &str = "*";

/// Placeholders of every template.
const ALWAYS: [&str; 5] = ["topic", "to", "subject", "pack", "facts"];

/// Language of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Language {
    /// Chinese, simplified.
    #[default]
    #[serde(rename = "zh-CN")]
    Chinese,
    /// English.
    #[serde(rename = "en")]
    English,
}

impl Language {
    /// The tag of RFC 5646.
    pub const fn as_str(self) -> &'static str {
        match self {
            Language::Chinese => "zh-CN",
            Language::English => "en",
        }
    }
}

/// What is wrong with a file of templates, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TextError(pub String);

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    title: String,
    text: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Topic {
    /// Facts that its texts may name.
    #[serde(default)]
    facts: BTreeSet<String>,
    #[serde(rename = "zh-CN")]
    chinese: Text,
    en: Text,
    /// Its file.
    #[serde(skip)]
    file: String,
    /// The file is the house's own.
    #[serde(skip)]
    is_own: bool,
}

/// The template of a topic, as its file has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Template<'a> {
    /// The topic.
    pub topic: &'a str,
    /// The file that it stands in.
    pub file: &'a str,
    /// The file is the house's own; else it comes with the program.
    pub is_own: bool,
    /// Facts that its texts may name.
    pub facts: &'a BTreeSet<String>,
    /// Title and text in Chinese.
    pub chinese: (&'a str, &'a str),
    /// Title and text in English.
    pub english: (&'a str, &'a str),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    topic: BTreeMap<String, Topic>,
}

/// The templates of all topics.
#[derive(Clone, Debug, Default)]
pub struct Templates {
    topics: BTreeMap<String, Topic>,
}

impl Templates {
    /// Adds the topics of a file; a topic that is known already is taken from this one.
    ///
    /// # Errors
    /// The file is no such file, or a text names a fact that its topic does not list.
    pub fn add(&mut self, name: &str, text: &str) -> Result<(), TextError> {
        let wrong = |problem: String| TextError(format!("notices/{name}: {problem}"));
        let file: File = toml::from_str(text).map_err(|e| wrong(e.to_string().trim().to_owned()))?;
        for (topic, template) in &file.topic {
            let texts = [&template.chinese, &template.en];
            for text in texts.into_iter().flat_map(|t| [&t.title, &t.text]) {
                for named in placeholders(text).map_err(|e| wrong(format!("topic `{topic}`: {e}")))? {
                    if !ALWAYS.contains(&named) && !template.facts.contains(named) {
                        return Err(wrong(format!(
                            "topic `{topic}`: `{{{named}}}` is no fact of it: list it under `facts`, or write one of {}",
                            template.facts.iter().cloned().collect::<Vec<_>>().join(", ")
                        )));
                    }
                }
            }
        }
        self.topics.extend(file.topic.into_iter().map(|(topic, template)| {
            let template = Topic { file: name.to_owned(), ..template };
            (topic, template)
        }));
        Ok(())
    }

    /// Notes that a file is the house's own.
    pub fn note_own(&mut self, file: &str) {
        self.topics.values_mut().filter(|topic| topic.file == file).for_each(|topic| topic.is_own = true);
    }

    /// Every template, by topic.
    pub fn all(&self) -> impl Iterator<Item = Template<'_>> {
        self.topics.iter().map(|(topic, template)| Template {
            topic,
            file: &template.file,
            is_own: template.is_own,
            facts: &template.facts,
            chinese: (&template.chinese.title, &template.chinese.text),
            english: (&template.en.title, &template.en.text),
        })
    }

    /// Whether the topic has a template of its own.
    pub fn has(&self, topic: &str) -> bool {
        self.topics.contains_key(topic)
    }

    /// Title and text of a notice. Facts that are missing leave nothing, and a line of which
    /// every placeholder is empty is left out.
    pub fn fill(
        &self,
        language: Language,
        topic: &str,
        about: [&str; 3],
        facts: &BTreeMap<String, String>,
    ) -> (String, String) {
        let [to, subject, pack] = about;
        let all = facts.iter().map(|(key, value)| format!("{key}: {value}")).collect::<Vec<_>>().join("\n");
        let look = |name: &str| match name {
            "topic" => topic.to_owned(),
            "to" => to.to_owned(),
            "subject" => subject.to_owned(),
            "pack" => pack.to_owned(),
            "facts" => all.clone(),
            name => facts.get(name).cloned().unwrap_or_default(),
        };
        let Some(found) = self.topics.get(topic).or_else(|| self.topics.get(GENERIC)) else {
            return (topic.to_owned(), all);
        };
        let text = match language {
            Language::Chinese => &found.chinese,
            Language::English => &found.en,
        };
        let lines: Vec<String> = text.text.lines().filter_map(|line| filled(line, &look)).collect();
        (filled(&text.title, &look).unwrap_or_else(|| topic.to_owned()), lines.join("\n"))
    }
}

/// Names between braces; `{{` is a brace.
fn placeholders(text: &str) -> Result<Vec<&str>, String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('{') {
            rest = after;
            continue;
        }
        let end = rest.find('}').ok_or("a `{` is opened and not closed: write `{{` for a brace")?;
        found.push(&rest[..end]);
        rest = &rest[end + 1..];
    }
    Ok(found)
}

/// The line with its facts; None where it names some and all of them are empty.
fn filled(line: &str, look: &dyn Fn(&str) -> String) -> Option<String> {
    let (mut made, mut rest) = (String::new(), line);
    let (mut named, mut given) = (false, false);
    while let Some(at) = rest.find('{') {
        made.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('{') {
            made.push('{');
            rest = after;
            continue;
        }
        let (name, after) = rest.split_once('}')?;
        let value = look(name);
        named = true;
        given |= !value.is_empty();
        made.push_str(&value);
        rest = after;
    }
    made.push_str(rest);
    (given || !named).then_some(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "
[topic.\"callback.done\"]
facts = [\"customer\", \"phone\", \"note\"]
zh-CN = { title = \"回访完成:{customer}\", text = \"电话:{phone}\\n备注:{note}\\n--\" }
en = { title = \"Callback done: {customer}\", text = \"Phone: {phone}\\nNote: {note}\" }
[topic.\"*\"]
zh-CN = { title = \"{topic}\", text = \"{facts}\" }
en = { title = \"{topic}\", text = \"{facts}\" }
";

    fn facts(all: &[(&str, &str)]) -> BTreeMap<String, String> {
        all.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn texts_are_filled_in_both_languages_and_empty_lines_go() {
        let mut templates = Templates::default();
        templates.add("a.toml", FILE).unwrap();
        let facts = facts(&[("customer", "张*"), ("phone", "138****0001")]);
        let (title, text) = templates.fill(Language::Chinese, "callback.done", ["", "", ""], &facts);
        assert_eq!((title.as_str(), text.as_str()), ("回访完成:张*", "电话:138****0001\n--"));
        let (title, text) = templates.fill(Language::English, "callback.done", ["", "", ""], &facts);
        assert_eq!((title.as_str(), text.as_str()), ("Callback done: 张*", "Phone: 138****0001"));
        let (title, text) = templates.fill(Language::English, "ticket.new", ["", "", ""], &facts);
        assert_eq!((title.as_str(), text.as_str()), ("ticket.new", "customer: 张*\nphone: 138****0001"));
    }

    #[test]
    fn a_placeholder_that_is_no_fact_is_refused_with_those_that_are() {
        let refused =
            |from: &str, to: &str| Templates::default().add("a.toml", &FILE.replace(from, to)).unwrap_err().0;
        let said = refused("{phone}", "{fone}");
        assert!(said.contains("notices/a.toml") && said.contains("`{fone}`"), "{said}");
        assert!(said.contains("customer, note, phone"), "{said}");
        assert!(refused("{note}", "{note").contains("not closed"));
        assert!(refused("en = ", "english = ").contains("english"));
    }
}
