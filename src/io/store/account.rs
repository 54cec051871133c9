//! People who log in, and the links by which they get a password.

use super::audit::{self, AuditLine};
use super::db::{Tx, on, within};
use super::{Error, Store};
use crate::base::Timestamp;

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Account {
    /// Row id.
    pub id: i64,
    /// Unique name.
    pub name: String,
    /// PHC string; None: a link still has to make one.
    pub password: Option<String>,
    /// JSON array of words.
    pub roles: String,
    /// The agent behind it; empty: none.
    pub agent: String,
    /// Its department; empty: none.
    pub department: String,
    /// Its shop; empty: none.
    pub shop: String,
    /// Secret of one-time codes in base 32; None: none are asked for.
    pub totp: Option<String>,
    /// Last step whose code was used.
    pub totp_step: i64,
    /// Since when a person has locked it; milliseconds since 1970.
    pub locked_at: Option<i64>,
    /// Wrong passwords and codes in a row.
    pub failures: i64,
    /// The last of them; milliseconds since 1970.
    pub failed_at: i64,
    /// Milliseconds since 1970.
    pub created_at: i64,
}

impl Account {
    /// Its roles: rights and roles of the company.
    pub fn roles(&self) -> Vec<String> {
        serde_json::from_str(&self.roles).unwrap_or_default()
    }
}

/// Sessions of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct AccountSessions {
    /// Whose.
    pub account_id: i64,
    /// How many.
    pub count: i64,
    /// When the last of them was used; milliseconds since 1970.
    pub seen_at: i64,
}

/// An account to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewAccount<'a> {
    /// Unique name.
    pub name: &'a str,
    /// Words.
    pub roles: &'a [String],
    /// The agent behind it; empty: none.
    pub agent: &'a str,
    /// Its department; empty: none.
    pub department: &'a str,
    /// Its shop; empty: none.
    pub shop: &'a str,
}

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkKind {
    /// Makes the administrator, while there is no account.
    First,
    /// Sets the password of an account.
    Password,
    /// Logs in.
    Login,
}

impl LinkKind {
    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            LinkKind::First => "first",
            LinkKind::Password => "password",
            LinkKind::Login => "login",
        }
    }
}

/// A link that works once.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct AccountLink {
    /// Hex SHA-256 of its secret.
    pub hash: String,
    /// `first`, `password` or `login`.
    pub kind: String,
    /// Whose; None for the first.
    pub account_id: Option<i64>,
    /// Exclusive; milliseconds since 1970.
    pub expires_at: i64,
    /// When it was used; milliseconds since 1970.
    pub used_at: Option<i64>,
}

impl AccountLink {
    /// Whether it opens anything at `now`.
    pub fn is_good_at(&self, now: Timestamp) -> bool {
        self.used_at.is_none() && now.0 < self.expires_at
    }
}

macro_rules! account_sql {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, password, roles, agent, department, shop, totp, totp_step, locked_at, failures,
                failed_at, created_at FROM accounts ",
            $rest
        )
    };
}

/// A line of the audit log in the transaction of what it tells of.
async fn log(
    tx: &mut Tx,
    at: Timestamp,
    by: &str,
    action: &str,
    name: &str,
    detail: &str,
) -> Result<(), Error> {
    let subject = format!("account:{name}");
    audit::append(tx, &AuditLine { at, actor: by, action, subject: &subject, detail }).await
}

/// Ends every session of an account.
async fn end_sessions(tx: &mut Tx, account: i64) -> Result<(), Error> {
    Ok(within!(tx, c => sqlx::query("DELETE FROM sessions WHERE account_id = $1")
        .bind(account).execute(c).await.map(drop))?)
}

fn json_of(roles: &[String]) -> String {
    serde_json::to_string(roles).unwrap_or_else(|_| "[]".into())
}

impl Store {
    /// All accounts by name.
    pub async fn accounts(&self) -> Result<Vec<Account>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(account_sql!("ORDER BY name")).fetch_all(p).await)?)
    }

    /// How many accounts there are.
    pub async fn account_count(&self) -> Result<i64, Error> {
        let (count,): (i64,) =
            on!(&self.db, p => sqlx::query_as("SELECT COUNT(*) FROM accounts").fetch_one(p).await)?;
        Ok(count)
    }

    /// The account of that name.
    pub async fn account(&self, name: &str) -> Result<Option<Account>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(account_sql!("WHERE name = $1"))
            .bind(name).fetch_optional(p).await)?)
    }

    /// The account of that row.
    pub async fn account_by_id(&self, id: i64) -> Result<Option<Account>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(account_sql!("WHERE id = $1"))
            .bind(id).fetch_optional(p).await)?)
    }

    /// Makes an account without a password.
    pub async fn add_account(
        &self,
        new: &NewAccount<'_>,
        by: &str,
        now: Timestamp,
    ) -> Result<Account, Error> {
        let mut tx = self.db.begin().await?;
        let made = insert(&mut tx, new, now).await?;
        log(&mut tx, now, by, "account.create", new.name, &new.roles.join(", ")).await?;
        tx.commit().await?;
        Ok(made)
    }

    /// Gives an account other roles; they hold from its next request on.
    pub async fn set_account_roles(
        &self,
        name: &str,
        roles: &[String],
        by: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        let id = id_of(&mut tx, name).await?;
        within!(&mut tx, c => sqlx::query("UPDATE accounts SET roles = $2 WHERE id = $1")
            .bind(id).bind(json_of(roles)).execute(c).await.map(drop))?;
        log(&mut tx, now, by, "account.roles", name, &roles.join(", ")).await?;
        tx.commit().await
    }

    /// Says whose account it is: agent, department, shop; they hold from its next request on.
    pub async fn set_account_person(
        &self,
        name: &str,
        (agent, department, shop): (&str, &str, &str),
        by: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        let id = id_of(&mut tx, name).await?;
        within!(&mut tx, c => sqlx::query(
            "UPDATE accounts SET agent = $2, department = $3, shop = $4 WHERE id = $1")
            .bind(id).bind(agent).bind(department).bind(shop).execute(c).await.map(drop))?;
        let detail = format!("agent {agent}, department {department}, shop {shop}");
        log(&mut tx, now, by, "account.person", name, &detail).await?;
        tx.commit().await
    }

    /// Ends every session of an account.
    pub async fn close_sessions(&self, name: &str, by: &str, now: Timestamp) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        let id = id_of(&mut tx, name).await?;
        end_sessions(&mut tx, id).await?;
        log(&mut tx, now, by, "account.sessions", name, "closed").await?;
        tx.commit().await
    }

    /// Sessions that were used since `seen`: how many each account has, and when the last was used.
    pub async fn sessions_of_accounts(&self, seen: Timestamp) -> Result<Vec<AccountSessions>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(
            "SELECT account_id, COUNT(*) AS count, MAX(seen_at) AS seen_at FROM sessions
             WHERE seen_at >= $1 GROUP BY account_id")
            .bind(seen.0).fetch_all(p).await)?)
    }

    /// Locks an account and ends its sessions, or unlocks it and forgets its failures.
    pub async fn lock_account(&self, name: &str, lock: bool, by: &str, now: Timestamp) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        let id = id_of(&mut tx, name).await?;
        within!(&mut tx, c => sqlx::query(
            "UPDATE accounts SET locked_at = $2, failures = 0 WHERE id = $1")
            .bind(id).bind(lock.then_some(now.0)).execute(c).await.map(drop))?;
        if lock {
            end_sessions(&mut tx, id).await?;
        }
        log(&mut tx, now, by, if lock { "account.lock" } else { "account.unlock" }, name, "").await?;
        tx.commit().await
    }

    /// A new password. All sessions of the account end.
    pub async fn set_password(&self, name: &str, phc: &str, by: &str, now: Timestamp) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        let id = id_of(&mut tx, name).await?;
        put_password(&mut tx, id, phc).await?;
        log(&mut tx, now, by, "account.password", name, "").await?;
        tx.commit().await
    }

    /// Asks for one-time codes from now on, or for none.
    pub async fn set_totp(
        &self,
        name: &str,
        secret: Option<&str>,
        by: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        let id = id_of(&mut tx, name).await?;
        within!(&mut tx, c => sqlx::query("UPDATE accounts SET totp = $2, totp_step = 0 WHERE id = $1")
            .bind(id).bind(secret).execute(c).await.map(drop))?;
        log(&mut tx, now, by, "account.totp", name, if secret.is_some() { "on" } else { "off" }).await?;
        tx.commit().await
    }

    /// One wrong password or code more.
    pub async fn note_login_failure(&self, id: i64, now: Timestamp) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        within!(&mut tx, c => sqlx::query(
            "UPDATE accounts SET failures = failures + 1, failed_at = $2 WHERE id = $1")
            .bind(id).bind(now.0).execute(c).await.map(drop))?;
        tx.commit().await
    }

    /// A link that works once. A first link takes the place of earlier ones.
    pub async fn add_account_link(
        &self,
        hash: &str,
        kind: LinkKind,
        account: Option<i64>,
        expires: Timestamp,
    ) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        within!(&mut tx, c => sqlx::query(
            "DELETE FROM account_links WHERE kind = $1 AND COALESCE(account_id, 0) = COALESCE(CAST($2 AS BIGINT), 0)")
            .bind(kind.as_str()).bind(account).execute(c).await.map(drop))?;
        within!(&mut tx, c => sqlx::query(
            "INSERT INTO account_links (hash, kind, account_id, expires_at) VALUES ($1, $2, $3, $4)")
            .bind(hash).bind(kind.as_str()).bind(account).bind(expires.0).execute(c).await.map(drop))?;
        tx.commit().await
    }

    /// The link with that hash, good or not.
    pub async fn account_link(&self, hash: &str) -> Result<Option<AccountLink>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(
            "SELECT hash, kind, account_id, expires_at, used_at FROM account_links WHERE hash = $1")
            .bind(hash).fetch_optional(p).await)?)
    }

    /// Uses a link up; false: somebody else did, or its time is over.
    pub async fn use_account_link(&self, hash: &str, now: Timestamp) -> Result<bool, Error> {
        let mut tx = self.db.begin().await?;
        let used = use_up(&mut tx, hash, now).await?;
        tx.commit().await?;
        Ok(used)
    }

    /// Uses a first link up and makes the administrator; None: the link is not good, or there is an account.
    pub async fn make_first_account(
        &self,
        hash: &str,
        new: &NewAccount<'_>,
        phc: &str,
        now: Timestamp,
    ) -> Result<Option<Account>, Error> {
        let mut tx = self.db.begin().await?;
        let (count,): (i64,) =
            within!(&mut tx, c => sqlx::query_as("SELECT COUNT(*) FROM accounts").fetch_one(c).await)?;
        if count > 0 || !use_up(&mut tx, hash, now).await? {
            tx.rollback().await?;
            return Ok(None);
        }
        let made = insert(&mut tx, new, now).await?;
        put_password(&mut tx, made.id, phc).await?;
        log(&mut tx, now, new.name, "account.first", new.name, &new.roles.join(", ")).await?;
        tx.commit().await?;
        Ok(Some(made))
    }

    /// Uses a link up and sets the password of its account; false: the link is not good.
    pub async fn set_password_by_link(
        &self,
        hash: &str,
        account: &Account,
        phc: &str,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let mut tx = self.db.begin().await?;
        if !use_up(&mut tx, hash, now).await? {
            tx.rollback().await?;
            return Ok(false);
        }
        put_password(&mut tx, account.id, phc).await?;
        log(&mut tx, now, &account.name, "account.password", &account.name, "by a link").await?;
        tx.commit().await?;
        Ok(true)
    }
}

async fn insert(tx: &mut Tx, new: &NewAccount<'_>, now: Timestamp) -> Result<Account, Error> {
    let made: Result<Account, sqlx::Error> = within!(tx, c => sqlx::query_as(
        "INSERT INTO accounts (name, roles, agent, department, shop, created_at) VALUES ($1, $2, $3, $4, $5, $6)
         RETURNING id, name, password, roles, agent, department, shop, totp, totp_step, locked_at, failures,
             failed_at, created_at")
        .bind(new.name)
        .bind(json_of(new.roles))
        .bind(new.agent)
        .bind(new.department)
        .bind(new.shop)
        .bind(now.0)
        .fetch_one(c)
        .await);
    made.map_err(|e| Error::from(e).or_exists("account", new.name))
}

async fn id_of(tx: &mut Tx, name: &str) -> Result<i64, Error> {
    let row: Option<(i64,)> = within!(tx, c => sqlx::query_as("SELECT id FROM accounts WHERE name = $1")
        .bind(name).fetch_optional(c).await)?;
    row.map(|(id,)| id).ok_or_else(|| Error::NotFound { what: "account", name: name.to_owned() })
}

async fn put_password(tx: &mut Tx, id: i64, phc: &str) -> Result<(), Error> {
    within!(tx, c => sqlx::query("UPDATE accounts SET password = $2, failures = 0 WHERE id = $1")
        .bind(id).bind(phc).execute(c).await.map(drop))?;
    end_sessions(tx, id).await
}

async fn use_up(tx: &mut Tx, hash: &str, now: Timestamp) -> Result<bool, Error> {
    let rows = within!(tx, c => sqlx::query(
        "UPDATE account_links SET used_at = $2 WHERE hash = $1 AND used_at IS NULL AND expires_at > $2")
        .bind(hash).bind(now.0).execute(c).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}
