//! A watched folder: `<folder>/<pack>/<intake>/*.csv` and the like. A file that was taken goes
//! to `done/`, one that could not be read to `failed/`, each beside the rows that were refused.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

use super::{Desk, Failure, Incoming, IntakeReport};
use crate::base::ImportId;
use crate::base::hex;
use crate::intake::Settings;
use crate::io::store::archive::IntakeOrder;
use crate::io::web::Sheet;
use crate::table::EncodingTally;

/// Between two looks at the folder. A file is taken when it is the same in two of them.
pub const SCAN_EVERY: Duration = Duration::from_secs(5);
/// Endings of files that are taken.
const ENDINGS: [&str; 4] = ["csv", "txt", "xlsx", "xls"];
/// The folder of an intake whose rows tell of customers alone.
const CUSTOMERS: &str = "customers";
/// Refused rows that are written beside a file.
const REFUSED_ROWS: usize = 100_000;

/// A file that has come in whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where it stands.
    pub path: PathBuf,
    /// Policy pack, by the name of its folder.
    pub pack: String,
    /// Section of the pack, by the name of its folder.
    pub intake: String,
}

/// The folder with what was seen in it the last time.
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
    seen: BTreeMap<PathBuf, (u64, Option<SystemTime>)>,
}

impl Folder {
    /// The folder at `root`, of which nothing was seen yet.
    pub fn new(root: &Path) -> Folder {
        Folder { root: root.to_owned(), seen: BTreeMap::new() }
    }

    /// Looks at the folder: files that are as they were at the last look. A file that still
    /// grows, and one named `.part`, `.tmp` or with a dot in front, is none of them.
    pub fn look(&mut self) -> io::Result<Vec<Found>> {
        let (mut found, mut seen) = (Vec::new(), BTreeMap::new());
        for pack in folders(&self.root)? {
            for intake in folders(&pack)? {
                for entry in std::fs::read_dir(&intake)? {
                    let entry = entry?;
                    let (path, about) = (entry.path(), entry.metadata()?);
                    if !about.is_file() || !is_wanted(&path) {
                        continue;
                    }
                    let state = (about.len(), about.modified().ok());
                    if self.seen.get(&path) == Some(&state) {
                        found.push(Found { path: path.clone(), pack: name(&pack), intake: name(&intake) });
                    }
                    seen.insert(path, state);
                }
            }
        }
        self.seen = seen;
        found.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(found)
    }
}

impl Desk {
    /// Brings a file of the folder in and puts it away.
    pub async fn take_file(&self, found: &Found, settings: Settings) -> Result<IntakeReport, Failure> {
        let result = self.take_from(found, settings).await;
        let place = if result.is_ok() { "done" } else { "failed" };
        let moved = put_away(&found.path, place).map_err(|e| Failure::Broken(super::Broken::Disk(e)))?;
        match &result {
            Ok(report) => {
                if let Some(id) = report.id.filter(|_| report.counts.rejected > 0) {
                    let text = self.refused_rows(id).await?;
                    let beside = moved.with_extension("rejected.csv");
                    std::fs::write(&beside, text).map_err(|e| Failure::Broken(super::Broken::Disk(e)))?;
                }
            }
            Err(failure) => {
                let beside = moved.with_extension("why.txt");
                std::fs::write(&beside, format!("{failure}\n"))
                    .map_err(|e| Failure::Broken(super::Broken::Disk(e)))?;
            }
        }
        result
    }

    async fn take_from(&self, found: &Found, mut settings: Settings) -> Result<IntakeReport, Failure> {
        let pack = self.packs().get(&found.pack).map_err(Failure::Pack)?;
        let alone = found.intake == CUSTOMERS && !pack.intake.contains_key(CUSTOMERS);
        let path = found.path.clone();
        let incoming = tokio::task::spawn_blocking(move || open(&path)).await;
        let incoming = incoming
            .map_err(|e| Failure::Broken(super::Broken::Gone(e.to_string())))?
            .map_err(|e| Failure::Broken(super::Broken::Disk(e)))?;
        settings.mapping = self.store().source_mapping(&found.pack, &found.intake).await?;
        let order = IntakeOrder {
            pack: found.pack.clone(),
            intake: if alone { String::new() } else { found.intake.clone() },
            source: found.intake.clone(),
            channel: "folder".into(),
            file_name: name(&found.path),
            by: "folder".into(),
            ..IntakeOrder::default()
        };
        self.bring_in(incoming, order, settings, |_| ()).await
    }

    /// The refused rows of an intake as CSV that a spreadsheet program shows and never runs.
    pub async fn refused_rows(&self, intake: ImportId) -> Result<Vec<u8>, Failure> {
        let mut text = Vec::new();
        let (mut after, mut count) = (None, 0);
        loop {
            let page = self
                .store()
                .intake_results(intake, Some("rejected"), after.as_ref(), crate::io::store::read::PAGE_LIMIT)
                .await?;
            count += page.rows.len();
            let rows =
                page.rows.into_iter().map(|row| vec![row.line.to_string(), row.code, row.reason, row.text]);
            let sheet = Sheet {
                name: "rejected".into(),
                columns: vec!["line", "code", "reason", "text"],
                rows: rows.collect(),
            };
            text.extend(sheet.to_csv_part(after.is_none()));
            after = page.next;
            if after.is_none() || count >= REFUSED_ROWS {
                return Ok(text);
            }
        }
    }
}

/// Looks at the folder until told to stop, and takes what is there. `settings` gives how rows
/// are read at that moment.
pub async fn watch(
    desk: Desk,
    root: PathBuf,
    settings: impl Fn() -> Settings + Send,
    stop: CancellationToken,
) {
    let mut folder = Folder::new(&root);
    let mut tick = tokio::time::interval(SCAN_EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {}
        }
        let found = match folder.look() {
            Ok(found) => found,
            Err(error) => {
                tracing::error!(folder = %root.display(), %error, "the intake folder cannot be looked at");
                continue;
            }
        };
        for file in found {
            let path = file.path.display().to_string();
            match desk.take_file(&file, settings()).await {
                Ok(report) => tracing::info!(path, counts = ?report.counts, "a file of the folder came in"),
                Err(failure) => tracing::error!(path, %failure, "a file of the folder did not come in"),
            }
        }
    }
}

fn folders(root: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root)? {
        let entry = entry?;
        let is_put_away = matches!(entry.file_name().to_str(), Some("done" | "failed") | None);
        if entry.file_type()?.is_dir() && !is_put_away {
            found.push(entry.path());
        }
    }
    Ok(found)
}

fn is_wanted(path: &Path) -> bool {
    let hidden = name(path).starts_with(['.', '~']);
    let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    !hidden && ENDINGS.contains(&ending.as_str())
}

fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Opens a file and reads it once, for its hash and its encoding.
///
/// # Errors
/// Those of the file system.
pub fn open(path: &Path) -> io::Result<Incoming> {
    let mut file = std::fs::File::open(path)?;
    let (mut sha256, mut tally, mut bytes) = (Sha256::new(), EncodingTally::default(), 0);
    let mut piece = vec![0; 64 * 1024];
    loop {
        let length = file.read(&mut piece)?;
        if length == 0 {
            break;
        }
        bytes += length as u64;
        sha256.update(&piece[..length]);
        tally.feed(&piece[..length]);
    }
    file.rewind()?;
    Ok(Incoming { file, bytes, sha256: hex(&sha256.finalize()), encoding: tally.encoding() })
}

/// Moves a file into `place` beside it, under a name that is free there.
fn put_away(path: &Path, place: &str) -> io::Result<PathBuf> {
    let folder = path.parent().unwrap_or(Path::new(".")).join(place);
    std::fs::create_dir_all(&folder)?;
    let (stem, ending) = (
        path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        path.extension().unwrap_or_default().to_string_lossy().into_owned(),
    );
    for number in 0_u32.. {
        let name = if number == 0 { format!("{stem}.{ending}") } else { format!("{stem}-{number}.{ending}") };
        let to = folder.join(name);
        if !to.exists() {
            std::fs::rename(path, &to)?;
            return Ok(to);
        }
    }
    Err(io::Error::other("no name is free"))
}
