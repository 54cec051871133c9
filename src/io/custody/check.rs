//! The daemon's own look at the files, slowly and for ever: what is missing, altered or unknown is an
//! alarm. A restart goes on where it was.

use std::collections::BTreeSet;
use std::time::Duration;

use super::hash::{Look, look, whole};
use super::strays::{BEHIND, DAY, call_of, strays};
use super::{ACTOR, Custody, Error};
use crate::base::{CallId, Mono, Timestamp};
use crate::io::clock::Clock;
use crate::io::store::NewWarning;
use crate::io::store::custody::{CheckRow, Expected};
use crate::io::vault::below;

/// Calls whose files are read before it is kept how far the look has come: a daemon that ends waits for them.
const CALLS: u32 = 1;
/// Calls whose files are looked for at once, at the beginning.
const AT_ONCE: u32 = 500;
/// How long one turn reads.
const TURN: Duration = Duration::from_secs(5);
/// Alarms of one look: where a whole disk is gone the rest is counted, and told as a number.
const MOST_ALARMS: i64 = 100;
/// Words of warnings that go when they hold no more.
const CODES: [&str; 4] =
    ["recording_missing", "recording_altered", "recording_unreadable", "recording_added"];

/// The keeper in this part: looks at files in turns of its own.
#[derive(Clone, Debug)]
pub struct Checker(pub Custody);

impl Checker {
    /// Begins a look when it is due: first whether every file is there, and whether there are others,
    /// then one after the other as it is read. Whether more is to be done at once, and when the next
    /// look is due.
    ///
    /// # Errors
    /// The database or the folder; the next turn goes on.
    pub async fn turn(&self, now: Timestamp) -> Result<(bool, Timestamp), Error> {
        let custody = &self.0;
        let every = custody.settings().check_every;
        if every.is_zero() {
            return Ok((false, Timestamp(i64::MAX)));
        }
        let check = match custody.store().last_check().await? {
            Some(row) if row.finished_at.is_none() => row,
            Some(row) if Timestamp(row.started_at) + every > now => {
                return Ok((false, Timestamp(row.started_at) + every));
            }
            _ => {
                let row = custody.store().begin_check(now).await?;
                custody.close_over(now).await?;
                custody.look_for_all(row, now).await?
            }
        };
        let finished = custody.read_on(check, now).await?;
        Ok((!finished, now))
    }
}

impl Custody {
    /// Whether every file is there, without reading it; and files that no row knows.
    async fn look_for_all(&self, mut check: CheckRow, now: Timestamp) -> Result<CheckRow, Error> {
        let mut known: BTreeSet<String> = BTreeSet::new();
        let tickets = self.store().expected_ticket_files().await?;
        known.extend(tickets.iter().map(|file| file.path.clone()));
        check.problems += self.look_for(tickets, 0, now).await?;
        let mut after = String::new();
        loop {
            let (expected, last) = self.store().expected_files(&after, BEHIND, AT_ONCE).await?;
            let Some(last) = last else { break };
            let odd = expected.iter().filter(|file| call_of(&file.path).is_none());
            known.extend(odd.map(|file| file.path.clone()));
            check.problems += self.look_for(expected, check.problems, now).await?;
            after = last;
        }
        let mut added = Vec::new();
        strays(self.store(), &self.parts.folder, &known, |path| added.push(path)).await?;
        for path in added {
            check.problems += 1;
            if check.problems > MOST_ALARMS {
                continue;
            }
            let detail = "it is in the recordings folder, and no row knows it".to_owned();
            // The day of its folder, so that the same file is told of once.
            let day = path.get(..DAY).and_then(|day| day.replace('/', "-").parse().ok());
            let day = day.unwrap_or_else(|| self.calendar().date(now));
            let code = "recording_added".to_owned();
            self.alarm(NewWarning { day, code, subject: path, detail }, now).await?;
        }
        if check.problems > MOST_ALARMS {
            tracing::error!(
                problems = check.problems,
                "more files are not as they must be: run `ringback verify`"
            );
        }
        self.store().keep_check(&check).await?;
        Ok(check)
    }

    /// How many of them are not there; `told` alarms were raised already.
    async fn look_for(&self, expected: Vec<Expected>, told: i64, now: Timestamp) -> Result<i64, Error> {
        let folder = self.parts.folder.clone();
        let missing = tokio::task::spawn_blocking(move || {
            let is_gone = |file: &Expected| {
                whole(&folder, file).is_some_and(|path| path.map_or(true, |path| !path.is_file()))
            };
            expected.into_iter().filter(is_gone).collect::<Vec<_>>()
        });
        let mut problems = 0;
        for file in missing.await.unwrap_or_default() {
            let is_told = told + problems < MOST_ALARMS;
            problems += i64::from(!is_told || self.tell(&file, &Look::Missing, now).await?);
        }
        Ok(problems)
    }

    /// Reads on for a while; whether all was read.
    async fn read_on(&self, mut check: CheckRow, now: Timestamp) -> Result<bool, Error> {
        let clock = Clock::start();
        while clock.mono().since(Mono(0)) < TURN {
            let (expected, last) = self.store().expected_files(&check.reached, BEHIND, CALLS).await?;
            let Some(last) = last else {
                check.finished_at = Some(now.0);
                self.store().keep_check(&check).await?;
                return Ok(true);
            };
            let (folder, rate) = (self.parts.folder.clone(), self.settings().check_rate);
            let looks = tokio::task::spawn_blocking(move || {
                let one = |file: Expected| (look(&folder, &file, Some(rate)), file);
                expected.into_iter().map(one).collect::<Vec<_>>()
            });
            for (look, file) in looks.await.unwrap_or_default() {
                match look {
                    // Told at the beginning.
                    Look::Missing => continue,
                    Look::Good(bytes) | Look::Altered(bytes) => {
                        check.files += 1;
                        check.bytes += i64::try_from(bytes).unwrap_or(0);
                    }
                    Look::Unreadable(_) | Look::Elsewhere => {}
                }
                let is_told = check.problems < MOST_ALARMS || matches!(look, Look::Good(_) | Look::Elsewhere);
                check.problems += i64::from(!is_told || self.tell(&file, &look, now).await?);
            }
            check.reached = last;
            self.store().keep_check(&check).await?;
        }
        Ok(false)
    }

    /// Raises the alarm where a file is not as it must be; whether it is not.
    async fn tell(&self, file: &Expected, look: &Look, now: Timestamp) -> Result<bool, Error> {
        let (code, detail) = match look {
            Look::Good(_) | Look::Elsewhere => return Ok(false),
            Look::Missing => ("recording_missing", format!("{} is not there", file.path)),
            Look::Altered(bytes) => {
                ("recording_altered", format!("{} ({bytes} bytes) is not the file that was kept", file.path))
            }
            Look::Unreadable(why) => ("recording_unreadable", format!("{} cannot be read: {why}", file.path)),
        };
        // It may have been erased, or stored anew, while we looked.
        if self.store().expected_file(&file.subject).await?.as_ref() != Some(file) {
            return Ok(false);
        }
        let began = file
            .subject
            .strip_prefix("call:")
            .and_then(|rest| rest.split('/').next()?.parse::<CallId>().ok());
        let warning = NewWarning {
            // The day of the call, so that the same file is told of once.
            day: self.calendar().date(began.map_or(now, CallId::timestamp)),
            code: code.to_owned(),
            subject: file.subject.clone(),
            detail,
        };
        self.alarm(warning, now).await?;
        Ok(true)
    }

    /// Closes warnings about files that are there again, or need not be there any more.
    async fn close_over(&self, now: Timestamp) -> Result<(), Error> {
        let open = self.store().known_warnings("", self.calendar().date(now)).await?;
        let mut over = Vec::new();
        for warning in open.iter().filter(|w| w.settled_at.is_none() && CODES.contains(&w.code.as_str())) {
            if !self.holds(&warning.code, &warning.subject).await? {
                over.push(warning.id);
            }
        }
        if !over.is_empty() {
            self.store().close_warnings(&over, ACTOR, now).await?;
        }
        Ok(())
    }

    async fn holds(&self, code: &str, subject: &str) -> Result<bool, Error> {
        if code == "recording_added" {
            return Ok(below(&self.parts.folder, subject).is_ok_and(|path| path.exists()));
        }
        let Some(file) = self.store().expected_file(subject).await? else { return Ok(false) };
        let (folder, rate) = (self.parts.folder.clone(), self.settings().check_rate);
        let looked = tokio::task::spawn_blocking(move || look(&folder, &file, Some(rate))).await;
        Ok(!matches!(looked, Ok(Look::Good(_) | Look::Elsewhere)))
    }
}
