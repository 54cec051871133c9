//! `ringback token` and `ringback db`: on the database itself, whether the daemon runs or not.

use std::path::Path;

use serde_json::json;

use super::args::Lifetime;
use super::client::{local_time, text};
use super::{ClientSettings, DbCommand, Failure, Output, Table, TokenCommand};
use crate::io::clock::utc;
use crate::io::store::{NewToken, Store};
use crate::io::web::{TokenView, hash_secret, new_secret};

/// Who the audit log names for what is done here.
pub(super) const ACTOR: &str = "local";

pub(super) async fn token(
    settings: &ClientSettings,
    output: Output,
    command: &TokenCommand,
) -> Result<(), Failure> {
    let store = open(&settings.database).await?;
    let now = utc();
    match command {
        TokenCommand::Create {
            name,
            scope,
            expires_in: Lifetime(seconds),
            roles,
            agent,
            department,
            shop,
        } => {
            let words: Vec<&str> = match scope.as_str() {
                "" => roles.iter().map(String::as_str).collect(),
                scope => vec![scope],
            };
            settings
                .roles
                .check(&words)
                .map_err(|(problem, hint)| Failure::failed(format!("{problem}; {hint}")))?;
            let secret = new_secret().map_err(Failure::failed)?;
            let hash = hash_secret(&secret);
            let expires_at = seconds.map(|s| now + std::time::Duration::from_secs(s));
            let new = NewToken { name, hash: &hash, scope, expires_at, roles, agent, department, shop };
            let token = store.create_token(&new, ACTOR, now).await?;
            let view = json!({ "secret": secret, "token": TokenView::new(token, now) });
            // The secret alone on stdout, so that a script can keep it; all else for people.
            output.print(&view, |_| format!("{secret}\n"));
            if !output.json {
                let roles: Vec<&str> = [scope.as_str()]
                    .into_iter()
                    .filter(|s| !s.is_empty())
                    .chain(roles.iter().map(String::as_str))
                    .collect();
                eprintln!("`{name}` ({}) is shown this once; only its hash is kept", roles.join(", "));
            }
        }
        TokenCommand::List => {
            let views: Vec<_> = store.tokens().await?.into_iter().map(|t| TokenView::new(t, now)).collect();
            output.print(&json!({ "items": views }), |all| {
                let mut table =
                    Table::new(&["name", "scope", "roles", "holder", "good", "made", "expires", "revoked"]);
                for row in all["items"].as_array().into_iter().flatten() {
                    let good = if row["valid"] == true { "yes" } else { "no" };
                    let roles: Vec<&str> =
                        row["roles"].as_array().into_iter().flatten().filter_map(|r| r.as_str()).collect();
                    let holder: Vec<String> = ["agent", "department", "shop"]
                        .map(|key| text(row, key))
                        .into_iter()
                        .filter(|place| !place.is_empty())
                        .collect();
                    let time = |key: &str| local_time(&row[key]);
                    let expires =
                        if row["expires_at"].is_null() { "never".into() } else { time("expires_at") };
                    table.row([
                        text(row, "name"),
                        text(row, "scope"),
                        roles.join(", "),
                        holder.join(", "),
                        good.into(),
                        time("created_at"),
                        expires,
                        time("revoked_at"),
                    ]);
                }
                table.render("no tokens")
            });
        }
        TokenCommand::Revoke { name } => {
            store.revoke_token(name, ACTOR, now).await?;
            output.print(&json!({ "revoked": name }), |_| format!("`{name}` opens nothing from now on\n"));
        }
    }
    store.close().await;
    Ok(())
}

pub(super) async fn db(
    settings: &ClientSettings,
    output: Output,
    command: &DbCommand,
) -> Result<(), Failure> {
    // Opening brings the schema up to date; a newer schema is refused with a clear text.
    let store = open(&settings.database).await?;
    let version = store.schema_version().await?;
    let report = json!({ "database": store.db().kind(), "schema_version": version });
    match command {
        DbCommand::Migrate => {
            output.print(&report, |r| format!("{}: the schema has version {version}\n", text(r, "database")));
        }
        DbCommand::Status => {
            store.ping().await?;
            let counts = store.all_entry_counts().await?;
            let report =
                json!({ "database": store.db().kind(), "schema_version": version, "entries": counts });
            output.print(&report, |r| {
                let mut table = Table::new(&["entries", ">count"]);
                counts.iter().for_each(|c| table.row([c.state.clone(), c.count.to_string()]));
                format!("{}: schema version {version}\n{}", text(r, "database"), table.render("no entries"))
            });
        }
        DbCommand::Backup { file } => {
            backup(&store, file).await?;
            let bytes = std::fs::metadata(file).map(|m| m.len()).unwrap_or(0);
            let report = json!({ "file": file, "bytes": bytes });
            output
                .print(&report, |_| format!("{} holds the whole database, {bytes} bytes\n", file.display()));
        }
    }
    store.close().await;
    Ok(())
}

async fn backup(store: &Store, file: &Path) -> Result<(), Failure> {
    Ok(store.backup(file).await?)
}

pub(super) async fn open(url: &str) -> Result<Store, Failure> {
    Store::open(url).await.map_err(|e| match e {
        crate::io::store::Error::Sql(_) | crate::io::store::Error::Timeout(_) => {
            Failure::temporary(e.to_string())
        }
        e => Failure::failed(e.to_string()),
    })
}
