//! The schema: versions, twins, the audit log, backup, tokens.

use std::collections::BTreeMap;

use ringback::io::store::{AuditLine, Db, Error, NewToken, Store};
use sqlx::Row;

use super::world::{Desk, MONDAY, World, report};
use crate::support::databases::{Database, block_on, execute, number, on_both_databases, text};

/// The number of the newest migration in the repository.
fn newest() -> i64 {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/io/store/migrations/sqlite");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name());
    files.filter_map(|name| name.to_str()?.split('_').next()?.parse().ok()).max().unwrap()
}

on_both_databases! {
    a_store_opens_twice_and_keeps_what_it_has,
    a_newer_schema_is_refused_with_both_versions,
    the_audit_log_takes_no_edit,
    a_token_is_found_by_its_hash_until_it_is_revoked,
}

async fn a_store_opens_twice_and_keeps_what_it_has(database: &Database) {
    let store = database.open().await;
    store.create_list("march", "test", MONDAY).await.unwrap();
    assert_eq!(store.schema_version().await.unwrap(), newest());
    store.close().await;
    let again = database.open().await;
    assert_eq!(again.list_by_name("march").await.unwrap().unwrap().name, "march");
    again.ping().await.unwrap();
    again.close().await;
    again.ping().await.unwrap_err();
}

async fn a_newer_schema_is_refused_with_both_versions(database: &Database) {
    let store = database.open().await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                 VALUES (999, 'of the future', TRUE, '', 0)";
    execute(&store, newer).await.unwrap();
    store.close().await;
    let refused = Store::open(&database.url).await.unwrap_err();
    assert!(matches!(refused, Error::NewerSchema { found: 999, known } if known == newest()), "{refused}");
    assert!(refused.to_string().contains("run the newer ringback"), "{refused}");
}

async fn the_audit_log_takes_no_edit(database: &Database) {
    let store = database.open().await;
    let line = AuditLine { at: MONDAY, actor: "anna", action: "call.listen", subject: "call:1", detail: "" };
    store.append_audit(&line).await.unwrap();
    for edit in ["UPDATE audit_log SET actor = 'nobody'", "DELETE FROM audit_log"] {
        let refused = execute(&store, edit).await.unwrap_err().to_string();
        assert!(refused.contains("the audit log is not edited"), "{refused}");
    }
    assert_eq!(text(&store, "SELECT actor FROM audit_log").await, "anna");
}

async fn a_token_is_found_by_its_hash_until_it_is_revoked(database: &Database) {
    let store = database.open().await;
    let expires_at = Some(ringback::base::Timestamp(MONDAY.0 + 1_000));
    let new = NewToken { name: "console", hash: "abc123", scope: "read", expires_at, ..NewToken::default() };
    let made = store.create_token(&new, "local", MONDAY).await.unwrap();
    let twice = store.create_token(&NewToken { hash: "other", ..new.clone() }, "local", MONDAY).await;
    assert!(matches!(twice, Err(Error::Exists { what: "token", .. })));
    let found = store.token_by_hash("abc123").await.unwrap().unwrap();
    assert_eq!(found, made);
    assert!(found.is_valid_at(MONDAY));
    assert!(!found.is_valid_at(ringback::base::Timestamp(MONDAY.0 + 1_000)));
    assert_eq!(store.token_by_hash("ABC123").await.unwrap(), None);
    store.revoke_token("console", "local", MONDAY).await.unwrap();
    assert!(!store.token_by_hash("abc123").await.unwrap().unwrap().is_valid_at(MONDAY));
    assert!(matches!(store.revoke_token("nobody", "local", MONDAY).await, Err(Error::NotFound { .. })));
    assert_eq!(store.tokens().await.unwrap().len(), 1);
    assert_eq!(number(&store, "SELECT COUNT(*) FROM audit_log WHERE subject = 'token:console'").await, 2);
}

#[test]
fn a_url_of_no_known_database_says_what_to_write() {
    for url in ["", "mysql://root@localhost/x", "ringback.db", "sqlite:", "sqlite::memory:"] {
        let refused = block_on(Store::open(url)).unwrap_err();
        assert!(refused.to_string().contains("write `sqlite:PATH` or `postgres://"), "{url}: {refused}");
    }
}

/// Table and column names with what may be NULL.
async fn columns(store: &Store) -> BTreeMap<(String, String), bool> {
    let rows: Vec<(String, String, bool)> = match store.db() {
        Db::Sqlite { read, .. } => sqlx::query(
            "SELECT m.name AS t, c.name AS c, c.\"notnull\" = 0 AND c.pk = 0 AS n
             FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type IN ('table', 'view')",
        )
        .fetch_all(read)
        .await
        .unwrap()
        .iter()
        .map(|row| (row.get("t"), row.get("c"), row.get("n")))
        .collect(),
        Db::Pg(pool) => sqlx::query(
            "SELECT table_name::text AS t, column_name::text AS c, is_nullable = 'YES' AS n
             FROM information_schema.columns WHERE table_schema = current_schema()",
        )
        .fetch_all(pool)
        .await
        .unwrap()
        .iter()
        .map(|row| (row.get("t"), row.get("c"), row.get("n")))
        .collect(),
    };
    let ours =
        rows.into_iter().filter(|(table, ..)| !table.starts_with(['_']) && !table.starts_with("sqlite_"));
    ours.map(|(table, column, nullable)| ((table, column), nullable)).collect()
}

#[test]
fn both_databases_have_the_same_tables_and_columns() {
    block_on(async {
        let Some(postgres) = Database::postgres().await else { return };
        let sqlite = Database::sqlite();
        let (sqlite, postgres) = (columns(&sqlite.open().await).await, columns(&postgres.open().await).await);
        assert!(sqlite.len() > 80, "{sqlite:#?}");
        assert_eq!(sqlite, postgres);
    });
}

#[test]
fn a_backup_of_a_running_store_opens_as_a_store() {
    block_on(async {
        let database = Database::sqlite();
        let mut world = World::new(&database, 3).await;
        let mut desk = Desk::open(&world.store);
        let candidate = world.due(MONDAY).await.remove(0);
        let attempt = world.attempt(&candidate, MONDAY);
        desk.reserve(vec![attempt.clone()]).await;
        let report = report(&attempt, ringback::base::Disposition::Completed);
        desk.submit(ringback::engine::Write::Report(Box::new(report)));
        desk.flush().await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("backup 'quoted'.db");
        world.store.backup(&file).await.unwrap();
        assert!(matches!(world.store.backup(&file).await, Err(Error::Exists { what: "file", .. })));
        let copy = Store::open(&format!("sqlite:{}", file.display())).await.unwrap();
        assert_eq!(number(&copy, "SELECT COUNT(*) FROM entries").await, 3);
        assert_eq!(number(&copy, "SELECT COUNT(*) FROM calls WHERE disposition = 'completed'").await, 1);
    });
}

#[test]
fn postgres_is_backed_up_by_its_own_tool_and_the_refusal_names_it() {
    block_on(async {
        let Some(postgres) = Database::postgres().await else { return };
        let refused = postgres.open().await.backup(std::path::Path::new("/tmp/x")).await.unwrap_err();
        assert!(refused.to_string().contains("pg_dump"), "{refused}");
    });
}
