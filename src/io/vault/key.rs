//! The key file: keys that recordings are sealed with.

use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::base::Timestamp;
use crate::base::hex;

/// Bytes of a key.
const KEY_BYTES: usize = 32;
/// Characters of an id: `k` and eight hexadecimal digits.
pub(super) const ID_LENGTH: usize = 9;
/// What a key file begins with.
const HEAD: &str = "# Keys of ringback's recordings. The first seals new ones, every one opens its own.\n\
                    # Keep a copy elsewhere: what is sealed cannot be heard without its key.\n";

/// One key.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    /// What sealed files name it by: a digest of its secret, so that a wrong one is found.
    pub id: String,
    /// When it was made.
    pub made: String,
    secret: [u8; KEY_BYTES],
}

/// Without its secret.
impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Key {
    /// A new key from the randomness of the operating system.
    ///
    /// # Errors
    /// A sentence: there is none.
    pub fn random(now: Timestamp) -> Result<Key, String> {
        let mut secret = [0; KEY_BYTES];
        getrandom::fill(&mut secret)
            .map_err(|e| format!("the operating system gives no random bytes: {e}"))?;
        Ok(Key { id: id_of(&secret), made: now.to_string(), secret })
    }

    pub(super) fn secret(&self) -> &[u8; KEY_BYTES] {
        &self.secret
    }
}

fn id_of(secret: &[u8; KEY_BYTES]) -> String {
    let digest = Sha256::new().chain_update(b"ringback recording key\0").chain_update(secret).finalize();
    format!("k{}", hex(&digest[..4]))
}

/// The keys of a file, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyRing {
    keys: Vec<Key>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    key: Vec<RawKey>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawKey {
    id: String,
    #[serde(default)]
    made: String,
    secret: String,
}

impl KeyRing {
    /// A ring of these keys, newest first.
    pub fn of(keys: Vec<Key>) -> KeyRing {
        KeyRing { keys }
    }

    /// The key that seals; None: nothing is sealed.
    pub fn newest(&self) -> Option<&Key> {
        self.keys.first()
    }

    /// All of them, newest first.
    pub fn all(&self) -> &[Key] {
        &self.keys
    }

    /// The key of that id.
    pub fn get(&self, id: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.id == id)
    }

    /// With one more, which seals from here on.
    pub fn rotated(mut self, key: Key) -> KeyRing {
        self.keys.insert(0, key);
        self
    }

    /// Without a key. Whoever asks makes sure that nothing is sealed with it.
    ///
    /// # Errors
    /// A sentence: there is none of that id, or it is the one that seals.
    pub fn without(mut self, id: &str) -> Result<KeyRing, String> {
        match self.keys.iter().position(|key| key.id == id) {
            None => Err(format!("there is no key {id}")),
            Some(0) => Err(format!("key {id} seals new recordings; rotate first")),
            Some(place) => {
                self.keys.remove(place);
                Ok(self)
            }
        }
    }

    /// Reads a key file. One that others than its owner may read is refused.
    ///
    /// # Errors
    /// A sentence: what is wrong with it, and how to mend it.
    pub fn read(path: &Path) -> Result<KeyRing, String> {
        let shown = path.display();
        let bad = |why: String| format!("the key file {shown}: {why}");
        let meta = std::fs::metadata(path).map_err(|e| {
            bad(format!("{e}; put back its copy, or make a first one with `ringback key new`"))
        })?;
        let mode = meta.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(bad(format!("others may read it (mode {mode:o}); run `chmod 600 {shown}`")));
        }
        let text = std::fs::read_to_string(path).map_err(|e| bad(e.to_string()))?;
        KeyRing::parse(&text).map_err(bad)
    }

    /// Keys of the text of a file.
    ///
    /// # Errors
    /// A sentence. It never shows a secret.
    pub fn parse(text: &str) -> Result<KeyRing, String> {
        let raw: RawFile = toml::from_str(text).map_err(|error| {
            // The reader's own words would show the line, and with it a secret.
            let line =
                error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            format!("line {line} cannot be read: it has [[key]] sections of `id`, `made` and `secret`")
        })?;
        let mut ring = KeyRing::default();
        for (n, key) in raw.key.into_iter().enumerate() {
            let bytes = STANDARD.decode(key.secret.trim()).ok().and_then(|bytes| bytes.try_into().ok());
            let secret = bytes
                .ok_or_else(|| format!("key {}: the secret is no base64 of {KEY_BYTES} bytes", n + 1))?;
            if id_of(&secret) != key.id {
                return Err(format!(
                    "key {}: the secret is not the one that {} was made with",
                    n + 1,
                    key.id
                ));
            }
            if ring.get(&key.id).is_some() {
                return Err(format!("key {} stands twice", key.id));
            }
            ring.keys.push(Key { id: key.id, made: key.made, secret });
        }
        if ring.keys.is_empty() {
            return Err("there is no key in it: make one with `ringback key new`".into());
        }
        Ok(ring)
    }

    /// The text of a key file.
    pub fn text(&self) -> String {
        let mut text = HEAD.to_owned();
        for Key { id, made, secret } in &self.keys {
            // Writing into a string cannot fail.
            write!(
                text,
                "\n[[key]]\nid = \"{id}\"\nmade = \"{made}\"\nsecret = \"{}\"\n",
                STANDARD.encode(secret)
            )
            .ok();
        }
        text
    }

    /// Writes a key file that only its owner may read: a whole one or none.
    ///
    /// # Errors
    /// A sentence; with `new`, also that there is a file already.
    pub fn write(&self, path: &Path, new: bool) -> Result<(), String> {
        let bad = |e: std::io::Error| format!("the key file {}: {e}", path.display());
        if new && path.exists() {
            return Err(format!(
                "{} is there already; `ringback key rotate` adds a key to it",
                path.display()
            ));
        }
        let part = path.with_extension("part");
        // A leftover of a run that was cut off.
        std::fs::remove_file(&part).ok();
        let mut file =
            std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part).map_err(bad)?;
        file.write_all(self.text().as_bytes()).and_then(|()| file.sync_all()).map_err(bad)?;
        if new {
            // A link is not made over a file that came meanwhile.
            std::fs::hard_link(&part, path).map_err(bad)?;
            std::fs::remove_file(&part).map_err(bad)?;
        } else {
            std::fs::rename(&part, path).map_err(bad)?;
        }
        super::file::sync_folder_of(path).map_err(bad)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_comes_back_as_it_was_written_and_only_its_owner_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recordings.key");
        let ring = KeyRing::of(vec![Key::random(Timestamp(0)).unwrap()]);
        ring.write(&path, true).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(ring.write(&path, true).unwrap_err().contains("ringback key rotate"));
        let rotated = KeyRing::read(&path).unwrap().rotated(Key::random(Timestamp(9)).unwrap());
        rotated.write(&path, false).unwrap();
        let read = KeyRing::read(&path).unwrap();
        assert_eq!(read, rotated);
        assert_eq!(read.all().len(), 2);
        let (newest, oldest) = (read.all()[0].id.clone(), read.all()[1].id.clone());
        assert!(read.clone().without(&newest).unwrap_err().contains("rotate first"));
        assert_eq!(read.clone().without(&oldest).unwrap().all().len(), 1);
        assert!(!format!("{read:?}").contains(&STANDARD.encode(read.all()[0].secret())));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(KeyRing::read(&path).unwrap_err().contains("chmod 600"));
    }

    #[test]
    fn what_is_wrong_with_a_key_file_is_said_without_showing_a_secret() {
        let secret = STANDARD.encode([7; KEY_BYTES]);
        let id = id_of(&[7; KEY_BYTES]);
        let key = |id: &str, secret: &str| format!("[[key]]\nid = \"{id}\"\nsecret = \"{secret}\"\n");
        KeyRing::parse(&key(&id, &secret)).unwrap();
        for (text, word) in [
            (String::new(), "there is no key"),
            (key("k00000000", &secret), "not the one that k00000000 was made with"),
            (key(&id, "AAAA"), "no base64 of 32 bytes"),
            (key(&id, &secret) + &key(&id, &secret), "stands twice"),
            (format!("[[key]]\nid = \"{id}\"\nsecret = \"{secret}\" x\n"), "line 3"),
        ] {
            let said = KeyRing::parse(&text).unwrap_err();
            assert!(said.contains(word) && !said.contains(&secret), "{said}");
        }
        assert!(KeyRing::read(Path::new("/nonexistent/x.key")).unwrap_err().contains("put back its copy"));
    }
}
