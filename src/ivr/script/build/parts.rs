//! What is said: prompt names, and fields in braces.

use super::super::Part;
use super::super::raw::Text;
use super::{Builder, Checked};
use crate::ivr::spoken::{Kind, MEASURES};
use crate::written::Mistake;

/// Most parts in one list of prompts; what is longer belongs into one recording.
pub const MAX_PARTS: usize = 32;

impl Builder<'_> {
    pub(super) fn parts(&self, raw: &[Text]) -> Checked<Vec<Part>> {
        if let Some(extra) = raw.get(MAX_PARTS) {
            return self.fail(
                extra.span(),
                format!("more than {MAX_PARTS} parts in one list"),
                "record longer prompts",
            );
        }
        raw.iter().map(|text| self.part(text)).collect()
    }

    fn part(&self, text: &Text) -> Checked<Part> {
        let word = text.get_ref();
        let Some(inside) = word.strip_prefix('{').and_then(|w| w.strip_suffix('}')) else {
            return Ok(Part::Prompt(self.prompt_name(text)?));
        };
        let mut pieces = inside.splitn(3, ':');
        let kind = pieces.next().unwrap_or_default();
        let field = pieces.next();
        let measure = pieces.next();
        let named = |field: &str| self.field(&toml::Spanned::new(text.span(), field.to_owned()));
        match (kind, field) {
            ("name", None) => Ok(Part::Name),
            ("later", None) => Ok(Part::LaterTime),
            ("text", Some(field)) if measure.is_none() => Ok(Part::Text(named(field)?)),
            ("items", Some(field)) if measure.is_none() => Ok(Part::Items(named(field)?)),
            (_, Some(field)) => match Kind::parse(kind, measure) {
                Some(kind) => Ok(Part::Field { field: named(field)?, kind }),
                None => Err(self.unknown_part(text)),
            },
            _ => Err(self.unknown_part(text)),
        }
    }

    fn unknown_part(&self, text: &Text) -> Mistake {
        let hint = format!(
            "use {{name}}, {{later}}, {{text:column}}, {{items:column}}, {{number:column}}, {{digits:column}}, \
             {{money:column}}, {{date:column}}, {{weekday:column}}, {{time:column}}, {{duration:column}} or \
             {{count:column:{}}}",
            MEASURES.join("|")
        );
        let message = format!("`{}` cannot be spoken", text.get_ref());
        self.sources.error(text.span(), message, hint)
    }

    /// A name that is safe as a path below the folder of a language.
    pub(super) fn prompt_name(&self, text: &Text) -> Checked<String> {
        if is_prompt_name(text.get_ref()) {
            return Ok(text.get_ref().clone());
        }
        self.fail(
            text.span(),
            format!("`{}` is not a prompt name", text.get_ref()),
            "use lower-case letters, digits, - and _, with / between folders: survey/thanks",
        )
    }
}

/// Lower-case letters, digits, `-`, `_`; folders by single slashes; at most 100 characters.
pub(in crate::ivr) fn is_prompt_name(name: &str) -> bool {
    (1..=100).contains(&name.len())
        && name.split('/').all(|folder| {
            !folder.is_empty() && folder.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
        })
}
