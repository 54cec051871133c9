//! An uploaded list on its way to disk: however large it is, memory holds one piece of it.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::Body;
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;
use tokio_stream::StreamExt;

use super::problem::Problem;
use crate::base::hex;
use crate::dialer::import::{Encoding, EncodingTally};

/// Bytes of an uploaded list: 500,000 rows, the most that are taken, of 500 bytes. They
/// stand on disk; two uploads at once make 512 MiB.
pub const UPLOAD_LIMIT: u64 = 256 * 1024 * 1024;
/// Time for a list to arrive: 256 MiB at 7 Mbit/s.
pub const UPLOAD_TIME: Duration = Duration::from_secs(300);
/// Time without a byte of it.
pub const UPLOAD_PAUSE: Duration = Duration::from_secs(15);

/// How much may be sent, and how slowly.
#[derive(Clone, Copy, Debug)]
pub(super) struct UploadLimits {
    pub bytes: u64,
    pub time: Duration,
    pub pause: Duration,
}

impl Default for UploadLimits {
    fn default() -> Self {
        UploadLimits { bytes: UPLOAD_LIMIT, time: UPLOAD_TIME, pause: UPLOAD_PAUSE }
    }
}

/// A list as it was sent, in a file without a name: it is gone when it is closed, also
/// after a crash.
#[derive(Debug)]
pub(super) struct Spooled {
    /// At its beginning.
    pub file: File,
    /// Its length.
    pub bytes: u64,
    /// Hex SHA-256.
    pub sha256: String,
    /// How it is to be read.
    pub encoding: Encoding,
}

/// Takes the body of a request into a file in `folder`. Problems: 408 for one that comes
/// too slowly, 413 for one that is too large, 503 where the disk has no room.
pub(super) async fn receive(body: Body, folder: &Path, limits: UploadLimits) -> Result<Spooled, Problem> {
    let receiving = receive_all(body, folder, limits);
    tokio::time::timeout(limits.time, receiving).await.unwrap_or_else(|_| Err(Problem::too_slow(limits.time)))
}

async fn receive_all(body: Body, folder: &Path, limits: UploadLimits) -> Result<Spooled, Problem> {
    let no_room = |e: io::Error| {
        tracing::error!(error = %e, folder = %folder.display(), "an upload cannot be kept");
        Problem::unavailable(format!("the upload cannot be kept on disk: {e}; make room and try again"))
    };
    let mut file = tokio::fs::File::from_std(nameless(folder).map_err(no_room)?);
    let mut pieces = body.into_data_stream();
    let (mut bytes, mut sha256, mut tally) = (0, Sha256::new(), EncodingTally::default());
    loop {
        let piece = match tokio::time::timeout(limits.pause, pieces.next()).await {
            Ok(Some(Ok(piece))) => piece,
            Ok(Some(Err(e))) => return Err(Problem::bad_request(format!("the body could not be read: {e}"))),
            Ok(None) => break,
            Err(_) => return Err(Problem::too_slow(limits.pause)),
        };
        bytes += piece.len() as u64;
        if bytes > limits.bytes {
            return Err(Problem::too_large(limits.bytes));
        }
        sha256.update(&piece);
        tally.feed(&piece);
        file.write_all(&piece).await.map_err(no_room)?;
    }
    file.flush().await.map_err(no_room)?;
    let mut file = file.into_std().await;
    file.rewind().map_err(no_room)?;
    Ok(Spooled { file, bytes, sha256: hex(&sha256.finalize()), encoding: tally.encoding() })
}

/// A new file that only the daemon's user can read, with its name taken away at once.
fn nameless(folder: &Path) -> io::Result<File> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let name = format!(".upload-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let path = folder.join(name);
    // One that an earlier process with this id left behind in the moment before its removal.
    match std::fs::remove_file(&path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use bytes::Bytes;

    use super::*;

    const SHORT: UploadLimits =
        UploadLimits { bytes: 100, time: Duration::from_millis(400), pause: Duration::from_millis(100) };

    /// A body of `count` pieces with `pause` before each; it never ends where there is no last.
    fn body(piece: &'static [u8], count: usize, pause: Duration, ends: bool) -> Body {
        let (send, pieces) = tokio::sync::mpsc::channel(1);
        tokio::spawn(async move {
            for _ in 0..count {
                tokio::time::sleep(pause).await;
                if send.send(Ok::<_, io::Error>(Bytes::from_static(piece))).await.is_err() {
                    return;
                }
            }
            if !ends {
                send.closed().await;
            }
        });
        Body::from_stream(tokio_stream::wrappers::ReceiverStream::new(pieces))
    }

    async fn refused(body: Body, status: u16, words: &str) {
        let folder = tempfile::tempdir().expect("a folder");
        let problem = receive(body, folder.path(), SHORT).await.expect_err("a problem");
        assert_eq!(problem.status, status, "{problem:?}");
        assert!(problem.detail.contains(words), "{problem:?}");
        assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 0, "nothing is left");
    }

    /// Covers line 30 of the reliability list.
    #[tokio::test]
    async fn a_body_that_is_too_long_pauses_or_never_ends_is_refused_and_leaves_no_file() {
        let brief = Duration::from_millis(1);
        refused(body(&[b'x'; 60], 2, brief, true), 413, "at most 100 bytes").await;
        refused(body(b"x", 3, brief, false), 408, "within 0.").await;
        refused(body(b"x", 100, Duration::from_millis(60), true), 408, "within 0.").await;
        let nowhere = receive(Body::empty(), Path::new("/nonexistent"), SHORT).await.expect_err("a problem");
        assert_eq!((nowhere.status, nowhere.retry_after.is_some()), (503, true), "{nowhere:?}");
    }

    #[tokio::test]
    async fn a_body_is_on_disk_with_its_length_its_hash_and_no_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let pieces = body("张三,1\n".as_bytes(), 3, Duration::from_millis(1), true);
        let mut spooled = receive(pieces, folder.path(), SHORT).await.expect("room");
        let mut text = String::new();
        spooled.file.read_to_string(&mut text).expect("a file");
        assert_eq!((text.as_str(), spooled.bytes), ("张三,1\n张三,1\n张三,1\n", 27));
        assert_eq!(spooled.sha256, hex(&Sha256::digest(text)));
        assert_eq!(spooled.encoding, Encoding::Utf8);
        assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 0);
    }
}
