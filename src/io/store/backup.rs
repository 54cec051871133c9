//! A copy of the whole database in one file, while the daemon runs.

use std::path::Path;

use sqlx::{ConnectOptions, Connection};

use super::{Db, Error, Store};

impl Store {
    /// Writes a complete, compact copy to `target`, which must not exist; the copy opens as
    /// a database of its own.
    ///
    /// # Errors
    /// [`Error::Exists`] if `target` is there; [`Error::Refused`] on PostgreSQL, whose own
    /// tool is the right one.
    pub async fn backup(&self, target: &Path) -> Result<(), Error> {
        let Db::Sqlite { read, .. } = &self.db else {
            return Err(Error::Refused(
                "a PostgreSQL database is backed up with `pg_dump -Fc -f FILE URL` \
                 and restored with `pg_restore -d URL FILE`"
                    .into(),
            ));
        };
        if target.exists() {
            return Err(Error::Exists { what: "file", name: target.display().to_string() });
        }
        let path = target
            .to_str()
            .ok_or_else(|| Error::Refused(format!("the path {} is not UTF-8", target.display())))?;
        // A connection of its own: readers may not write, even another file, and the one
        // writer must not be held up. It sees the database as of one moment.
        let options = read.connect_options().as_ref().clone().pragma("query_only", "OFF");
        let mut connection = options.connect().await?;
        sqlx::query("VACUUM INTO $1").bind(path).execute(&mut connection).await?;
        connection.close().await?;
        let file = std::fs::File::open(target);
        file.and_then(|f| f.sync_all())
            .map_err(|source| Error::Folder { path: target.to_owned(), source })?;
        Ok(())
    }
}
