//! Figures counted over the rows of a period, and the rows behind them.

use std::collections::BTreeMap;

use jiff::civil::Date;
use tokio::task::JoinSet;

use super::{Books, Error, MOST_ROWS, record};
use crate::register::{Record, Source, Wanted};
use crate::report::{Counted, Figure, Part, Tally};

impl Books {
    /// Counts figures over some days, inclusive: each source is read once, whatever the number of
    /// figures, with those that are parts of its rows. Rows of other packs are left out, unless `pack` is empty.
    pub(super) async fn tallies(
        &self,
        figures: &[&Figure],
        pack: &str,
        days: (Date, Date),
    ) -> Result<Vec<Tally>, Error> {
        let mut wholes: BTreeMap<Source, BTreeMap<Source, Vec<(usize, Tally)>>> = BTreeMap::new();
        for (place, figure) in figures.iter().enumerate() {
            let parts = wholes.entry(figure.from.whole()).or_default();
            parts.entry(figure.from).or_default().push((place, Tally::new(figure)));
        }
        // A source is waited for and computed in turns: side by side they take as long as the longest.
        let mut walks = JoinSet::new();
        for (whole, tallies) in wholes {
            let wanted = wanted(figures.iter().filter(|figure| figure.from.whole() == whole));
            let (books, pack) = (self.clone(), pack.to_owned());
            walks.spawn(async move { books.counted_of(tallies, wanted, &pack, days).await });
        }
        let mut counted = Vec::with_capacity(figures.len());
        while let Some(walked) = walks.join_next().await {
            // None is cancelled: one that failed to end has panicked.
            counted.extend(walked.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))?);
        }
        counted.sort_by_key(|(place, _)| *place);
        Ok(counted.into_iter().map(|(_, tally)| tally).collect())
    }

    /// Counts figures of sources that are read together.
    async fn counted_of(
        &self,
        mut tallies: BTreeMap<Source, Vec<(usize, Tally)>>,
        wanted: Wanted,
        pack: &str,
        days: (Date, Date),
    ) -> Result<Vec<(usize, Tally)>, Error> {
        let mut walk = self.walk_over(tallies.keys().copied().collect(), wanted, days).await?;
        while let Some(chunk) = walk.next_of_each().await? {
            for (source, records) in chunk {
                let Some(tallies) = tallies.get_mut(&source) else { continue };
                for record in records.iter().filter(|record| is_of(record, pack)) {
                    tallies.iter_mut().for_each(|(_, tally)| tally.add(record));
                }
            }
        }
        Ok(tallies.into_values().flatten().collect())
    }

    /// The figures themselves.
    pub(super) async fn counted(
        &self,
        figures: &[Figure],
        pack: &str,
        days: (Date, Date),
    ) -> Result<Vec<Counted>, Error> {
        let figures: Vec<&Figure> = figures.iter().collect();
        Ok(self.tallies(&figures, pack, days).await?.into_iter().map(Tally::finish).collect())
    }

    /// The rows behind a figure: of one part of it, and of one of its lines, where asked for.
    pub(super) async fn behind(
        &self,
        figure: &Figure,
        pack: &str,
        days: (Date, Date),
        (part, group): (Option<Part>, Option<&str>),
        unmask: bool,
    ) -> Result<Vec<Record>, Error> {
        let mut found = Vec::new();
        let mut walk = self.walk(figure.from, days).await?;
        while let Some(chunk) = walk.next().await? {
            let wanted = chunk.into_iter().filter(|record| {
                is_of(record, pack)
                    && figure.part(record).is_some_and(|own| part.is_none_or(|part| part == own))
                    && group.is_none_or(|group| figure.group(record) == group)
            });
            found.extend(wanted);
            if found.len() > MOST_ROWS {
                return Err(Error::Refused(format!(
                    "more than {MOST_ROWS} rows stand behind it: ask for a line of it"
                )));
            }
        }
        if !unmask {
            found.iter_mut().for_each(record::mask);
        }
        Ok(found)
    }
}

/// What is read of rows to count figures.
fn wanted<'a>(figures: impl Iterator<Item = &'a &'a Figure> + Clone) -> Wanted {
    let own = || figures.clone().flat_map(|figure| figure.fields()).chain(["pack"]);
    let read = Wanted::only(own());
    let made_of: Vec<&str> = figures.clone().flat_map(|figure| record::made_of(figure.from, &read)).collect();
    Wanted::only(own().chain(made_of))
}

fn is_of(record: &Record, pack: &str) -> bool {
    pack.is_empty() || record.fields.get("pack").is_none_or(|own| own == pack)
}
