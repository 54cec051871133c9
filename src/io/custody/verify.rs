//! Verifying: the chain from its beginning, roots as they were published, every content as it was
//! linked, every file as it must be, and nothing beside. It reads and changes nothing, and needs no
//! daemon.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Error;
use super::hash::{Look, look};
use super::strays::{BEHIND, DAY, call_of, strays};
use crate::base::{CallId, Mono, Timestamp};
use crate::calendar::Calendar;
use crate::custody::{Digest, Entry, Kind, Root, Walk, digest};
use crate::io::clock::Clock;
use crate::io::store::Store;
use crate::io::store::custody::Expected;

/// Troubles that are told one by one; all are counted.
pub const TOLD: usize = 1_000;
/// Calls whose files are read between two words about progress.
const CALLS: u32 = 50;

/// What is to be verified.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Order {
    /// Content that was linked, and files of calls that began, on this day or later; None: all. The chain
    /// is always followed from its beginning.
    pub since: Option<Date>,
    /// The same on this day or earlier.
    pub until: Option<Date>,
    /// Roots as they were published, beside those of the database.
    pub published: Vec<Root>,
}

/// How far it has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = CustodyProgress)]
pub struct Progress {
    /// `chain`, `rows`, `files`, `folder`.
    pub step: String,
    /// Entries, or files, so far.
    pub done: u64,
    /// Of so many.
    pub of: u64,
    /// Bytes of files so far.
    pub bytes: u64,
}

/// Something that is not as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Trouble {
    /// `chain_broken`, `content_altered`, `content_missing`, `row_added`, `file_missing`, `file_altered`,
    /// `file_added`, `file_unreadable`.
    pub code: String,
    /// What: `call:01K...`, `sheet:3`, a path below the recordings folder.
    pub subject: String,
    /// In words.
    pub detail: String,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = CustodyVerified)]
pub struct Verified {
    /// Nothing is wrong.
    pub good: bool,
    /// Entries that were followed.
    pub entries: u64,
    /// Roots that were compared.
    pub roots: u64,
    /// Contents that are as they were linked.
    pub contents: u64,
    /// Contents that were erased, with a tombstone that says by whom and why.
    pub erased: u64,
    /// Facts that wait to be linked: they are not verified yet.
    pub waiting: u64,
    /// Files that were read.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Recordings in an object store, which were not read.
    pub elsewhere: u64,
    /// The hash of the last entry; empty: there is none.
    pub head: String,
    /// How long it took.
    pub seconds: f64,
    /// Everything that is wrong, counted.
    pub problems: u64,
    /// The first of it.
    pub troubles: Vec<Trouble>,
}

/// Verifies what `order` says. `tell` hears of progress.
///
/// # Errors
/// The database, or a folder that cannot be read: then nothing is known.
pub async fn verify(
    store: &Store,
    calendar: &Calendar,
    folder: &Path,
    order: &Order,
    tell: &(dyn Fn(&Progress) + Send + Sync),
) -> Result<Verified, Error> {
    let clock = Clock::start();
    let span = (
        order.since.map_or(Timestamp(i64::MIN), |day| calendar.start_of(day)),
        order.until.map_or(Timestamp(i64::MAX), |day| calendar.end_of(day)),
    );
    let mut run = Run { store, folder, span, tell, found: Verified::default(), known: BTreeSet::new() };
    run.chain(calendar, &order.published).await?;
    run.rows().await?;
    run.files().await?;
    run.folder(order).await?;
    let mut found = run.found;
    found.waiting = store.custody_standing().await?.waiting.unsigned_abs();
    found.good = found.problems == 0;
    found.seconds = clock.mono().since(Mono(0)).as_secs_f64();
    Ok(found)
}

struct Run<'a> {
    store: &'a Store,
    folder: &'a Path,
    /// From the first moment on, before the second.
    span: (Timestamp, Timestamp),
    tell: &'a (dyn Fn(&Progress) + Send + Sync),
    found: Verified,
    /// Files that are known and not named after a call.
    known: BTreeSet<String>,
}

impl Run<'_> {
    fn trouble(&mut self, code: &str, subject: impl Into<String>, detail: impl Into<String>) {
        self.found.problems += 1;
        if self.found.troubles.len() < TOLD {
            let (code, subject, detail) = (code.to_owned(), subject.into(), detail.into());
            self.found.troubles.push(Trouble { code, subject, detail });
        }
    }

    fn progress(&self, step: &str, done: u64, of: u64) {
        (self.tell)(&Progress { step: step.to_owned(), done, of, bytes: self.found.bytes });
    }

    /// Follows the chain, and compares what it tells of with what there is.
    async fn chain(&mut self, calendar: &Calendar, published: &[Root]) -> Result<(), Error> {
        let mut roots = published.to_vec();
        for row in self.store.custody_roots(i64::MAX).await? {
            let line = format!("{} {} {}", row.day, row.seq, row.hash);
            roots.push(line.parse().map_err(Error::Roots)?);
        }
        roots.sort_by_key(|root| (root.day, root.seq, root.hash));
        roots.dedup();
        let of = self.store.custody_standing().await?.entries.unsigned_abs();
        let mut walk = Walk::new(roots.into_iter().map(|root| (root.clone(), calendar.end_of(root.day))));
        loop {
            let entries = self.store.custody_entries(walk.head().seq).await?;
            if entries.is_empty() {
                break;
            }
            for (entry, _) in &entries {
                for broken in walk.step(entry) {
                    self.trouble("chain_broken", format!("entry:{}", entry.seq), broken.to_string());
                }
            }
            self.contents(&entries).await?;
            self.progress("chain", walk.head().seq, of.max(walk.head().seq));
        }
        let head = walk.head();
        self.found.entries = head.seq;
        self.found.head = if head.seq > 0 { head.hash.to_string() } else { String::new() };
        self.found.roots = walk.roots_checked();
        for broken in walk.end() {
            self.trouble("chain_broken", format!("entry:{}", head.seq), broken.to_string());
        }
        Ok(())
    }

    async fn contents(&mut self, entries: &[(Entry, Option<String>)]) -> Result<(), Error> {
        let (from, to) = self.span;
        let wanted: Vec<&(Entry, Option<String>)> =
            entries.iter().filter(|(entry, _)| entry.at >= from && entry.at < to).collect();
        for kind in Kind::ALL {
            let of_kind: Vec<_> = wanted.iter().filter(|(entry, _)| entry.kind == kind).collect();
            let subjects: Vec<&str> = of_kind.iter().map(|(entry, _)| entry.subject.as_str()).collect();
            let contents = self.store.custody_contents(kind, &subjects).await?;
            for (entry, salt) in of_kind {
                self.content(entry, salt.as_deref().unwrap_or_default(), &contents).await?;
            }
        }
        Ok(())
    }

    async fn content(
        &mut self,
        entry: &Entry,
        salt: &str,
        contents: &BTreeMap<String, String>,
    ) -> Result<(), Error> {
        let content = contents.get(&entry.subject);
        let is_linked = |content: &String| match entry.kind {
            // Its content is the file, which is read with the others.
            Kind::Comment => entry.digest != Digest::NONE,
            _ => digest(salt, content) == entry.digest,
        };
        if content.is_some_and(is_linked) {
            self.found.contents += 1;
            return Ok(());
        }
        // Looked up behind the content, so that what is erased meanwhile has its tombstone.
        let stones = self.store.tombstones_of(entry.kind, &entry.subject).await?;
        let left = |content: &String| digest("", content).to_string();
        let is_as_left = |remains: &str| content.map(left).unwrap_or_default() == remains;
        match (stones.first(), content) {
            (Some(stone), _) if is_as_left(&stone.remains) => self.found.erased += 1,
            (Some(stone), _) => {
                let (actor, id) = (&stone.actor, stone.id);
                let detail =
                    format!("it was erased by {actor} (tombstone {id}), and is not what was left of it then");
                self.trouble("content_altered", named(entry), detail);
            }
            (None, Some(_)) => {
                let detail = format!("it is not what entry {} was linked from", entry.seq);
                self.trouble("content_altered", named(entry), detail);
            }
            (None, None) => {
                let detail = match entry.digest {
                    Digest::NONE => format!("it was gone before entry {} was linked", entry.seq),
                    _ => format!("entry {} tells of it, and it is not there", entry.seq),
                };
                self.trouble("content_missing", named(entry), detail);
            }
        }
        Ok(())
    }

    /// Rows that no entry tells of.
    async fn rows(&mut self) -> Result<(), Error> {
        for (done, kind) in (0..).zip(Kind::ALL) {
            self.progress("rows", done, Kind::ALL.len() as u64);
            for subject in self.store.custody_unlinked(kind, TOLD as i64).await? {
                let subject = format!("{} {subject}", kind.as_str());
                self.trouble(
                    "row_added",
                    subject,
                    "it is in the database, and the chain knows nothing of it",
                );
            }
        }
        Ok(())
    }

    async fn files(&mut self) -> Result<(), Error> {
        let (from, to) = self.span;
        let mut after = if from.0 <= 0 { String::new() } else { CallId::first_of(from).to_string() };
        let before = if to.0 == i64::MAX { BEHIND.to_owned() } else { CallId::first_of(to).to_string() };
        let tickets = self.store.expected_ticket_files().await?;
        self.known.extend(tickets.iter().map(|file| file.path.clone()));
        if from.0 == i64::MIN {
            self.look(tickets).await?;
        }
        let of = self.store.count_expected(&after, &before).await?;
        loop {
            let (expected, last) = self.store.expected_files(&after, &before, CALLS).await?;
            let Some(last) = last else { return Ok(()) };
            let odd = expected.iter().filter(|file| call_of(&file.path).is_none());
            self.known.extend(odd.map(|file| file.path.clone()));
            self.look(expected).await?;
            self.progress("files", self.found.files, of.max(self.found.files));
            after = last;
        }
    }

    async fn look(&mut self, expected: Vec<Expected>) -> Result<(), Error> {
        let folder = self.folder.to_owned();
        let looks = tokio::task::spawn_blocking(move || {
            let one = |file: Expected| (look(&folder, &file, None), file);
            expected.into_iter().map(one).collect::<Vec<_>>()
        });
        let cut = |error| Error::File { path: self.folder.to_owned(), source: std::io::Error::other(error) };
        for (look, file) in looks.await.map_err(cut)? {
            let (code, detail) = match look {
                Look::Good(bytes) => {
                    self.found.files += 1;
                    self.found.bytes += bytes;
                    continue;
                }
                Look::Altered(bytes) => {
                    self.found.files += 1;
                    self.found.bytes += bytes;
                    ("file_altered", format!("{} ({bytes} bytes) is not the file that was kept", file.path))
                }
                Look::Elsewhere => {
                    self.found.elsewhere += 1;
                    continue;
                }
                Look::Missing => ("file_missing", format!("{} is not there", file.path)),
                Look::Unreadable(why) => ("file_unreadable", format!("{} cannot be read: {why}", file.path)),
            };
            // It may have been erased, or stored anew, while we looked.
            if self.store.expected_file(&file.subject).await?.as_ref() == Some(&file) {
                self.trouble(code, format!("{} {}", file.kind.as_str(), file.subject), detail);
            }
        }
        Ok(())
    }

    /// Files that nobody knows. With days, those of their folders.
    async fn folder(&mut self, order: &Order) -> Result<(), Error> {
        self.progress("folder", 0, 1);
        let (since, until) = (order.since.map(folder_of), order.until.map(folder_of));
        let is_wanted = |path: &str| {
            let day = path.get(..DAY).unwrap_or(path);
            since.as_deref().is_none_or(|since| day >= since)
                && until.as_deref().is_none_or(|until| day <= until)
        };
        let mut found = Vec::new();
        strays(self.store, self.folder, &self.known, |path| {
            if is_wanted(&path) {
                found.push(path);
            }
        })
        .await?;
        for path in found {
            self.trouble("file_added", path, "it is in the recordings folder, and no row knows it");
        }
        Ok(())
    }
}

fn folder_of(day: Date) -> String {
    day.strftime("%Y/%m/%d").to_string()
}

fn named(entry: &Entry) -> String {
    format!("{} {}", entry.kind.as_str(), entry.subject)
}
