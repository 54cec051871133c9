//! Words of the command line.

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

pub use super::archive_args::{CustomerCommand, IntakeArgs, IntakeCommand};
pub use super::lifetime::Lifetime;
use super::lifetime::lifetime;
use super::{CalendarArgs, PolicyCommand, RolesCommand};

/// Dials the day's callback list, surveys, records, answers the hotline.
#[derive(Clone, Debug, Parser)]
#[command(name = "ringback", version, max_term_width = 100, propagate_version = true)]
pub struct Cli {
    /// Configuration file.
    #[arg(short, long, global = true, env = "RINGBACK_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Unix socket of the daemon; by default the one of the configuration.
    #[arg(long, global = true, env = "RINGBACK_SOCKET", value_name = "PATH")]
    pub socket: Option<PathBuf>,
    /// Print JSON.
    #[arg(long, global = true)]
    pub json: bool,
    /// Show whole telephone numbers; the audit log notes it.
    #[arg(long, global = true)]
    pub unmask: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Run the daemon in the foreground.
    Serve,
    /// Show a whole day with a simulated trunk and customers; needs nothing.
    Demo(DemoArgs),
    /// Check the configuration, scripts and prompts; exit code 0 or 78.
    Check(CheckArgs),
    /// Show the configuration in effect, or its schema.
    Config {
        /// Which.
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Callback policies as files.
    Policy {
        /// What with them.
        #[command(subcommand)]
        command: PolicyCommand,
    },
    /// Holidays and make-up working days.
    Calendar(CalendarArgs),
    /// Lists of customers.
    List {
        /// What with them.
        #[command(subcommand)]
        command: ListCommand,
    },
    /// Bring a file into the customer archive, or take one back.
    Intake(IntakeArgs),
    /// The customer archive; without a command the newest page of it.
    Customers {
        /// What with them.
        #[command(subcommand)]
        command: Option<CustomerCommand>,
    },
    /// Campaigns.
    Campaign {
        /// What with them.
        #[command(subcommand)]
        command: CampaignCommand,
    },
    /// Calls: those of now, or with filters those of the past.
    Calls(CallsArgs),
    /// Recordings as they are stored: searching, holding, archiving and deleting them.
    Recordings(super::RecordingsArgs),
    /// Keys that recordings are sealed with.
    Key {
        /// What with them.
        #[command(subcommand)]
        command: super::KeyCommand,
    },
    /// Evidence: what was found in calls, by whom and where in the recording.
    Evidence(super::EvidenceArgs),
    /// The audit of calls: a draw nobody can rig, cases, results.
    Audit(super::AuditArgs),
    /// Verify the evidence: the chain of custody, what it tells of, and every file; needs no daemon. Exit
    /// code 0: all is as it was, 1: something is not, 2: it could not be looked at.
    Verify(super::VerifyArgs),
    /// One call: orders while somebody talks with the customer, and its legs afterwards.
    Call(super::CallArgs),
    /// The list of a day: who is called and when, who is not and why, by this policy or another.
    Plan(super::PlanArgs),
    /// Rehearse a policy on a virtual clock with simulated customers: a month in seconds.
    Simulate(super::SimulateArgs),
    /// Decide a recorded day again: the same list from the same facts, and what another policy
    /// would have made of them.
    Replay(super::ReplayArgs),
    /// Callbacks that are owed, were done, or were given up.
    Callbacks(super::CallbacksArgs),
    /// What people and their programs were told, and whether it arrived.
    Notices(super::NoticesArgs),
    /// On-call rosters: months, swaps, and who is on duty now.
    Roster(super::RosterArgs),
    /// Tickets: what customers brought to us, until they say that it is solved.
    Tickets(super::TicketsArgs),
    /// Registers: the forms of the department, filled from what is stored.
    Register(super::RegisterArgs),
    /// Reports of days, weeks, months, quarters and years.
    Report(super::ReportArgs),
    /// The monthly sheets of people: what counts for and against them.
    Performance(super::PerformanceArgs),
    /// Agents: where they are, where they were, and moving them.
    Agents(super::AgentsArgs),
    /// Trunks with their state.
    Trunks,
    /// Canaries of trunks: how each stands, making one, overriding one.
    Canary(super::CanaryArgs),
    /// Stop taking work, or take that back.
    Drain {
        /// How.
        mode: DrainWord,
    },
    /// Read the configuration again; a bad file keeps the old.
    Reload,
    /// The database.
    Db {
        /// What with it.
        #[command(subcommand)]
        command: DbCommand,
    },
    /// Tokens for the HTTP API.
    Token {
        /// What with them.
        #[command(subcommand)]
        command: TokenCommand,
    },
    /// Roles: what their holders may do, and with whose things.
    Roles {
        /// What with them.
        #[command(subcommand)]
        command: RolesCommand,
    },
    /// Accounts of people who log in to the console.
    User {
        /// What with them.
        #[command(subcommand)]
        command: super::UserCommand,
    },
    /// Prompts.
    Prompts {
        /// What with them.
        #[command(subcommand)]
        command: PromptsCommand,
    },
    /// Print a completion script.
    Completions {
        /// For this shell.
        shell: clap_complete::Shell,
    },
    /// Print the version.
    Version,
}

/// `demo`.
#[derive(Clone, Debug, Args)]
pub struct DemoArgs {
    /// End when the list is done.
    #[arg(long)]
    pub once: bool,
    /// The same seed gives the same day.
    #[arg(long, default_value_t = crate::io::demo::DEMO_SEED)]
    pub seed: u64,
    /// Calls at once.
    #[arg(long, default_value_t = 48, value_parser = clap::value_parser!(u32).range(1..=200))]
    pub lines: u32,
}

/// `check`.
#[derive(Clone, Debug, Args)]
pub struct CheckArgs {
    /// The file; by default the one of `--config`.
    pub file: Option<PathBuf>,
    /// Look at the file alone: no folder, address or database.
    #[arg(long)]
    pub offline: bool,
}

/// `config`.
#[derive(Clone, Debug, Subcommand)]
pub enum ConfigCommand {
    /// The configuration in effect; secrets are left out.
    Show,
    /// JSON schema of the file.
    Schema,
}

/// `list`.
#[derive(Clone, Debug, Subcommand)]
pub enum ListCommand {
    /// Bring a CSV file (UTF-8 or GB18030) into a list. Doing it twice changes nothing.
    Import {
        /// The file; `-` reads from stdin.
        file: PathBuf,
        /// The list; it is made if there is none.
        #[arg(long, value_name = "NAME")]
        list: String,
        /// Count what would happen and change nothing.
        #[arg(long)]
        dry_run: bool,
        /// Column to field: `--map 客户电话=phone`. May be repeated.
        #[arg(long, value_name = "COLUMN=FIELD", value_parser = pair)]
        map: Vec<(String, String)>,
        /// Write the rows that were not taken, with their reasons, into this CSV file.
        #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
        rejected: Option<PathBuf>,
    },
    /// Lists, or one list with its entries and their reasons.
    Show {
        /// Its name.
        name: Option<String>,
        /// Only entries in this state.
        #[arg(long)]
        state: Option<String>,
        /// Entries to show.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
        limit: u32,
    },
}

/// `campaign`.
#[derive(Clone, Debug, Subcommand)]
pub enum CampaignCommand {
    /// Make a campaign.
    Create {
        /// Unique name.
        name: String,
        /// The list it dials.
        #[arg(long, value_name = "NAME")]
        list: String,
        /// Survey script.
        #[arg(long)]
        script: String,
        /// Any setting: `--set concurrency=20 --set windows='["Mon-Fri 09:00-12:00"]'`. May be repeated.
        #[arg(long, value_name = "SETTING=VALUE", value_parser = pair)]
        set: Vec<(String, String)>,
        /// Start it at once.
        #[arg(long)]
        start: bool,
    },
    /// Start, or start again.
    Start {
        /// Name or id.
        campaign: String,
    },
    /// Place no new call.
    Pause {
        /// Name or id.
        campaign: String,
    },
    /// Go on after a pause.
    Resume {
        /// Name or id.
        campaign: String,
    },
    /// Stop at once: its calls are hung up.
    Stop {
        /// Name or id.
        campaign: String,
    },
    /// End gracefully with the last running call.
    End {
        /// Name or id.
        campaign: String,
    },
    /// How far it is.
    Show {
        /// Name or id.
        campaign: String,
    },
    /// Customers who answered and found no agent, day by day.
    Abandoned {
        /// Name or id.
        campaign: String,
        /// From, in milliseconds since 1970.
        from: i64,
    },
    /// All campaigns.
    List,
}

/// `calls`.
#[derive(Clone, Debug, Default, Args)]
pub struct CallsArgs {
    /// Follow the calls of now until interrupted.
    #[arg(long, conflicts_with_all = ["phone", "campaign", "from", "to", "result", "past"])]
    pub watch: bool,
    /// Calls of the past, newest first.
    #[arg(long)]
    pub past: bool,
    /// With this number.
    #[arg(long)]
    pub phone: Option<String>,
    /// Of this campaign: name or id.
    #[arg(long)]
    pub campaign: Option<String>,
    /// From this day or time on.
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Up to this day or time.
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    /// With this result, e.g. `completed`.
    #[arg(long, value_name = "DISPOSITION")]
    pub result: Option<String>,
    /// Calls to show.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    pub limit: u32,
}

impl CallsArgs {
    /// Whether calls of the past are asked for.
    pub fn of_the_past(&self) -> bool {
        self.past
            || [&self.phone, &self.campaign, &self.from, &self.to, &self.result]
                .iter()
                .any(|filter| filter.is_some())
    }
}

/// How to drain; the words are Asterisk's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DrainWord {
    /// Refuse new calls, end when the last running call has ended.
    Gracefully,
    /// Go on as before, end at the first moment without a call.
    WhenIdle,
    /// End running calls at once and stop.
    Now,
    /// Take back an earlier order to drain.
    Abort,
}

/// `db`.
#[derive(Clone, Debug, Subcommand)]
pub enum DbCommand {
    /// Bring the schema up to date.
    Migrate,
    /// Which database, which schema.
    Status,
    /// Copy the whole database to one file; the daemon may be running.
    Backup {
        /// The file, which must not exist.
        file: PathBuf,
    },
}

/// `token`.
#[derive(Clone, Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a token and show its secret this once.
    Create {
        /// Unique name, which the audit log shows.
        #[arg(long)]
        name: String,
        /// Its first role: read, operate, admin, or another of `ringback roles show`.
        #[arg(long, default_value = "", hide_default_value = true)]
        scope: String,
        /// How long it is good: `30d`, `12h`, `10m`, or `never`.
        #[arg(long, value_name = "TIME", value_parser = lifetime, default_value = "90d")]
        expires_in: Lifetime,
        /// Further role, or a title of the company by which its holder signs approvals of tickets;
        /// as often as wanted.
        #[arg(long = "role", value_name = "ROLE")]
        roles: Vec<String>,
        /// Agent of its holder: whose calls, callbacks and sheets are theirs.
        #[arg(long, default_value = "", hide_default_value = true)]
        agent: String,
        /// Department of its holder: whose tickets they see.
        #[arg(long, default_value = "", hide_default_value = true)]
        department: String,
        /// Policy pack of its holder.
        #[arg(long, default_value = "", hide_default_value = true)]
        shop: String,
    },
    /// All tokens.
    List,
    /// Refuse a token from now on.
    Revoke {
        /// Its name.
        name: String,
    },
}

/// `prompts`.
#[derive(Clone, Debug, Subcommand)]
pub enum PromptsCommand {
    /// What scripts need and lack; exit code 1 where something is missing.
    Check,
    /// All prompts.
    List,
    /// Call somebody who speaks a prompt.
    Record {
        /// Name of the prompt, e.g. `company/name`.
        name: String,
        /// Number of the person who speaks it.
        #[arg(long, value_name = "NUMBER")]
        to: String,
    },
}

pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    if key.trim().is_empty() {
        return Err("nothing stands before the =".into());
    }
    Ok((key.trim().to_owned(), value.trim().to_owned()))
}

/// The command line of this process; a wrong one ends it with exit code 2.
pub fn parse() -> Cli {
    Cli::parse()
}

/// Prints the completion script of a shell.
pub(super) fn completions(shell: clap_complete::Shell) {
    clap_complete::generate(shell, &mut Cli::command(), "ringback", &mut std::io::stdout());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_of_the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn commands_are_read() {
        let check = |line: &str| Cli::try_parse_from(line.split(' ')).map_err(|e| e.to_string());
        for line in [
            "ringback serve -c a.toml",
            "ringback demo --once --seed 7 --lines 40",
            "ringback check a.toml --offline",
            "ringback config schema",
            "ringback policy check",
            "ringback policy check hospital shop.toml --json",
            "ringback policy show hospital",
            "ringback calendar --year 2026",
            "ringback calendar check",
            "ringback list import a.csv --list march --dry-run --map 客户电话=phone --map b=name",
            "ringback campaign create march --list march --script generic --set concurrency=5 --start",
            "ringback intake a.xlsx --pack auto_repair --intake settled --source yhsoft --map 客户=name --dry-run",
            "ringback intake undo 3 --reason wrong",
            "ringback customers",
            "ringback customers find 13800000001",
            "ringback customers erase 3 --reason asked",
            "ringback campaign stop march --json",
            "ringback calls --watch",
            "ringback calls --phone 13800000001 --from 2026-03-02 --unmask",
            "ringback plan --date 2026-03-03 --pack hospital --policy a.toml --against b.toml --csv",
            "ringback audit draw 2026-03 --seed 314159 --auditors wang,zhao",
            "ringback audit verify 3",
            "ringback audit export 3 --to out",
            "ringback plan release hospital 2026-03-03",
            "ringback callbacks --state open --breached",
            "ringback callbacks remove 7 --day 2026-03-03 --reason moved",
            "ringback agents",
            "ringback agents history anna",
            "ringback agents set anna not_ready lunch",
            "ringback drain when-idle",
            "ringback db backup x.db",
            "ringback token create --name a --scope read --expires-in 30d",
            "ringback prompts record company/name --to 13800000001",
            "ringback completions bash",
        ] {
            assert!(check(line).is_ok(), "{line}: {:?}", check(line));
        }
        for line in [
            "ringback",
            "ringback drain later",
            "ringback calls --watch --phone 1",
            "ringback list import a.csv",
            "ringback list import a.csv --list m --map phone",
            "ringback demo --lines 0",
            "ringback customers erase 3",
            "ringback intake undo",
            "ringback audit draw 2026-03 --seed 314159",
        ] {
            assert!(check(line).is_err(), "{line}");
        }
    }
}
