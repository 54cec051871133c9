//! The command line. Most commands speak to the running daemon over its unix socket, in the
//! same HTTP API as everybody else; tokens and the database can be handled without it.

mod agents;
mod archive_args;
mod args;
mod audit;
mod call;
mod callbacks;
mod calendar;
mod calls;
mod campaigns;
mod canary;
mod client;
mod daemon;
mod evidence;
mod import;
mod intake;
mod lifetime;
mod lists;
mod notices;
mod plan;
mod policy;
mod prompts;
mod recordings;
mod registers;
mod replay;
mod reports;
mod roles;
mod rosters;
mod simulate;
mod storage;
mod table;
mod tickets;
mod verify;
mod users;

pub use agents::{AgentCommand, AgentsArgs};
pub use args::{
    CallsArgs, CampaignCommand, CheckArgs, Cli, Command, ConfigCommand, CustomerCommand, DbCommand, DemoArgs,
    DrainWord, IntakeArgs, IntakeCommand, ListCommand, PromptsCommand, TokenCommand, parse,
};
pub use audit::{AuditArgs, AuditCommand};
pub use calendar::{CalendarArgs, CalendarCommand, run as run_calendar};
pub use call::{CallArgs, CallCommand, SuperviseWord};
pub use callbacks::{CallbackCommand, CallbacksArgs};
pub use canary::{CanaryArgs, CanaryCommand};
pub use client::{Client, Failure};
pub use evidence::{EvidenceArgs, EvidenceCommand};
pub use notices::{NoticesArgs, NoticesCommand};
pub use plan::{PlanArgs, PlanCommand};
pub use policy::{PolicyCommand, Shelf};
pub use recordings::{KeyCommand, RecordingsArgs, RecordingsCommand, run_keys};
pub use registers::{PerformanceArgs, RegisterArgs, RegisterCommand};
pub use replay::ReplayArgs;
pub use reports::{ReportArgs, ReportCommand, StepWord};
pub use roles::{RolesCommand, run_roles};
pub use rosters::{RosterArgs, RosterCommand};
pub use simulate::SimulateArgs;
pub use table::{Table, width};
pub use tickets::{TicketCommand, TicketsArgs};
pub use users::UserCommand;
pub use verify::{VerifyArgs, VerifyPlaces, run as run_verify};

use std::path::PathBuf;
use std::process::ExitCode;

/// Success.
pub const EXIT_OK: u8 = 0;
/// It did not work, and trying again will not help.
pub const EXIT_FAILED: u8 = 1;
/// The command line is wrong; clap's own number for it.
pub const EXIT_USAGE: u8 = 2;
/// The daemon is not there or busy: try again (EX_TEMPFAIL of sysexits).
pub const EXIT_TEMPORARY: u8 = 75;
/// The configuration is wrong (EX_CONFIG of sysexits).
pub const EXIT_CONFIG: u8 = 78;

/// What the client commands need to know of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientSettings {
    /// The daemon's unix socket.
    pub socket: PathBuf,
    /// URL of the database, for `token`, `user` and `db`.
    pub database: String,
    /// Where people reach the console, for links.
    pub console: String,
    /// The calendar's zone, in which times are shown.
    pub zone: jiff::tz::TimeZone,
    /// Roles that tokens may have.
    pub roles: crate::access::Roles,
}

/// Runs a command that is not `serve`, `demo`, `check`, `config`, `policy`, `calendar`, `verify` or
/// `simulate`, which belong to `app`, and prints what it has to say. Errors go to stderr as `ringback: ...`.
pub async fn run_client(cli: &Cli, settings: &ClientSettings) -> ExitCode {
    match run(cli, settings).await {
        Ok(()) => ExitCode::from(EXIT_OK),
        Err(failure) => {
            eprintln!("ringback: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}

/// The same without printing the error, for tests and embedding.
pub async fn run(cli: &Cli, settings: &ClientSettings) -> Result<(), Failure> {
    let output = Output { json: cli.json, unmask: cli.unmask };
    client::show_times_in(&settings.zone);
    let socket = cli.socket.clone().unwrap_or_else(|| settings.socket.clone());
    let client = Client::new(&socket)?;
    match &cli.command {
        Command::List { command } => lists::run(&client, output, command).await,
        Command::Intake(args) => intake::run(&client, output, args).await,
        Command::Customers { command } => intake::customers(&client, output, command.as_ref()).await,
        Command::Campaign { command } => campaigns::run(&client, output, command).await,
        Command::Call(args) => call::run(&client, output, args).await,
        Command::Calls(args) => calls::run(&client, output, args).await,
        Command::Recordings(args) => recordings::run(&client, output, args).await,
        Command::Evidence(args) => evidence::run(&client, output, args).await,
        Command::Audit(args) => audit::run(&client, output, args).await,
        Command::Plan(args) => plan::run(&client, output, args).await,
        Command::Replay(args) => replay::run(&client, output, args).await,
        Command::Callbacks(args) => callbacks::run(&client, output, args).await,
        Command::Notices(args) => notices::run(&client, output, args).await,
        Command::Roster(args) => rosters::run(&client, output, args).await,
        Command::Register(args) => registers::run(&client, output, args).await,
        Command::Report(args) => reports::run(&client, output, args).await,
        Command::Performance(args) => registers::performance(&client, output, args).await,
        Command::Tickets(args) => tickets::run(&client, output, args).await,
        Command::Agents(args) => agents::run(&client, output, args).await,
        Command::Trunks => calls::trunks(&client, output).await,
        Command::Canary(args) => canary::run(&client, output, args).await,
        Command::Drain { mode } => daemon::drain(&client, output, *mode).await,
        Command::Reload => daemon::reload(&client, output).await,
        Command::Prompts { command } => prompts::run(&client, output, command).await,
        Command::Token { command } => storage::token(settings, output, command).await,
        Command::User { command } => users::run(settings, output, command).await,
        Command::Db { command } => storage::db(settings, output, command).await,
        Command::Completions { shell } => {
            args::completions(*shell);
            Ok(())
        }
        Command::Version => {
            println!("ringback {}", env!("CARGO_PKG_VERSION"));
            Ok(())
        }
        Command::Serve
        | Command::Demo(_)
        | Command::Check(_)
        | Command::Config { .. }
        | Command::Policy { .. }
        | Command::Roles { .. }
        | Command::Simulate(_)
        | Command::Verify(_)
        | Command::Key { .. }
        | Command::Calendar(_) => Err(Failure::failed("this command is run by the daemon itself")),
    }
}

/// How results are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Output {
    /// As JSON, for programs.
    pub json: bool,
    /// With whole numbers.
    pub unmask: bool,
}

impl Output {
    /// Prints the JSON as it came, or what `human` makes of it.
    fn print(self, value: &serde_json::Value, human: impl FnOnce(&serde_json::Value) -> String) {
        if self.json {
            println!("{value}");
        } else {
            print!("{}", human(value));
        }
    }
}
