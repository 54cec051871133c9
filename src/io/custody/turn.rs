//! What the keeper does by itself, soon after a fact and at the end of each day.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use jiff::civil::Date;

use super::publish::publish;
use super::{Custody, Error};
use crate::base::Timestamp;
use crate::base::hex;
use crate::custody::{Kind, Root};
use crate::io::store::custody::{LINKED_AT_ONCE, Waiting};
use crate::io::store::{Error as StoreError, NewWarning, Store};
use crate::io::vault::{Error as VaultError, Vault};
use crate::notice::NewNotice;

/// Transactions of one turn, so that others get at the database.
const BATCHES: u32 = 20;
/// Random bytes of a salt.
const SALT: usize = 16;
/// Roots that are compared with their file in each turn: two months.
const COMPARED: i64 = 62;

/// What a turn came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    /// Entries that were linked.
    pub linked: u64,
    /// Days that got their root.
    pub roots: u64,
    /// Whether more waits already.
    pub more: bool,
    /// When time alone gives the next turn something to do.
    pub next: Timestamp,
}

impl Custody {
    /// Closes listenings that rest, links what waits, removes erased files, and gives the days that are
    /// over their roots. Done twice it changes nothing.
    ///
    /// # Errors
    /// What the database or the disk did not take; the next turn does what is left.
    pub async fn turn(&self, now: Timestamp) -> Result<Turn, Error> {
        let calendar = self.calendar();
        let (_, resting) = self.store().close_accesses(now).await?;
        let roots = self.store().custody_roots(COMPARED).await?;
        let last = roots.first().and_then(|row| row.day.parse::<Date>().ok());
        let floor = last.map_or(Timestamp::default(), |day| calendar.end_of(day));
        let mut turn = Turn::default();
        for _ in 0..BATCHES {
            let (linked, more) = self.link(now, floor).await?;
            turn.linked += linked;
            turn.more = more;
            if !more {
                break;
            }
        }
        remove_files(self.store(), &self.parts.vault, now).await?;
        if !turn.more {
            turn.roots = self.close_days(last, now).await?;
            self.publish(now).await?;
        }
        let tomorrow = calendar.end_of(calendar.date(now));
        turn.next = resting.map_or(tomorrow, |at| at.min(tomorrow));
        Ok(turn)
    }

    /// Links one batch; whether there may be more.
    async fn link(&self, now: Timestamp, floor: Timestamp) -> Result<(u64, bool), Error> {
        let waiting = self.store().custody_waiting().await?;
        if waiting.is_empty() {
            return Ok((0, false));
        }
        let comments = self.comments(&waiting).await?;
        let linked = self.store().custody_link(&waiting, &comments, salt, (now, floor)).await?;
        Ok((linked, waiting.len() >= LINKED_AT_ONCE as usize))
    }

    /// Digests of the files of the comments among them.
    async fn comments(&self, waiting: &[Waiting]) -> Result<BTreeMap<String, String>, Error> {
        let subjects: Vec<&str> =
            waiting.iter().filter(|one| one.kind == Kind::Comment).map(|one| one.subject.as_str()).collect();
        let paths = self.store().custody_contents(Kind::Comment, &subjects).await?;
        let mut digests = BTreeMap::new();
        for (subject, name) in paths {
            // What cannot be read is linked as gone, and verifying says so.
            let sha256 = match self.parts.vault.open(&name).await {
                Ok(sound) => tokio::task::spawn_blocking(|| sound.sha256())
                    .await
                    .unwrap_or_else(|error| Err(std::io::Error::other(error))),
                Err(VaultError::Store(error)) => return Err(error.into()),
                Err(error) => Err(std::io::Error::other(error)),
            };
            match sha256 {
                Ok(sha256) => drop(digests.insert(subject, sha256)),
                Err(error) => tracing::error!(name, %error, "a voice comment cannot be read"),
            }
        }
        Ok(digests)
    }

    /// Roots of days that are over and have none.
    async fn close_days(&self, last: Option<Date>, now: Timestamp) -> Result<u64, Error> {
        let calendar = self.calendar();
        let first = match last {
            Some(day) => day.tomorrow().ok(),
            None => self.store().custody_began().await?.map(|at| calendar.date(at)),
        };
        let Some(mut day) = first else { return Ok(0) };
        let mut made = 0;
        while calendar.end_of(day) <= now {
            let head = self.store().custody_head(calendar.end_of(day)).await?;
            let root = Root { day, seq: head.seq, hash: head.hash };
            let facts =
                [("day", day.to_string()), ("entry", root.seq.to_string()), ("root", root.hash.to_string())];
            let notice = NewNotice {
                key: format!("custody.root:{day}"),
                topic: "custody.root".into(),
                subject: format!("root:{day}"),
                facts: facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
                ..NewNotice::default()
            };
            made += u64::from(self.store().keep_root(&root, &[notice.into()], now).await?);
            let Ok(next) = day.tomorrow() else { break };
            day = next;
        }
        Ok(made)
    }

    /// Brings the files of roots up to date; a file that says otherwise is an alarm.
    async fn publish(&self, now: Timestamp) -> Result<(), Error> {
        let mut roots = Vec::new();
        for row in self.store().custody_roots(COMPARED).await?.into_iter().rev() {
            let line = format!("{} {} {}", row.day, row.seq, row.hash);
            roots.push(line.parse::<Root>().map_err(Error::Roots)?);
        }
        if roots.is_empty() {
            return Ok(());
        }
        let folder = self.parts.roots.clone();
        let done = tokio::task::spawn_blocking(move || publish(&folder, &roots)).await;
        let Ok(Err(error)) = done else { return Ok(()) };
        if let Error::Roots(detail) = &error {
            let is_new = {
                let mut told = self.parts.differs.lock().unwrap_or_else(PoisonError::into_inner);
                std::mem::replace(&mut *told, detail.clone()) != *detail
            };
            if is_new {
                let day = self.calendar().date(now);
                let (code, subject) = ("roots_differ".to_owned(), "roots".to_owned());
                self.alarm(NewWarning { day, code, subject, detail: detail.clone() }, now).await?;
            }
            return Ok(());
        }
        Err(error)
    }
}

/// Takes the files away whose rows were erased, in whichever form and place they are stored now.
///
/// # Errors
/// The database. A file that cannot be taken away is tried again in the next turn.
pub async fn remove_files(store: &Store, vault: &Vault, now: Timestamp) -> Result<(), StoreError> {
    for path in store.erased_files().await? {
        match vault.erase(&path, "erased on request", now).await {
            Ok(()) => store.file_removed(&path).await?,
            Err(VaultError::Store(error)) => return Err(error),
            Err(error) => {
                tracing::error!(path, %error, "an erased file could not be removed; it is tried again");
            }
        }
    }
    Ok(())
}

/// Hexadecimal digits that nobody can guess.
fn salt() -> Result<String, StoreError> {
    let mut bytes = [0; SALT];
    getrandom::fill(&mut bytes).map_err(|error| {
        StoreError::Refused(format!("the operating system gives no random bytes: {error}"))
    })?;
    Ok(hex(&bytes))
}
