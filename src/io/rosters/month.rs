//! A month: kept when it is complete, published to everybody in it, swapped with substitutes.

use jiff::civil::Date;

use super::{Error, Rosters, facts};
use crate::base::Timestamp;
use crate::io::store::roster::RosterMonth;
use crate::notice::NewNotice;
use crate::roster::{Duty, Month, Swap, gaps, read, swap};

/// A swap that somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// What.
    pub swap: Swap,
    /// Why.
    pub reason: String,
}

impl Rosters {
    /// Keeps the duties of a month. A month in which a night misses a role is refused with every
    /// date and role (ROS-01).
    ///
    /// # Errors
    /// [`Error::Invalid`], and the database.
    pub async fn save(
        &self,
        pack: &str,
        month: Month,
        duties: &[Duty],
        by: &str,
        now: Timestamp,
    ) -> Result<RosterMonth, Error> {
        let settings = self.settings(pack);
        let other = duties.iter().enumerate().filter(|(_, d)| !month.holds(d.date));
        let mut wrong: Vec<(String, String)> = other
            .map(|(i, d)| (format!("duties[{i}].date"), format!("{} is not in {month}", d.date)))
            .collect();
        let missing = gaps(month, &settings.roles, duties);
        wrong.extend(missing.iter().map(|gap| {
            let (date, role) = (gap.date, gap.role);
            (format!("{date}/{role}"), format!("the night of {date} has no {} ({role})", role.title()))
        }));
        if !wrong.is_empty() {
            return Err(Error::Invalid(wrong));
        }
        Ok(self.store().save_roster(pack, month, duties, by, now).await?)
    }

    /// The same from the rows of a file.
    ///
    /// # Errors
    /// [`Error::Invalid`] with lines of the file, and those of [`Rosters::save`].
    pub async fn import(
        &self,
        pack: &str,
        month: Month,
        rows: &[(u64, Vec<String>)],
        by: &str,
        now: Timestamp,
    ) -> Result<RosterMonth, Error> {
        let duties = read(month, rows)?;
        self.save(pack, month, &duties, by, now).await
    }

    /// Publishes a month: everybody in it and the departments hear of it.
    ///
    /// # Errors
    /// The database; there is no such month.
    pub async fn publish(
        &self,
        pack: &str,
        month: Month,
        by: &str,
        now: Timestamp,
    ) -> Result<RosterMonth, Error> {
        let settings = self.settings(pack);
        let duties = self.store().roster_duties(pack, &[month], false).await?;
        let told = Duty::told(&duties);
        let nights = duties.iter().filter(|d| d.role == crate::roster::Role::Leader);
        let leaders = nights.map(|d| format!("{} {}", d.date, d.person.name)).collect::<Vec<_>>().join("、");
        let departments = settings.departments.iter().map(|name| (name.clone(), leaders.clone()));
        let notices: Vec<NewNotice> = told
            .into_iter()
            .chain(departments)
            .map(|(person, nights)| NewNotice {
                // Published again after a change it is told again.
                key: format!("roster.published:{pack}/{month}:{}:{person}", now.0),
                topic: "roster.published".into(),
                to: person.clone(),
                subject: format!("roster:{pack}/{month}"),
                pack: pack.to_owned(),
                facts: facts([
                    ("month", month.to_string()),
                    ("title", settings.title.clone()),
                    ("person", person),
                    ("nights", nights),
                    ("by", by.to_owned()),
                ]),
                wants_ack: false,
            })
            .collect();
        Ok(self.store().publish_roster(pack, month, &notices, by, now).await?)
    }

    /// Puts a substitute into a night; both and the departments hear of it.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the field: nobody is named, or nobody of the same role (ROS-03).
    pub async fn swap(
        &self,
        pack: &str,
        month: Month,
        wanted: &Wanted,
        by: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let settings = self.settings(pack);
        let missing =
            || crate::io::store::Error::NotFound { what: "roster", name: format!("{pack}/{month}") };
        let roster = self.store().roster_month(pack, month).await?.ok_or_else(missing)?;
        let duties = self.store().roster_duties(pack, &[month], false).await?;
        let before = month.first().yesterday().map_or(month, Month::of);
        let known = self.store().roster_duties(pack, &[before, month.next()], false).await?;
        let changed = swap(&duties, &known, &wanted.swap)
            .map_err(|(field, problem)| Error::Invalid(vec![(field.to_owned(), problem)]))?;
        let hears = [wanted.swap.person.clone(), wanted.swap.substitute.name.trim().to_owned()];
        let notices: Vec<NewNotice> = hears
            .into_iter()
            .chain(settings.departments.iter().cloned())
            .map(|to| self.swapped(&settings.title, pack, wanted, &to, by, now))
            .collect();
        self.store().swap_duty(&roster, &changed, &wanted.swap, &wanted.reason, &notices, by, now).await?;
        Ok(())
    }

    fn swapped(
        &self,
        title: &str,
        pack: &str,
        wanted: &Wanted,
        to: &str,
        by: &str,
        now: Timestamp,
    ) -> NewNotice {
        let (date, role): (Date, _) = (wanted.swap.date, wanted.swap.role);
        NewNotice {
            key: format!("roster.swapped:{pack}/{date}/{role}:{}:{to}", now.0),
            topic: "roster.swapped".into(),
            to: to.to_owned(),
            subject: format!("roster:{pack}/{}", Month::of(date)),
            pack: pack.to_owned(),
            facts: facts([
                ("date", date.to_string()),
                ("role", role.title().to_owned()),
                ("person", wanted.swap.person.clone()),
                ("substitute", wanted.swap.substitute.name.trim().to_owned()),
                ("reason", wanted.reason.clone()),
                ("title", title.to_owned()),
                ("by", by.to_owned()),
            ]),
            wants_ack: false,
        }
    }
}
