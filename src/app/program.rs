//! The commands that are the daemon's own: serve, demo, check, config.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use super::reload::{Fresh, Reread};
use super::{Daemon, configured, demo, library, lower, policies, rehearsal, signals};
use crate::config::{self, Loaded, Source};
use crate::io::assets;
use crate::io::certificate::Certificate;
use crate::io::cli::{self, CheckArgs, Cli, ClientSettings, Command, ConfigCommand, PolicyCommand};
use crate::io::clock;
use crate::io::signal::Identity;
use crate::io::web::ReloadedSection;
use crate::ivr::{self, Severity};
use crate::policy::pack;

/// Looked for where no file is named.
const DEFAULT_FILE: &str = "ringback.toml";

/// Runs the program named on the command line; returns its exit code.
pub fn main() -> ExitCode {
    let cli = cli::parse();
    if !matches!(cli.command, Command::Serve | Command::Demo(_)) {
        crate::io::pipes::end_with_the_reader();
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(cli::EXIT_FAILED, &format!("no runtime: {error}")),
    };
    runtime.block_on(run(&cli))
}

async fn run(cli: &Cli) -> ExitCode {
    if let Command::Check(arguments) = &cli.command {
        return check(cli, arguments);
    }
    if let Command::Demo(arguments) = &cli.command {
        // What goes on is drawn; a line of the log would spoil the picture.
        super::log::start("error", config::LogFormat::Auto);
        let options = demo::Options { once: arguments.once, seed: arguments.seed, lines: arguments.lines };
        return match demo::run(options).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(cli::EXIT_FAILED, &error),
        };
    }
    if let Command::Config { command: ConfigCommand::Schema } = &cli.command {
        // A reader that has seen enough, such as `head`, may have gone.
        writeln!(std::io::stdout(), "{}", config::schema()).ok();
        return ExitCode::SUCCESS;
    }
    if let Command::Policy { command: PolicyCommand::Schema } = &cli.command {
        writeln!(std::io::stdout(), "{}", pack::schema()).ok();
        return ExitCode::SUCCESS;
    }
    if let Command::Register(cli::RegisterArgs { command: Some(cli::RegisterCommand::Schema) }) = &cli.command
    {
        writeln!(std::io::stdout(), "{}", crate::register::schema()).ok();
        return ExitCode::SUCCESS;
    }
    if let Command::Report(cli::ReportArgs { command: Some(cli::ReportCommand::Schema), .. }) = &cli.command {
        writeln!(std::io::stdout(), "{}", crate::report::schema()).ok();
        return ExitCode::SUCCESS;
    }
    let loaded = match load(cli.config.as_deref()) {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    match &cli.command {
        Command::Policy { command } => shelf(&loaded, |shelf| shelf.run(command, cli.json)),
        Command::Calendar(args) => {
            shelf(&loaded, |shelf| cli::run_calendar(&shelf.calendar, args, shelf.today, cli.json))
        }
        Command::Roles { command } => roles(&loaded, command, cli.json),
        Command::Simulate(args) => simulate(&loaded, args, cli.json).await,
        Command::Verify(args) => verify(&loaded, args, cli.json).await,
        Command::Serve => serve(cli.config.clone(), &loaded).await,
        Command::Config { command: ConfigCommand::Show } => show(&loaded, cli.json),
        Command::Key { command } => keys(&loaded, command, cli.json).await,
        _ => {
            let settings = ClientSettings {
                socket: loaded.settings.api.socket.clone(),
                database: loaded.settings.database.0.clone(),
                console: console_url(&loaded.settings.api),
                zone: match policies::calendar(&loaded.settings.policy) {
                    Ok(calendar) => calendar.zone().clone(),
                    Err(_) => jiff::tz::TimeZone::system(),
                },
                roles: match super::roles::load(&loaded.settings.policy) {
                    Ok(loaded) => loaded.roles,
                    Err(_) => crate::io::roles::built_in(),
                },
            };
            cli::run_client(cli, &settings).await
        }
    }
}

/// Runs a command on roles, and prints what it gives.
fn roles(loaded: &Loaded, command: &cli::RolesCommand, as_json: bool) -> ExitCode {
    match super::roles::load(&loaded.settings.policy) {
        Ok(found) => {
            let (text, code) = cli::run_roles(&found, command, as_json);
            write!(std::io::stdout(), "{text}").ok();
            ExitCode::from(code)
        }
        Err(error) => fail(cli::EXIT_CONFIG, &format!("roles cannot be read: {error}")),
    }
}

/// Verifies the evidence where it lies.
async fn verify(loaded: &Loaded, args: &cli::VerifyArgs, json: bool) -> ExitCode {
    let settings = &loaded.settings;
    let calendar = match policies::calendar(&settings.policy) {
        Ok(calendar) => calendar,
        Err(error) => return fail(cli::EXIT_USAGE, &error),
    };
    let places = cli::VerifyPlaces {
        database: settings.database.0.clone(),
        recordings: settings.recordings.clone(),
        roots: lower::roots(settings),
        calendar,
    };
    cli::run_verify(args, &places, json).await
}

/// Works on the key file.
async fn keys(loaded: &Loaded, command: &cli::KeyCommand, json: bool) -> ExitCode {
    let (file, database) = (loaded.settings.keeping.key_file.as_deref(), &loaded.settings.database.0);
    match cli::run_keys(command, file, database, json).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => fail(failure.exit_code(), &failure.to_string()),
    }
}

/// Where people reach the console.
fn console_url(api: &config::Api) -> String {
    let own = || api.listen.first().map_or_else(String::new, |address| format!("http://{address}"));
    api.public_url.clone().unwrap_or_else(own)
}

/// Runs a command on policies and calendar, and prints what it gives.
fn shelf(loaded: &Loaded, command: impl FnOnce(&cli::Shelf) -> (String, u8)) -> ExitCode {
    match policies::shelf(&loaded.settings) {
        Ok(shelf) => {
            let (text, code) = command(&shelf);
            write!(std::io::stdout(), "{text}").ok();
            ExitCode::from(code)
        }
        Err(error) => fail(cli::EXIT_CONFIG, &error),
    }
}

/// Rehearses a policy and prints what it came to; progress goes to stderr.
async fn simulate(loaded: &Loaded, args: &cli::SimulateArgs, json: bool) -> ExitCode {
    let options = match rehearsal_options(loaded, args) {
        Ok(options) => options,
        Err(error) => return fail(cli::EXIT_USAGE, &error),
    };
    let shown = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let tell = |day| {
        if shown {
            write!(std::io::stderr(), "\r{day} ").ok();
        }
    };
    let done = rehearsal::simulate(options, tell).await;
    if shown {
        write!(std::io::stderr(), "\r").ok();
    }
    let written = match (&done, &args.registers) {
        (Ok(simulation), Some(folder)) => write_forms(folder, &simulation.forms),
        _ => Ok(()),
    };
    match written.and(done) {
        Ok(simulation) if json => {
            let text = serde_json::to_string(&simulation).unwrap_or_default();
            writeln!(std::io::stdout(), "{text}").ok();
            ExitCode::SUCCESS
        }
        Ok(simulation) => {
            write!(std::io::stdout(), "{}", rehearsal::text(&simulation)).ok();
            ExitCode::SUCCESS
        }
        Err(error) => fail(cli::EXIT_FAILED, &error),
    }
}

fn rehearsal_options(loaded: &Loaded, args: &cli::SimulateArgs) -> Result<rehearsal::Options, String> {
    let day = |name: &str, text: &str| {
        text.parse().map_err(|_| format!("--{name}: `{text}` is not a day; write it as 2026-03-01"))
    };
    let shelf = policies::shelf(&loaded.settings)?;
    Ok(rehearsal::Options {
        policy: shelf.policy(&args.policy)?,
        calendar: Arc::clone(&shelf.calendar),
        from: day("from", &args.from)?,
        to: day("to", &args.to)?,
        customers: rehearsal::Customers::File(args.customers.clone()),
        intake: args.intake.clone(),
        seed: args.seed,
        lines: args.lines,
        answer_rate: args.answer_rate,
        folders: lower::folders(&loaded.settings),
        fallback: loaded.settings.fallback_language.clone(),
        registers: args.registers.is_some(),
    })
}

/// Writes the forms of a rehearsal.
fn write_forms(folder: &Path, forms: &BTreeMap<String, String>) -> Result<(), String> {
    let named = |e: std::io::Error| format!("{} cannot be written: {e}", folder.display());
    std::fs::create_dir_all(folder).map_err(named)?;
    forms
        .iter()
        .try_for_each(|(id, csv)| std::fs::write(folder.join(format!("{id}.csv")), csv).map_err(named))
}

async fn serve(file: Option<PathBuf>, loaded: &Loaded) -> ExitCode {
    super::log::start(&loaded.settings.log.level, loaded.settings.log.format);
    super::log::set_unmask(loaded.settings.log.unmask);
    // A call takes three descriptors; the soft limit of most systems is 1,024.
    match crate::io::descriptors::raise() {
        Ok(limit) => tracing::debug!(limit, "file descriptors"),
        Err(error) => tracing::warn!(%error, "the limit of file descriptors could not be raised"),
    }
    for warning in &loaded.warnings {
        tracing::warn!(warning, "configuration");
    }
    let mut settings = match configured::settings(&loaded.settings) {
        Ok(settings) => settings,
        Err(error) => return fail(cli::EXIT_CONFIG, &error),
    };
    settings.reread = Some(reread(file, loaded.clone()));
    let daemon = match Daemon::start(settings).await {
        Ok(daemon) => daemon,
        Err(error) => return fail(cli::EXIT_FAILED, &error.to_string()),
    };
    // Without systemd there is no socket to notify, which is no fault.
    sd_notify::notify(&[sd_notify::NotifyState::Ready]).ok();
    let signalled = daemon.signal_sender();
    tokio::spawn(async move {
        loop {
            signals::wait().await;
            signalled();
        }
    });
    let reload = daemon.reload_sender();
    tokio::spawn(async move {
        loop {
            signals::wait_for_hangup().await;
            reload();
        }
    });
    daemon.finish().await;
    ExitCode::SUCCESS
}

/// Syntax, values, scripts and prompts; with `--offline` nothing outside the file.
fn check(cli: &Cli, arguments: &CheckArgs) -> ExitCode {
    let file = arguments.file.clone().or_else(|| cli.config.clone());
    let loaded = match load(file.as_deref()) {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    for warning in &loaded.warnings {
        println!("warning: {warning}");
    }
    if arguments.offline {
        println!("{}: the file is good", loaded.origin);
        return ExitCode::SUCCESS;
    }
    let signal = lower::lower(&loaded.settings).signal;
    if let Err(error) = super::daemon::certificates(&signal, clock::utc()) {
        return fail(cli::EXIT_CONFIG, &format!("certificate: {error}"));
    }
    if let Err(error) = super::notices::settings(&loaded.settings) {
        return fail(cli::EXIT_CONFIG, &error);
    }
    if let Err(error) = super::keeper::settings(&loaded.settings) {
        return fail(cli::EXIT_CONFIG, &error);
    }
    match library::load(&lower::folders(&loaded.settings), &loaded.settings.fallback_language) {
        Ok(found) => report(&loaded, &found),
        Err(error) => fail(cli::EXIT_CONFIG, &format!("scripts and prompts: {error}")),
    }
}

fn report(loaded: &Loaded, found: &library::Loaded) -> ExitCode {
    for problem in &found.problems {
        println!("error: {problem}");
    }
    let scripts = found.library.scripts.values().map(Arc::as_ref);
    let findings = ivr::check(scripts, &found.library.names);
    for finding in &findings {
        println!("{finding}");
    }
    let missing = loaded
        .settings
        .inbound
        .iter()
        .filter(|rule| !found.library.scripts.contains_key(&rule.script))
        .inspect(|rule| println!("error: inbound {}: script `{}` does not exist", rule.number, rule.script))
        .count();
    let errors =
        found.problems.len() + missing + findings.iter().filter(|f| f.severity == Severity::Error).count();
    let scripts = found.library.scripts.len();
    let prompts = found.library.prompts.len();
    println!("{}: {scripts} scripts, {prompts} prompts, {errors} errors", loaded.origin);
    if errors == 0 { ExitCode::SUCCESS } else { ExitCode::from(cli::EXIT_CONFIG) }
}

fn show(loaded: &Loaded, json: bool) -> ExitCode {
    let raw = loaded.raw.without_secrets();
    let text = if json {
        serde_json::to_string_pretty(&raw).map_err(|e| e.to_string())
    } else {
        toml::to_string_pretty(&raw)
            .map(|text| format!("# from {}\n{text}", loaded.origin))
            .map_err(|e| e.to_string())
    };
    match text {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => fail(cli::EXIT_FAILED, &error),
    }
}

/// Reads the file again: everything that can fail does so here, before anything is taken over.
fn reread(file: Option<PathBuf>, started: Loaded) -> Reread {
    // Files that cannot be read stop the start itself, which reads them too.
    let identity = Identity::read(&lower::lower(&started.settings).signal).ok();
    let running = Mutex::new((started, identity));
    Arc::new(move || {
        let mut running = running.lock().unwrap_or_else(PoisonError::into_inner);
        let (running, shown) = &mut *running;
        let new = read(file.as_deref())?;
        let changes = config::diff(running, &new);
        let merged = config::merge(running, &new, &folder_of(file.as_deref()), &read_secret)?;
        let mut settings = lower::lower(&merged.settings);
        settings.planner = super::planner::settings(&merged.settings)?;
        settings.notices = super::notices::settings(&merged.settings)?;
        settings.tickets = super::tickets::settings(&merged.settings)?;
        settings.books = super::books::settings(&merged.settings)?;
        settings.evidence = super::evidence::settings(&merged.settings)?;
        settings.audit = super::audit::settings(&merged.settings)?;
        settings.access = super::roles::settings(&merged.settings)?;
        settings.keeping = super::keeper::settings(&merged.settings)?;
        let library = library::load(&settings.folders, &settings.fallback_language)
            .map_err(|error| format!("scripts and prompts: {error}"))?;
        let certificates = super::daemon::certificates(&settings.signal, clock::utc())
            .map_err(|error| format!("certificate: {error}"))?;
        let identity = Identity::read(&settings.signal).map_err(|error| format!("certificate: {error}"))?;
        let config::Log { level: log_level, unmask: log_unmask, .. } = merged.settings.log.clone();
        let mut sections: Vec<_> = changes.into_iter().map(section).collect();
        sections.extend(renewed(&certificates).filter(|_| shown.as_ref() != Some(&identity)));
        for warning in &merged.warnings {
            tracing::warn!(warning, "configuration");
        }
        *running = merged;
        *shown = Some(identity.clone());
        Ok(Fresh { settings, library, log_level, log_unmask, identity, certificates, sections })
    })
}

/// Certificates that are others than before.
fn renewed(certificates: &[Certificate]) -> Option<ReloadedSection> {
    let files: Vec<_> = certificates.iter().map(Certificate::describe).collect();
    let detail = format!("{}; connections from here on use it", files.join(", "));
    let section = ReloadedSection { section: "certificates".into(), result: "applied".into(), detail };
    (!files.is_empty()).then_some(section)
}

fn section(change: config::Change) -> ReloadedSection {
    let (result, detail) = match change.effect {
        config::Effect::Applied => ("applied", change.detail),
        config::Effect::NeedsRestart => {
            ("needs_restart", format!("{}: only a restart takes this over", change.detail))
        }
    };
    ReloadedSection { section: change.section, result: result.into(), detail }
}

/// The same as [`read`], with the mistakes on stderr and the exit code they call for.
fn load(file: Option<&Path>) -> Result<Loaded, ExitCode> {
    read(file).map_err(|mistakes| fail(cli::EXIT_CONFIG, &mistakes))
}

/// The named file, else `ringback.toml` here, else what is built in; or its mistakes in words.
fn read(file: Option<&Path>) -> Result<Loaded, String> {
    let found = found(file);
    let environment = std::env::vars().filter(|(name, _)| name.starts_with(config::PREFIX)).collect();
    let folder = folder_of(file);
    let (text, origin) = match &found {
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
            (text, path.display().to_string())
        }
        None => {
            let bytes = assets::read(DEFAULT_FILE).unwrap_or_default();
            (String::from_utf8_lossy(&bytes).into_owned(), "built in".to_owned())
        }
    };
    let source = Source { text: &text, origin: &origin, folder: &folder };
    config::load(source, &environment, &read_secret).map_err(|errors| {
        let all: Vec<String> = errors.iter().map(ToString::to_string).collect();
        format!("{} in {origin}\n{}", count(errors.len(), "mistake"), all.join("\n\n"))
    })
}

fn found(file: Option<&Path>) -> Option<PathBuf> {
    file.map(PathBuf::from).or_else(|| Some(PathBuf::from(DEFAULT_FILE)).filter(|p| p.is_file()))
}

/// Where relative paths of the file start.
fn folder_of(file: Option<&Path>) -> PathBuf {
    let folder = found(file).and_then(|path| path.parent().map(Path::to_owned));
    folder.unwrap_or_else(|| PathBuf::from("."))
}

fn read_secret(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|e| e.to_string())
}

fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

fn fail(code: u8, message: &str) -> ExitCode {
    eprintln!("ringback: {message}");
    ExitCode::from(code)
}
