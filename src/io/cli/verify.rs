//! `ringback verify`: on the database and the recordings themselves, whether the daemon runs or not.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clap::Args;
use jiff::civil::Date;

use super::{EXIT_FAILED, EXIT_OK};
use crate::base::Mono;
use crate::calendar::Calendar;
use crate::io::clock::Clock;
use crate::io::custody::{Order, Progress, Verified, published, read_roots, verify};
use crate::io::store::Store;

/// Nothing is known, for it could not be looked at.
const EXIT_UNKNOWN: u8 = 2;
/// Between two lines about progress, where nobody watches.
const SAID_EVERY: Duration = Duration::from_secs(10);
/// On a terminal.
const SHOWN_EVERY: Duration = Duration::from_millis(200);

/// `verify`.
#[derive(Clone, Debug, Args)]
pub struct VerifyArgs {
    /// Compare content that was linked, and files of calls that began, on this day or later: 2026-03-01.
    /// The chain is followed from its beginning in any case.
    #[arg(long, value_name = "DAY", value_parser = day)]
    pub since: Option<Date>,
    /// The same on this day or earlier.
    #[arg(long, value_name = "DAY", value_parser = day)]
    pub until: Option<Date>,
    /// A file of roots that was kept elsewhere; may be repeated. Those in the folder of the daemon are
    /// compared in any case.
    #[arg(long, value_name = "FILE")]
    pub roots: Vec<PathBuf>,
}

fn day(text: &str) -> Result<Date, String> {
    text.parse().map_err(|_| "it is not a day; write it as 2026-03-01".to_owned())
}

/// Where things are.
#[derive(Clone, Debug)]
pub struct VerifyPlaces {
    /// URL of the database.
    pub database: String,
    /// Folder of the recordings.
    pub recordings: PathBuf,
    /// Folder of the daemon's files of roots.
    pub roots: PathBuf,
    /// By which days begin and end.
    pub calendar: Arc<Calendar>,
}

/// Verifies, prints what came of it, and gives the exit code: 0 where all is as it was, 1 where
/// something is not, 2 where it could not be looked at.
pub async fn run(args: &VerifyArgs, places: &VerifyPlaces, json: bool) -> ExitCode {
    match verified(args, places).await {
        Ok(found) => {
            let text = if json { format!("{}\n", json_of(&found)) } else { told(&found) };
            // A reader that has seen enough, such as `head`, may have gone.
            write!(std::io::stdout(), "{text}").ok();
            ExitCode::from(if found.good { EXIT_OK } else { EXIT_FAILED })
        }
        Err(error) => {
            eprintln!("ringback: it could not be verified: {error}");
            ExitCode::from(EXIT_UNKNOWN)
        }
    }
}

fn json_of(found: &Verified) -> String {
    serde_json::to_string(found).unwrap_or_default()
}

async fn verified(args: &VerifyArgs, places: &VerifyPlaces) -> Result<Verified, String> {
    let text = |error: crate::io::custody::Error| error.to_string();
    if let (Some(since), Some(until)) = (args.since, args.until)
        && until < since
    {
        return Err(format!("--until {until} lies before --since {since}"));
    }
    let mut order = Order { since: args.since, until: args.until, published: Vec::new() };
    for file in &args.roots {
        order.published.extend(read_roots(file).map_err(text)?);
    }
    order.published.extend(published(&places.roots).map_err(text)?);
    if !places.recordings.is_dir() {
        return Err(format!(
            "the recordings folder {} is not there: run this where `data.recordings` of the configuration is found",
            places.recordings.display()
        ));
    }
    let store = Store::open_existing(&places.database).await.map_err(|error| error.to_string())?;
    let shown = Shown::new();
    let found =
        verify(&store, &places.calendar, &places.recordings, &order, &|progress| shown.tell(progress)).await;
    shown.end();
    store.close().await;
    found.map_err(text)
}

/// Progress on stderr: in one line on a terminal, else now and then a line.
struct Shown {
    is_terminal: bool,
    clock: Clock,
    last: Mutex<Mono>,
}

impl Shown {
    fn new() -> Shown {
        Shown { is_terminal: std::io::stderr().is_terminal(), clock: Clock::start(), last: Mutex::default() }
    }

    fn tell(&self, progress: &Progress) {
        let every = if self.is_terminal { SHOWN_EVERY } else { SAID_EVERY };
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.mono();
        if now.since(*last) < every {
            return;
        }
        *last = now;
        let Progress { step, done, of, bytes } = progress;
        let line = format!("{step}: {done} of {of}, {} MB of files", bytes / 1_000_000);
        if self.is_terminal {
            write!(std::io::stderr(), "\r{line:<70}").ok();
        } else {
            writeln!(std::io::stderr(), "{line}").ok();
        }
    }

    fn end(&self) {
        if self.is_terminal {
            write!(std::io::stderr(), "\r{:<70}\r", "").ok();
        }
    }
}

/// The result in words.
fn told(found: &Verified) -> String {
    let mut out = String::new();
    // Whole lines: a path that is cut short finds nobody anything.
    for trouble in &found.troubles {
        out.push_str(&format!("{} {}: {}\n", trouble.code, trouble.subject, trouble.detail));
    }
    let more = found.problems.saturating_sub(found.troubles.len() as u64);
    if more > 0 {
        out.push_str(&format!("and {more} more\n"));
    }
    out.push_str(&format!(
        "{} entries, {} roots, {} contents as linked, {} erased with a tombstone; {} files, {:.1} MB, in {:.1} s\n",
        found.entries,
        found.roots,
        found.contents,
        found.erased,
        found.files,
        found.bytes as f64 / 1e6,
        found.seconds,
    ));
    if found.elsewhere > 0 {
        out.push_str(&format!("{} recordings lie in an object store and were not read\n", found.elsewhere));
    }
    if found.waiting > 0 {
        out.push_str(&format!("{} facts wait to be linked and were not compared\n", found.waiting));
    }
    out.push_str(&match found.problems {
        0 => "all is as it was\n".to_owned(),
        1 => "1 thing is not as it was\n".to_owned(),
        n => format!("{n} things are not as they were\n"),
    });
    out
}
