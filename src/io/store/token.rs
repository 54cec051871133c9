//! Bearer tokens of the API: only the hash of a secret is kept.

use super::audit::{self, AuditLine};
use super::db::{on, within};
use super::{Error, Store, callback};
use crate::base::Timestamp;

/// A token to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewToken<'a> {
    /// Unique name, which the audit log shows.
    pub name: &'a str,
    /// Hex SHA-256 of the secret.
    pub hash: &'a str,
    /// What it may do, in the words of the API.
    pub scope: &'a str,
    /// From when on it is refused; None: never.
    pub expires_at: Option<Timestamp>,
    /// Roles of the company that its holder has.
    pub roles: &'a [String],
}

/// A token as stored.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Token {
    /// Row id.
    pub id: i64,
    /// Unique name.
    pub name: String,
    /// Hex SHA-256 of the secret.
    pub hash: String,
    /// What it may do, in the words of the API.
    pub scope: String,
    /// Milliseconds since 1970.
    pub created_at: i64,
    /// From when on it is refused.
    pub expires_at: Option<i64>,
    /// Since when it is refused.
    pub revoked_at: Option<i64>,
    /// JSON array: roles of the company that its holder has.
    pub roles: String,
}

impl Token {
    /// Roles of the company that its holder has: by these approvals are signed.
    pub fn roles(&self) -> Vec<String> {
        serde_json::from_str(&self.roles).unwrap_or_default()
    }

    /// Whether it opens anything at `now`.
    pub fn is_valid_at(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now.0 < end)
    }
}

impl Store {
    /// Keeps a token. [`Error::Exists`] if the name is taken, by a revoked one too: the
    /// audit log must mean one token by one name.
    pub async fn create_token(&self, token: &NewToken<'_>, by: &str, now: Timestamp) -> Result<Token, Error> {
        if token.name.trim().is_empty() {
            return Err(Error::Refused("a token needs a name".into()));
        }
        let roles = callback::json(&token.roles)?;
        let mut tx = self.db.begin().await?;
        let made: Result<Token, _> = within!(&mut tx, c => sqlx::query_as(
            "INSERT INTO tokens (name, hash, scope, created_at, expires_at, roles) VALUES ($1, $2, $3, $4, $5, $6)
             RETURNING id, name, hash, scope, created_at, expires_at, revoked_at, roles")
            .bind(token.name)
            .bind(token.hash)
            .bind(token.scope)
            .bind(now.0)
            .bind(token.expires_at.map(|t| t.0))
            .bind(&roles)
            .fetch_one(c)
            .await);
        let made = made.map_err(|e| Error::from(e).or_exists("token", token.name))?;
        let subject = format!("token:{}", made.name);
        let line =
            AuditLine { at: now, actor: by, action: "token.create", subject: &subject, detail: token.scope };
        audit::append(&mut tx, &line).await?;
        tx.commit().await?;
        Ok(made)
    }

    /// Refuses a token from now on.
    pub async fn revoke_token(&self, name: &str, by: &str, now: Timestamp) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        let revoked = within!(&mut tx, c => sqlx::query(
            "UPDATE tokens SET revoked_at = COALESCE(revoked_at, $2) WHERE name = $1")
            .bind(name)
            .bind(now.0)
            .execute(c)
            .await
            .map(|done| done.rows_affected()))?;
        if revoked == 0 {
            return Err(Error::NotFound { what: "token", name: name.to_owned() });
        }
        let subject = format!("token:{name}");
        let line = AuditLine { at: now, actor: by, action: "token.revoke", subject: &subject, detail: "" };
        audit::append(&mut tx, &line).await?;
        tx.commit().await
    }

    /// All tokens, expired and revoked ones too, in the order in which they were made.
    pub async fn tokens(&self) -> Result<Vec<Token>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(
            "SELECT id, name, hash, scope, created_at, expires_at, revoked_at, roles FROM tokens ORDER BY id")
            .fetch_all(p)
            .await)?)
    }

    /// The token with that hash, valid or not. The look-up compares hashes, so its time
    /// tells nothing about any secret.
    pub async fn token_by_hash(&self, hash: &str) -> Result<Option<Token>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(
            "SELECT id, name, hash, scope, created_at, expires_at, revoked_at, roles FROM tokens WHERE hash = $1")
            .bind(hash)
            .fetch_optional(p)
            .await)?)
    }
}
