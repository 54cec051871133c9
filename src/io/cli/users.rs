//! `ringback user`: accounts of people, on the database itself, whether the daemon runs or not.

use std::time::Duration;

use clap::Subcommand;
use serde_json::{Value, json};

use super::client::{local_time, text};
use super::storage::{ACTOR, open};
use super::{ClientSettings, Failure, Output, Table};
use crate::access::Roles;
use crate::account::is_name;
use crate::base::Timestamp;
use crate::io::clock::utc;
use crate::io::store::{Account, LinkKind, NewAccount, Store};
use crate::io::web::{hash_secret, new_secret};

/// For how long a link is good.
const LINK: Duration = Duration::from_secs(3 * 86_400);

/// `user`.
#[derive(Clone, Debug, Subcommand)]
pub enum UserCommand {
    /// Another link that makes the administrator, while there is no account.
    First,
    /// Make an account and print the link by which its person sets a password.
    Add {
        /// Unique name, with which the person logs in.
        name: String,
        /// What it may do (read, operate, admin), or a role of the company; as often as wanted.
        #[arg(long = "role", value_name = "ROLE", required = true)]
        roles: Vec<String>,
        /// The agent of the configuration that the person is.
        #[arg(long, default_value = "")]
        agent: String,
        /// The person's department.
        #[arg(long, default_value = "")]
        department: String,
        /// The person's shop.
        #[arg(long, default_value = "")]
        shop: String,
    },
    /// All accounts.
    List,
    /// Give an account other roles.
    Role {
        /// Its name.
        name: String,
        /// All its roles from now on.
        #[arg(required = true)]
        roles: Vec<String>,
    },
    /// Lock an account and end its sessions.
    Lock {
        /// Its name.
        name: String,
    },
    /// Unlock an account and forget its failures.
    Unlock {
        /// Its name.
        name: String,
    },
    /// Print a link that works once and sets a new password.
    Reset {
        /// Its name.
        name: String,
        /// Switch one-time codes off too, for a lost phone.
        #[arg(long)]
        codes: bool,
    },
}

pub(super) async fn run(
    settings: &ClientSettings,
    output: Output,
    command: &UserCommand,
) -> Result<(), Failure> {
    let store = open(&settings.database).await?;
    let now = utc();
    let done = act(&store, settings, output, command, now).await;
    store.close().await;
    done
}

async fn act(
    store: &Store,
    settings: &ClientSettings,
    output: Output,
    command: &UserCommand,
    now: Timestamp,
) -> Result<(), Failure> {
    match command {
        UserCommand::First => {
            if store.account_count().await? > 0 {
                let hint =
                    "there are accounts already; an administrator makes others with `ringback user add`";
                return Err(Failure::failed(hint));
            }
            link(store, settings, output, LinkKind::First, None, now).await
        }
        UserCommand::Add { name, roles, agent, department, shop } => {
            if !is_name(name) {
                return Err(Failure::failed(format!(
                    "`{name}` is no name: write 1 to 60 letters, digits and . - _ @"
                )));
            }
            check(roles, &settings.roles)?;
            let new = NewAccount { name, roles, agent, department, shop };
            let account = store.add_account(&new, ACTOR, now).await?;
            link(store, settings, output, LinkKind::Password, Some(&account), now).await
        }
        UserCommand::List => {
            let all: Vec<Value> = store.accounts().await?.iter().map(|account| shown(account, now)).collect();
            output.print(&json!({ "items": all }), table);
            Ok(())
        }
        UserCommand::Role { name, roles } => {
            check(roles, &settings.roles)?;
            store.set_account_roles(name, roles, ACTOR, now).await?;
            told(output, name, "has these roles from its next request on", &json!({ "roles": roles }))
        }
        UserCommand::Lock { name } => {
            store.lock_account(name, true, ACTOR, now).await?;
            told(output, name, "is locked; its sessions have ended", &json!({ "locked": true }))
        }
        UserCommand::Unlock { name } => {
            store.lock_account(name, false, ACTOR, now).await?;
            told(output, name, "is open", &json!({ "locked": false }))
        }
        UserCommand::Reset { name, codes } => {
            let account = store.account(name).await?;
            let account = account.ok_or_else(|| Failure::failed(format!("there is no account `{name}`")))?;
            if *codes {
                store.set_totp(name, None, ACTOR, now).await?;
            }
            link(store, settings, output, LinkKind::Password, Some(&account), now).await
        }
    }
}

/// Somebody without a role could log in and see nothing.
fn check(roles: &[String], known: &Roles) -> Result<(), Failure> {
    let words: Vec<&str> = roles.iter().map(String::as_str).collect();
    known.check(&words).map_err(|(wrong, hint)| Failure::failed(format!("{wrong}; {hint}")))
}

fn told(output: Output, name: &str, words: &str, value: &Value) -> Result<(), Failure> {
    let mut all = json!({ "name": name });
    if let (Some(all), Some(value)) = (all.as_object_mut(), value.as_object()) {
        all.extend(value.clone());
    }
    output.print(&all, |_| format!("`{name}` {words}\n"));
    Ok(())
}

async fn link(
    store: &Store,
    settings: &ClientSettings,
    output: Output,
    kind: LinkKind,
    account: Option<&Account>,
    now: Timestamp,
) -> Result<(), Failure> {
    let secret = new_secret().map_err(Failure::failed)?;
    let expires = now + LINK;
    store.add_account_link(&hash_secret(&secret), kind, account.map(|a| a.id), expires).await?;
    let url = format!("{}/welcome/{secret}", settings.console);
    let name = account.map(|account| account.name.as_str());
    // The link alone on stdout, so that a script can keep it; all else for people.
    output.print(&json!({ "name": name, "link": url, "expires_at": expires.0 }), |_| format!("{url}\n"));
    if !output.json {
        eprintln!("this link works once, within three days");
    }
    Ok(())
}

fn shown(account: &Account, now: Timestamp) -> Value {
    let failures = account.failures.try_into().unwrap_or(u32::MAX);
    let state = match account {
        Account { locked_at: Some(_), .. } => "locked",
        Account { password: None, .. } => "invited",
        _ if crate::account::opens_at(failures, Timestamp(account.failed_at)) > now => "shut",
        _ => "open",
    };
    json!({
        "name": account.name, "state": state, "roles": account.roles(), "codes": account.totp.is_some(),
        "agent": account.agent, "department": account.department, "shop": account.shop,
        "created_at": account.created_at,
    })
}

fn table(all: &Value) -> String {
    let mut table = Table::new(&["name", "state", "roles", "codes", "agent", "department", "shop", "made"]);
    for row in all["items"].as_array().into_iter().flatten() {
        let roles: Vec<&str> =
            row["roles"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        table.row([
            text(row, "name"),
            text(row, "state"),
            roles.join(", "),
            if row["codes"] == true { "yes" } else { "no" }.into(),
            text(row, "agent"),
            text(row, "department"),
            text(row, "shop"),
            local_time(&row["created_at"]),
        ]);
    }
    table.render("no accounts: `ringback user first` prints the link that makes the administrator")
}
