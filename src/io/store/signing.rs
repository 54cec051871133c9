//! Keys that sign what leaves the house: made once, kept with the data, so that a link that was
//! sent stays good after a restart and on another machine over the same database.

use super::db::within;
use super::{Error, Store};
use crate::base::Timestamp;

impl Store {
    /// The key of that name; `fresh` becomes it where there is none yet.
    pub async fn signing_key(&self, name: &str, fresh: &str, now: Timestamp) -> Result<String, Error> {
        let mut tx = self.db.begin().await?;
        within!(&mut tx, c => sqlx::query(
            "INSERT INTO signing_keys (name, key, created_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING")
            .bind(name)
            .bind(fresh)
            .bind(now.0)
            .execute(c)
            .await
            .map(drop))?;
        let (key,): (String,) = within!(&mut tx, c => sqlx::query_as(
            "SELECT key FROM signing_keys WHERE name = $1").bind(name).fetch_one(c).await)?;
        tx.commit().await?;
        Ok(key)
    }
}
