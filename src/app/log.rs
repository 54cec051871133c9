//! The log on stderr: for people on a terminal, as JSON otherwise.

use std::io::IsTerminal;
use std::sync::OnceLock;

use tracing_subscriber::EnvFilter;

use crate::config::raw::LogFormat;

/// Puts another filter in the place of the one that is used.
type Setter = Box<dyn Fn(EnvFilter) + Send + Sync>;

/// One for the process, as the log is.
static SETTER: OnceLock<Setter> = OnceLock::new();

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
