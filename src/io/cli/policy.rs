//! `ringback policy`: policies as files, looked at without the daemon.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use clap::Subcommand;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::{EXIT_CONFIG, EXIT_FAILED, EXIT_OK, Table};
use crate::calendar::Calendar;
use crate::policy::pack::{self, Around, Finding, Policies, Policy, Severity};
use crate::ticket::TicketPacks;
use crate::written::Mistake;

/// `policy`.
#[derive(Clone, Debug, Subcommand)]
pub enum PolicyCommand {
    /// Look for rules that cannot work; exit code 0 or 78.
    Check {
        /// Files, or names of policies; all of them where none is named.
        #[arg(value_name = "FILE|NAME")]
        policies: Vec<String>,
    },
    /// All policies with their versions.
    List,
    /// A policy in plain sentences.
    Show {
        /// File or name.
        #[arg(value_name = "FILE|NAME")]
        policy: String,
    },
    /// JSON schema of the file, for editors.
    Schema,
}

/// What the commands look at.
pub struct Shelf {
    /// Every policy that can be read.
    pub policies: Policies,
    /// What cannot be read of other policies, of scripts and prompts, for people.
    pub problems: Vec<String>,
    /// Holidays and working days.
    pub calendar: Arc<Calendar>,
    /// Ticket files, whose tables name rules and events of policies.
    pub tickets: TicketPacks,
    /// Scripts, each with the prompts it lacks.
    pub scripts: BTreeMap<String, Vec<String>>,
    /// The day of now.
    pub today: Date,
}

/// One policy after the check.
struct Checked {
    file: String,
    policy: Option<Policy>,
    findings: Vec<Finding>,
    broken: Option<String>,
}

impl Checked {
    fn errors(&self) -> usize {
        let errors = self.findings.iter().filter(|f| f.severity == Severity::Error).count();
        errors + usize::from(self.broken.is_some())
    }
}

impl Shelf {
    /// Runs a command; gives what it prints and the exit code.
    pub fn run(&self, command: &PolicyCommand, as_json: bool) -> (String, u8) {
        match command {
            PolicyCommand::Schema => (format!("{}\n", pack::schema()), EXIT_OK),
            PolicyCommand::List => (self.list(as_json), EXIT_OK),
            PolicyCommand::Show { policy } => match self.find(policy) {
                Ok(found) if as_json => {
                    let shown = json!({
                        "file": found.file,
                        "version": found.version,
                        "pack": found.pack,
                    });
                    (format!("{shown}\n"), EXIT_OK)
                }
                Ok(found) => (found.in_words(), EXIT_OK),
                Err(Missing::Broken(error)) => (format!("error: {error}\n"), EXIT_CONFIG),
                Err(Missing::Unknown(problem)) => (format!("{problem}\n"), EXIT_FAILED),
            },
            PolicyCommand::Check { policies } => self.check(policies, as_json),
        }
    }

    /// The policy of a name, or of a file that is read now.
    ///
    /// # Errors
    /// A sentence: there is none, or it cannot be read.
    pub fn policy(&self, name: &str) -> Result<Policy, String> {
        self.find(name).map_err(|missing| match missing {
            Missing::Broken(error) => error.to_string(),
            Missing::Unknown(problem) => problem,
        })
    }

    fn find(&self, name: &str) -> Result<Policy, Missing> {
        if let Some(policy) = self.policies.named(name, self.today) {
            return Ok(policy.clone());
        }
        if !Path::new(name).is_file() {
            let known: BTreeSet<&str> = self.policies.all().map(|p| p.pack.pack.as_str()).collect();
            let known = known.into_iter().collect::<Vec<_>>().join(", ");
            return Err(Missing::Unknown(format!(
                "there is no file and no policy `{name}`; the policies are {known}"
            )));
        }
        let text = std::fs::read_to_string(name)
            .map_err(|error| Missing::Unknown(format!("{name} cannot be read: {error}")))?;
        Policy::parse(name, &text).map_err(|error| Missing::Broken(Box::new(error)))
    }

    fn list(&self, as_json: bool) -> String {
        let items: Vec<Value> = self.policies.all().map(row).collect();
        if as_json {
            return format!("{}\n", json!({ "items": items, "problems": self.problems }));
        }
        let mut table = Table::new(&["pack", "title", "", ">rules", "version", "from", "file"]);
        let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
        for row in &items {
            table.row([
                text(row, "pack"),
                text(row, "title"),
                text(row, "title_en"),
                row["rules"].to_string(),
                text(row, "version"),
                text(row, "effective"),
                text(row, "file"),
            ]);
        }
        let mut out = table.render("no policies");
        for problem in &self.problems {
            out.push_str(&format!("error: {problem}\n"));
        }
        out
    }

    fn check(&self, named: &[String], as_json: bool) -> (String, u8) {
        let mut checked: Vec<Checked> = match named {
            [] => self.policies.all().map(|policy| self.look(policy.clone())).collect(),
            names => names
                .iter()
                .map(|name| match self.find(name) {
                    Ok(policy) => self.look(policy),
                    Err(missing) => broken(name, missing.to_string()),
                })
                .collect(),
        };
        if named.is_empty() {
            checked.extend(self.problems.iter().map(|problem| broken("", problem.clone())));
        }
        let errors: usize = checked.iter().map(Checked::errors).sum();
        let code = if errors == 0 { EXIT_OK } else { EXIT_CONFIG };
        let out = if as_json { told_as_json(&checked, errors) } else { told(&checked, errors) };
        (out, code)
    }

    fn look(&self, policy: Policy) -> Checked {
        let scripts: BTreeSet<String> = self.scripts.keys().cloned().collect();
        let missing = |script: &str| self.scripts.get(script).cloned().unwrap_or_default();
        let around = Around {
            calendar: &self.calendar,
            scripts: Some(&scripts),
            missing_prompts: &missing,
            today: self.today,
        };
        let mut findings = pack::check(&policy, &around);
        findings.extend(self.tickets_of(&policy));
        Checked { file: policy.file.clone(), policy: Some(policy), findings, broken: None }
    }
}

impl Shelf {
    /// What the ticket file of a policy says of it and cannot mean.
    fn tickets_of(&self, policy: &Policy) -> Vec<Finding> {
        let pack = &policy.pack.pack;
        let Some(tickets) = self.tickets.all().find(|tickets| tickets.pack == *pack) else {
            return Vec::new();
        };
        let finding = |doubt: String| {
            let (key, message) = doubt.split_once(": ").unwrap_or(("", &doubt));
            Finding {
                severity: Severity::Error,
                file: format!("tickets of {pack}"),
                line: None,
                key: key.to_owned(),
                message: message.to_owned(),
                hint: String::new(),
            }
        };
        tickets.doubts(&policy.pack).into_iter().map(finding).collect()
    }
}

/// Why there is no policy of a name.
enum Missing {
    Broken(Box<Mistake>),
    Unknown(String),
}

impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Missing::Broken(error) => error.fmt(f),
            Missing::Unknown(problem) => f.write_str(problem),
        }
    }
}

fn broken(file: &str, problem: String) -> Checked {
    Checked { file: file.into(), policy: None, findings: Vec::new(), broken: Some(problem) }
}

fn row(policy: &Policy) -> Value {
    json!({
        "pack": policy.pack.pack,
        "title": policy.pack.title,
        "title_en": policy.pack.title_en,
        "rules": policy.pack.active_rules().count(),
        "version": policy.version,
        "effective": policy.pack.effective.clone().unwrap_or_default(),
        "file": policy.file,
    })
}

fn told_as_json(checked: &[Checked], errors: usize) -> String {
    let items: Vec<Value> = checked
        .iter()
        .map(|one| {
            json!({
                "file": one.file,
                "pack": one.policy.as_ref().map(|p| &p.pack.pack),
                "version": one.policy.as_ref().map(|p| &p.version),
                "findings": one.findings,
                "error": one.broken,
            })
        })
        .collect();
    format!("{}\n", json!({ "items": items, "errors": errors }))
}

fn told(checked: &[Checked], errors: usize) -> String {
    let mut out = String::new();
    // What is true of all files, such as a missing year, is said once.
    let mut said = BTreeSet::new();
    for one in checked {
        if let Some(problem) = &one.broken {
            out.push_str(&format!("error: {problem}\n"));
        }
        for finding in &one.findings {
            if finding.key != "calendar" || said.insert(finding.message.as_str()) {
                out.push_str(&format!("{finding}\n"));
            }
        }
    }
    let plural = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    let warnings =
        checked.iter().flat_map(|one| &one.findings).filter(|f| f.severity == Severity::Warning).count();
    let policies = if checked.len() == 1 { "1 policy".into() } else { format!("{} policies", checked.len()) };
    out.push_str(&format!("{policies}, {}, {}\n", plural(errors, "error"), plural(warnings, "warning")));
    out
}
