//! Titles of types and stages, as ticket files give them.

use super::super::super::api::ticket_types::{StageTitle, TicketType, TicketTypes};
use super::super::super::listing::Items;
use super::super::super::problem::Problem;
use super::super::choice::Choice;
use super::super::frame::{Frame, Visitor};
use super::super::lang::Lang;

/// What ticket files say of types.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Titles(Vec<TicketTypes>);

/// The title in the language of the page, where the file has one; files write English ones small.
fn in_lang(frame: &Frame, title: &str, english: &str) -> String {
    let mut letters = english.chars();
    match letters.next().filter(|_| frame.lang == Lang::English) {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => title.to_owned(),
    }
}

impl From<Vec<TicketTypes>> for Titles {
    fn from(types: Vec<TicketTypes>) -> Titles {
        Titles(types)
    }
}

impl Titles {
    /// Of all packs.
    pub async fn read(visitor: &Visitor) -> Result<Titles, Problem> {
        Ok(Titles(visitor.get::<Items<TicketTypes>>("/ticket-types").await?.items))
    }

    /// The types of a pack, else those of all that have no file.
    pub fn pack(&self, pack: &str) -> Option<&TicketTypes> {
        let of = |word: &str| self.0.iter().find(|types| types.pack == word);
        of(pack).or_else(|| of("default"))
    }

    /// One type.
    pub fn of(&self, pack: &str, kind: &str) -> Option<&TicketType> {
        self.pack(pack)?.types.iter().find(|known| known.word == kind)
    }

    /// Title of a type.
    pub fn kind(&self, frame: &Frame, pack: &str, kind: &str) -> String {
        match self.of(pack, kind) {
            Some(known) => in_lang(frame, &known.title, &known.title_en),
            None => kind.to_owned(),
        }
    }

    /// Title of a stage.
    pub fn stage(&self, frame: &Frame, pack: &str, kind: &str, stage: &str) -> Option<String> {
        let title = |known: &StageTitle| in_lang(frame, &known.title, &known.title_en);
        self.of(pack, kind)?.stages.iter().find(|known| known.word == stage).map(title)
    }

    /// A ticket's state: the title of the stage that is the next, or a word of every ticket.
    pub fn state(&self, frame: &Frame, pack: &str, kind: &str, state: &str) -> String {
        let title = |known: &StageTitle| in_lang(frame, &known.title, &known.title_en);
        let stage = self.of(pack, kind).and_then(|of| of.stages.iter().find(|known| known.state == state));
        stage.map_or_else(|| frame.lang.word("tickets-state", state), title)
    }

    /// Packs as choices.
    pub fn packs(&self, frame: &Frame, chosen: Option<&str>) -> Vec<Choice> {
        let choice = |types: &TicketTypes| Choice {
            value: types.pack.clone(),
            label: in_lang(frame, &types.title, &types.title_en),
            is_chosen: chosen == Some(types.pack.as_str()),
        };
        self.0.iter().map(choice).collect()
    }

    /// Types of a pack, or of all, as choices; each word once.
    pub fn kinds(&self, frame: &Frame, pack: Option<&str>, chosen: Option<&str>) -> Vec<Choice> {
        let packs: Vec<&TicketTypes> = match pack {
            Some(pack) => self.pack(pack).into_iter().collect(),
            None => self.0.iter().collect(),
        };
        let mut found: Vec<Choice> = Vec::new();
        for known in packs.into_iter().flat_map(|types| &types.types) {
            if found.iter().all(|choice| choice.value != known.word) {
                found.push(Choice {
                    value: known.word.clone(),
                    label: in_lang(frame, &known.title, &known.title_en),
                    is_chosen: chosen == Some(known.word.as_str()),
                });
            }
        }
        found
    }

    /// Departments that files name, each once.
    pub fn departments(&self, pack: Option<&str>) -> Vec<String> {
        let packs = self.0.iter().filter(|types| pack.is_none_or(|pack| types.pack == pack));
        let mut all: Vec<String> =
            packs.flat_map(|types| &types.categories).map(|category| category.department.clone()).collect();
        all.sort();
        all.dedup();
        all
    }
}
