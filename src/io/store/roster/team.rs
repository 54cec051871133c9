//! Teams that go out in turn, and whose turn it was.

use super::super::audit::{self, AuditLine};
use super::super::db::{Tx, on, within};
use super::super::write::clean;
use super::super::{Error, Store};
use crate::base::Timestamp;
use crate::roster::{Team, next_team};

/// Names the lock under which one turn at a time is taken, among PostgreSQL's advisory locks.
const TURN: i64 = 0x7269_6E67_7465_616D;

impl Store {
    /// The teams of a pack in their order.
    pub async fn teams(&self, pack: &str) -> Result<Vec<Team>, Error> {
        let rows: Vec<(String, String, String)> = on!(&self.db, p => sqlx::query_as(
            "SELECT name, phone, extension FROM roster_teams WHERE pack = $1 ORDER BY position")
            .bind(pack)
            .fetch_all(p)
            .await)?;
        Ok(rows.into_iter().map(|(name, phone, extension)| Team { name, phone, extension }).collect())
    }

    /// Keeps the teams of a pack in place of those it had; whose turn it is stays.
    pub async fn save_teams(
        &self,
        pack: &str,
        teams: &[Team],
        by: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        within!(&mut tx, c => sqlx::query("DELETE FROM roster_teams WHERE pack = $1")
            .bind(pack)
            .execute(c)
            .await
            .map(drop))?;
        for (position, team) in teams.iter().enumerate() {
            within!(&mut tx, c => sqlx::query(
                "INSERT INTO roster_teams (pack, position, name, phone, extension) VALUES ($1, $2, $3, $4, $5)")
                .bind(clean(pack))
                .bind(i64::try_from(position).unwrap_or(i64::MAX))
                .bind(clean(&team.name))
                .bind(clean(&team.phone))
                .bind(clean(&team.extension))
                .execute(c)
                .await
                .map(drop))
            .map_err(|e| Error::from(e).or_exists("team", &team.name))?;
        }
        let subject = format!("teams:{pack}");
        let names: Vec<&str> = teams.iter().map(|t| t.name.as_str()).collect();
        let detail = names.join(", ");
        let line =
            AuditLine { at: now, actor: by, action: "roster.teams", subject: &subject, detail: &detail };
        audit::append(&mut tx, &line).await?;
        tx.commit().await
    }

    /// The team whose turn it is for `subject`, such as `call:...`; it is then the next one's turn.
    /// Asked again for the same subject the answer is the same. None where there is no team.
    pub async fn take_turn(&self, pack: &str, subject: &str, now: Timestamp) -> Result<Option<Team>, Error> {
        let teams = self.teams(pack).await?;
        let mut tx = self.db.begin().await?;
        if let Tx::Pg(tx) = &mut tx {
            sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(TURN).execute(&mut **tx).await?;
        }
        let known: Option<(String,)> = within!(&mut tx, c => sqlx::query_as(
            "SELECT team FROM roster_turns WHERE pack = $1 AND subject = $2")
            .bind(pack)
            .bind(subject)
            .fetch_optional(c)
            .await)?;
        if let Some((name,)) = known {
            let team = teams.into_iter().find(|team| team.name == name);
            return Ok(Some(team.unwrap_or(Team { name, ..Team::default() })));
        }
        let last: Option<(String,)> = within!(&mut tx, c => sqlx::query_as(
            "SELECT team FROM roster_turns WHERE pack = $1 ORDER BY id DESC LIMIT 1")
            .bind(pack)
            .fetch_optional(c)
            .await)?;
        let Some(team) = next_team(&teams, last.as_ref().map(|(name,)| name.as_str())) else {
            return Ok(None);
        };
        within!(&mut tx, c => sqlx::query("INSERT INTO roster_turns (pack, subject, team, at) VALUES ($1, $2, $3, $4)")
            .bind(clean(pack))
            .bind(clean(subject))
            .bind(clean(&team.name))
            .bind(now.0)
            .execute(c)
            .await
            .map(drop))?;
        tx.commit().await?;
        Ok(Some(team.clone()))
    }
}
