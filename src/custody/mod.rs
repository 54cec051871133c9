//! The chain of custody: what the department keeps as evidence, linked so that nobody alters,
//! removes or adds any of it unseen.
//!
//! Each fact (a finished recording, an answer, a submitted sheet, an access, an erasure, a line of
//! the audit log) becomes one [`Entry`]: the digest of its content and a hash over that and the hash
//! of the entry before. The hash of a day's last entry is the day's [`Root`]; whoever holds a copy
//! of it finds every change of what came before, a chain that was made anew as well. Content of
//! persons is digested with a salt that dies with it, so that what was erased cannot be guessed from
//! its digest.
//!
//! An entry can be recomputed with coreutils:
//! `printf '%s\n' PREVIOUS SEQ AT KIND SUBJECT DIGEST | sha256sum`.

mod digest;
mod root;
#[cfg(test)]
mod tests;
mod walk;

pub use digest::Digest;
pub use root::{Root, parse_roots};
pub use walk::{Break, Walk};

use crate::base::Timestamp;

/// What an entry tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The finished recording of a call: length and SHA-256 of its file.
    Recording,
    /// The file of a voice comment.
    Comment,
    /// An answer by telephone.
    Answer,
    /// An answer in writing.
    Reply,
    /// A submitted score sheet.
    Sheet,
    /// A file of a ticket.
    File,
    /// A recording or comment in the form in which it is stored anew.
    Stored,
    /// Such a form is gone: for another, deleted, or erased.
    Gone,
    /// Somebody was given sound, words or names.
    Access,
    /// Which part of a recording they were given.
    Heard,
    /// Something was erased.
    Tombstone,
    /// A line of the audit log.
    Audit,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 12] = [
        Kind::Recording,
        Kind::Comment,
        Kind::Answer,
        Kind::Reply,
        Kind::Sheet,
        Kind::File,
        Kind::Stored,
        Kind::Gone,
        Kind::Access,
        Kind::Heard,
        Kind::Tombstone,
        Kind::Audit,
    ];

    /// The word in the database, the API and the hash.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Recording => "recording",
            Kind::Comment => "comment",
            Kind::Answer => "answer",
            Kind::Reply => "reply",
            Kind::Sheet => "sheet",
            Kind::File => "file",
            Kind::Stored => "stored",
            Kind::Gone => "gone",
            Kind::Access => "access",
            Kind::Heard => "heard",
            Kind::Tombstone => "tombstone",
            Kind::Audit => "audit",
        }
    }

    /// The kind of a word.
    pub fn of(word: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// Whether its content is short and about a person, so that its digest needs a salt. What is
    /// never erased needs none, and a recording cannot be guessed.
    pub const fn is_salted(self) -> bool {
        matches!(self, Kind::Answer | Kind::Reply | Kind::Sheet | Kind::File)
    }
}

/// One link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// From 1, without a gap.
    pub seq: u64,
    /// When it was linked; never earlier than the entry before.
    pub at: Timestamp,
    /// What it tells of.
    pub kind: Kind,
    /// Of which: `call:01K...`, `sheet:3`. A kind and a subject are linked once.
    pub subject: String,
    /// Of the content; [`Digest::NONE`]: it was gone before it was linked.
    pub digest: Digest,
    /// Over the hash before and all of this.
    pub hash: Digest,
}

/// Where a chain ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// Of the last entry; 0: there is none.
    pub seq: u64,
    /// Of the last entry.
    pub at: Timestamp,
    /// Of the last entry; [`Digest::NONE`] where there is none.
    pub hash: Digest,
}

impl Head {
    /// Links the next entry and moves on to it. Time does not run back: an entry stands at the time
    /// of the one before where the clock was set.
    pub fn link(&mut self, now: Timestamp, kind: Kind, subject: String, digest: Digest) -> Entry {
        let (seq, at) = (self.seq + 1, self.at.max(now));
        let hash = hash(&self.hash, seq, at, kind.as_str(), &subject, &digest);
        *self = Head { seq, at, hash };
        Entry { seq, at, kind, subject, digest, hash }
    }
}

/// The hash of an entry.
fn hash(before: &Digest, seq: u64, at: Timestamp, kind: &str, subject: &str, digest: &Digest) -> Digest {
    Digest::of(format!("{before}\n{seq}\n{}\n{kind}\n{subject}\n{digest}\n", at.0).as_bytes())
}

/// The digest of content as it is linked: its salt, empty for none, and behind it the content.
pub fn digest(salt: &str, content: &str) -> Digest {
    Digest::of(format!("{salt}{content}").as_bytes())
}
