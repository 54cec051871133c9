//! Bearer tokens of the API: only the hash of a secret is kept.

use super::audit::{self, AuditLine};
use super::db::{on, within};
use super::{Error, Store, callback};
use crate::access::Holder;
use crate::base::Timestamp;

/// A token to be stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewToken<'a> {
    /// Unique name, which the audit log shows.
    pub name: &'a str,
    /// Hex SHA-256 of the secret.
    pub hash: &'a str,
    /// Its first role; empty: only those of `roles`.
    pub scope: &'a str,
    /// From when on it is refused; None: never.
    pub expires_at: Option<Timestamp>,
    /// Further roles, and titles by which its holder signs.
    pub roles: &'a [String],
    /// Agent of its holder; empty: none.
    pub agent: &'a str,
    /// Department of its holder; empty: none.
    pub department: &'a str,
    /// Policy pack of its holder; empty: none.
    pub shop: &'a str,
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
    /// Its first role; empty: only those of `roles`.
    pub scope: String,
    /// Milliseconds since 1970.
    pub created_at: i64,
    /// From when on it is refused.
    pub expires_at: Option<i64>,
    /// Since when it is refused.
    pub revoked_at: Option<i64>,
    /// JSON array: further roles, and titles by which its holder signs.
    pub roles: String,
    /// Agent of its holder; empty: none.
    pub agent: String,
    /// Department of its holder; empty: none.
    pub department: String,
    /// Policy pack of its holder; empty: none.
    pub shop: String,
}

impl Token {
    /// Further roles, and titles by which its holder signs.
    pub fn roles(&self) -> Vec<String> {
        serde_json::from_str(&self.roles).unwrap_or_default()
    }

    /// Whom it stands for.
    pub fn holder(&self) -> Holder {
        let first = Some(self.scope.clone()).filter(|scope| !scope.is_empty());
        Holder {
            name: self.name.clone(),
            roles: first.into_iter().chain(self.roles()).collect(),
            agent: self.agent.clone(),
            department: self.department.clone(),
            shop: self.shop.clone(),
        }
    }

    /// Whether it opens anything at `now`.
    pub fn is_valid_at(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now.0 < end)
    }
}

/// Roles and place of a holder, for the audit log.
fn said(holder: &Holder) -> String {
    let places = [("agent", &holder.agent), ("department", &holder.department), ("shop", &holder.shop)];
    let places = places.into_iter().filter(|(_, place)| !place.is_empty());
    let places: String = places.map(|(word, place)| format!("; {word} {place}")).collect();
    format!("{}{places}", holder.roles.join(", "))
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
            "INSERT INTO tokens (name, hash, scope, created_at, expires_at, roles, agent, department, shop)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             RETURNING id, name, hash, scope, created_at, expires_at, revoked_at, roles, agent, department, shop")
            .bind(token.name)
            .bind(token.hash)
            .bind(token.scope)
            .bind(now.0)
            .bind(token.expires_at.map(|t| t.0))
            .bind(&roles)
            .bind(token.agent)
            .bind(token.department)
            .bind(token.shop)
            .fetch_one(c)
            .await);
        let made = made.map_err(|e| Error::from(e).or_exists("token", token.name))?;
        let subject = format!("token:{}", made.name);
        let detail = said(&made.holder());
        let line =
            AuditLine { at: now, actor: by, action: "token.create", subject: &subject, detail: &detail };
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
            "SELECT id, name, hash, scope, created_at, expires_at, revoked_at, roles, agent, department,
                    shop
             FROM tokens ORDER BY id")
            .fetch_all(p)
            .await)?)
    }

    /// The token with that hash, valid or not. The look-up compares hashes, so its time
    /// tells nothing about any secret.
    pub async fn token_by_hash(&self, hash: &str) -> Result<Option<Token>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(
            "SELECT id, name, hash, scope, created_at, expires_at, revoked_at, roles, agent, department,
                    shop
             FROM tokens WHERE hash = $1")
            .bind(hash)
            .fetch_optional(p)
            .await)?)
    }
}
