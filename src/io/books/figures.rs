//! Figures counted over the rows of a period, and the rows behind them.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::{Books, Error, MOST_ROWS, record};
use crate::register::{Record, Source};
use crate::report::{Counted, Figure, Part, Tally};

impl Books {
    /// Counts figures over some days, inclusive: each source is read once, whatever the number of
    /// figures. Rows of other packs are left out, unless `pack` is empty.
    pub(super) async fn tallies(
        &self,
        figures: &[&Figure],
        pack: &str,
        days: (Date, Date),
    ) -> Result<Vec<Tally>, Error> {
        let mut tallies: Vec<Tally> = figures.iter().map(|figure| Tally::new(figure)).collect();
        let mut sources: BTreeMap<Source, Vec<usize>> = BTreeMap::new();
        for (place, tally) in tallies.iter().enumerate() {
            sources.entry(tally.source()).or_default().push(place);
        }
        for (source, places) in sources {
            let mut walk = self.walk(source, days).await?;
            while let Some(chunk) = walk.next().await? {
                for record in chunk.iter().filter(|record| is_of(record, pack)) {
                    for place in &places {
                        tallies[*place].add(record);
                    }
                }
            }
        }
        Ok(tallies)
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

fn is_of(record: &Record, pack: &str) -> bool {
    pack.is_empty() || record.fields.get("pack").is_none_or(|own| own == pack)
}
