//! The log on stderr: for people on a terminal, as JSON otherwise.

use std::io::IsTerminal;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use tracing_subscriber::EnvFilter;

use crate::config::LogFormat;
use crate::io::web::mask;

/// Puts another filter in the place of the one that is used.
type Setter = Box<dyn Fn(EnvFilter) + Send + Sync>;

/// One for the process, as the log is.
static SETTER: OnceLock<Setter> = OnceLock::new();
/// Whether whole telephone numbers are shown.
static UNMASK: AtomicBool = AtomicBool::new(false);

/// So many digits in a row may be the number of a person.
const NUMBER_DIGITS: usize = 7;

/// What others wrote (a reason phrase, a contact), as the log may show it: numbers with their
/// middle covered, unless the configuration wants them whole.
pub(super) fn told(text: &str) -> String {
    if UNMASK.load(Relaxed) { text.to_owned() } else { covered(text) }
}

/// Shows whole numbers, or does not.
pub(super) fn set_unmask(unmask: bool) {
    UNMASK.store(unmask, Relaxed);
}

fn covered(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len());
        let (digits, after) = from.split_at(end);
        shown.push_str(before);
        shown.push_str(&if digits.len() < NUMBER_DIGITS { digits.to_owned() } else { mask(digits) });
        rest = after;
    }
    shown + rest
}

/// Starts logging. `RUST_LOG` goes before the configured level.
pub(super) fn start(level: &str, format: LogFormat) {
    let filter = EnvFilter::try_from_default_env()
        .or_else(|_| EnvFilter::try_new(level))
        .unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let json = match format {
        LogFormat::Json => true,
        LogFormat::Text => false,
        LogFormat::Auto => !std::io::stderr().is_terminal(),
    };
    // A second start, as in tests, keeps the first.
    let setter: Option<Setter> = if json {
        let builder = builder.json().with_filter_reloading();
        let handle = builder.reload_handle();
        builder.try_init().is_ok().then(|| Box::new(move |filter| drop(handle.reload(filter))) as Setter)
    } else {
        let builder = builder.with_filter_reloading();
        let handle = builder.reload_handle();
        builder.try_init().is_ok().then(|| Box::new(move |filter| drop(handle.reload(filter))) as Setter)
    };
    if let Some(setter) = setter {
        SETTER.set(setter).ok();
    }
}

/// Another level for the running log; `RUST_LOG` still goes before it.
pub(super) fn set_level(level: &str) {
    if EnvFilter::try_from_default_env().is_ok() {
        return;
    }
    if let (Some(set), Ok(filter)) = (SETTER.get(), EnvFilter::try_new(level)) {
        set(filter);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_covered_and_what_is_too_short_for_one_is_not() {
        for (text, expect) in [
            ("404 no 13800000001 here", "404 no 138****0001 here"),
            (
                "302, redirected to sip:+8613800000001@10.0.0.1:5060",
                "302, redirected to sip:+861******0001@10.0.0.1:5060",
            ),
            ("拒绝 02161234567、13800000002", "拒绝 021****4567、138****0002"),
            ("486 Busy Here (Q.850 cause 17)", "486 Busy Here (Q.850 cause 17)"),
            ("", ""),
        ] {
            assert_eq!(covered(text), expect);
        }
    }
}
