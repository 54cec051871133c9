//! The files a script is read from: its own, and the frame it stands in.

use std::collections::BTreeMap;
use std::ops::Range;

use super::MAX_SCRIPT_BYTES;
use super::raw::RawScript;
use crate::written::{Mistake, Place};

/// Frames by name: what many scripts have in common, such as the keys for wishes, the
/// goodbyes and the way with machines, written once. A frame is a script without its
/// questions, in the folder `frames`; a script names it by `frame = "survey"`.
#[derive(Clone, Debug, Default)]
pub struct Frames(BTreeMap<String, (String, String)>);

impl Frames {
    /// Whether a file of the scripts' folder is a frame: `frames/survey.toml`.
    pub fn is_frame(file: &str) -> bool {
        file.rsplit(['/', '\\']).nth(1) == Some("frames")
    }

    /// Adds a frame. `file` is shown in errors; its stem is the name.
    pub fn insert(&mut self, file: &str, text: &str) {
        self.0.insert(stem(file).into(), (file.into(), text.into()));
    }

    /// The names, sorted.
    pub(super) fn names(&self) -> impl Iterator<Item = &String> {
        self.0.keys()
    }
}

/// File name without `.toml`.
pub(super) fn stem(file: &str) -> &str {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    name.strip_suffix(".toml").unwrap_or(name)
}

/// The texts of one script. A place is a byte of the script's text, or, past its end, a byte
/// of the frame's, so that one number tells both file and line.
#[derive(Clone, Copy)]
pub(super) struct Sources<'a> {
    file: &'a str,
    text: &'a str,
    frame: Option<(&'a str, &'a str)>,
}

impl<'a> Sources<'a> {
    /// Of a script that is not yet known to stand in a frame.
    pub(super) fn new(file: &'a str, text: &'a str) -> Self {
        Sources { file, text, frame: None }
    }

    /// With the frame of that name, if there is one.
    pub(super) fn within(self, frames: &'a Frames, name: &str) -> Option<Self> {
        let (file, text) = frames.0.get(name)?;
        Some(Sources { frame: Some((file, text)), ..self })
    }

    /// File of the script itself.
    pub(super) fn file(&self) -> &'a str {
        self.file
    }

    /// The script's own text, as TOML.
    pub(super) fn read_own(&self) -> Result<RawScript, Mistake> {
        self.read(self.text)
    }

    /// The frame's text, as TOML: blank lines stand where the script's text is, which gives
    /// every place of the frame its number.
    pub(super) fn read_frame(&self) -> Result<RawScript, Mistake> {
        let text = self.frame.map_or("", |(_, text)| text);
        if text.len() > MAX_SCRIPT_BYTES {
            let message = format!("the file has {} bytes, more than {MAX_SCRIPT_BYTES}", text.len());
            return Err(self.error(self.text.len()..self.text.len(), message, "a frame is a few pages"));
        }
        self.read(&("\n".repeat(self.text.len()) + text))
    }

    fn read(&self, text: &str) -> Result<RawScript, Mistake> {
        toml::from_str(text).map_err(|e| {
            let hint =
                "config/scripts/generic.toml and its frame, frames/survey.toml, show every table and key";
            self.error(e.span().unwrap_or(0..0), e.message(), hint)
        })
    }

    /// An error about a place. In a frame it also says for which script, since another one
    /// may stand in it well.
    pub(super) fn error(
        &self,
        span: Range<usize>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Mistake {
        let own = self.text.len();
        match self.frame {
            Some((file, text)) if span.start >= own => {
                let message = format!("{} (read for {})", message.into(), self.file);
                let span = span.start - own..span.end.saturating_sub(own);
                Mistake::at(file, Place::of(text, span), message, hint)
            }
            _ => Mistake::at(self.file, Place::of(self.text, span), message, hint),
        }
    }

    /// Whether a place is in the frame.
    pub(super) fn is_in_frame(&self, span: &Range<usize>) -> bool {
        self.frame.is_some() && span.start >= self.text.len()
    }
}
