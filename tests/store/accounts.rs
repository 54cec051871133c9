//! Accounts, their links and sessions, on both databases.

use std::time::Duration;

use ringback::base::Timestamp;
use ringback::io::store::{Error, LinkKind, NewAccount};

use crate::support::databases::{Database, on_both_databases};

const NOW: Timestamp = Timestamp(1_772_413_200_000);

fn later(seconds: u64) -> Timestamp {
    NOW + Duration::from_secs(seconds)
}

on_both_databases! {
    the_first_link_makes_one_administrator_once,
    a_new_password_and_a_lock_end_every_session,
    failures_are_counted_and_a_login_forgets_them_and_no_code_works_twice,
    links_work_once_and_a_new_one_takes_the_place_of_the_old,
}

async fn the_first_link_makes_one_administrator_once(database: &Database) {
    let store = database.open().await;
    store.add_account_link("h1", LinkKind::First, None, later(60)).await.unwrap();
    store.add_account_link("h2", LinkKind::First, None, later(60)).await.unwrap();
    assert_eq!(store.account_link("h1").await.unwrap(), None, "the newer link stands alone");
    let roles = ["admin".to_owned()];
    let new = NewAccount { name: "li.wei", roles: &roles, ..NewAccount::default() };
    assert_eq!(
        store.make_first_account("h2", &new, "phc", later(60)).await.unwrap(),
        None,
        "its time is over"
    );
    let made = store.make_first_account("h2", &new, "phc", NOW).await.unwrap().expect("an account");
    assert_eq!((made.name.as_str(), made.roles()), ("li.wei", vec!["admin".to_owned()]));
    store.add_account_link("h3", LinkKind::First, None, later(60)).await.unwrap();
    assert_eq!(store.make_first_account("h3", &new, "phc", NOW).await.unwrap(), None, "there is an account");
    assert!(
        matches!(store.add_account(&new, "test", NOW).await, Err(Error::Exists { .. })),
        "names are unique"
    );
    let account = store.account("li.wei").await.unwrap().unwrap();
    assert_eq!(account.password.as_deref(), Some("phc"));
    let log = store.audit_rows(&Default::default(), None, 50).await.unwrap();
    assert!(log.rows.iter().any(|line| line.action == "account.first" && line.subject == "account:li.wei"));
}

async fn a_new_password_and_a_lock_end_every_session(database: &Database) {
    let store = database.open().await;
    let roles = ["operate".to_owned()];
    let new = NewAccount { name: "a", roles: &roles, agent: "anna", department: "维修", shop: "徐汇店" };
    let account = store.add_account(&new, "test", NOW).await.unwrap();
    let open =
        async |hash: &str| store.add_session(hash, (account.id, "a"), None, "127.0.0.1", NOW).await.unwrap();
    assert!(open("s1").await && open("s2").await);
    let session = store.session("s1").await.unwrap().unwrap();
    assert_eq!(
        (session.agent.as_str(), session.department.as_str(), session.shop.as_str()),
        ("anna", "维修", "徐汇店")
    );
    store.touch_session("s1", later(5)).await.unwrap();
    assert_eq!(store.session("s1").await.unwrap().unwrap().seen_at, later(5).0);
    store.end_session("s2").await.unwrap();
    assert_eq!(store.session("s2").await.unwrap(), None);
    store.set_password("a", "phc", "a", NOW).await.unwrap();
    assert_eq!(store.session("s1").await.unwrap(), None, "a new password logs out everywhere");
    assert!(open("s3").await);
    store.lock_account("a", true, "test", NOW).await.unwrap();
    assert_eq!(store.session("s3").await.unwrap(), None, "a lock logs out everywhere");
    assert_eq!(store.account("a").await.unwrap().unwrap().locked_at, Some(NOW.0));
    store.lock_account("a", false, "test", NOW).await.unwrap();
    assert_eq!(store.account("a").await.unwrap().unwrap().locked_at, None);
    assert!(matches!(store.lock_account("nobody", true, "test", NOW).await, Err(Error::NotFound { .. })));
    // A week later the next login clears what is dead.
    assert!(open("old").await);
    let week = later(8 * 86_400);
    assert!(store.add_session("new", (account.id, "a"), None, "127.0.0.1", week).await.unwrap());
    assert_eq!(store.session("old").await.unwrap(), None);
}

async fn failures_are_counted_and_a_login_forgets_them_and_no_code_works_twice(database: &Database) {
    let store = database.open().await;
    let roles = ["read".to_owned()];
    let account = store
        .add_account(&NewAccount { name: "a", roles: &roles, ..NewAccount::default() }, "t", NOW)
        .await
        .unwrap();
    for n in 1..=3 {
        store.note_login_failure(account.id, later(n)).await.unwrap();
    }
    let seen = store.account("a").await.unwrap().unwrap();
    assert_eq!((seen.failures, seen.failed_at), (3, later(3).0));
    store.set_totp("a", Some("MZXW6YTBOI"), "a", NOW).await.unwrap();
    let log_in = async |hash: &str, step| {
        store.add_session(hash, (account.id, "a"), Some(step), "", NOW).await.unwrap()
    };
    assert!(log_in("s1", 100).await);
    assert_eq!(store.account("a").await.unwrap().unwrap().failures, 0);
    assert!(!log_in("s2", 100).await, "the code was used");
    assert!(!log_in("s3", 99).await, "an older one too");
    assert_eq!(store.session("s2").await.unwrap(), None);
    assert!(log_in("s4", 101).await);
    store.set_totp("a", None, "a", NOW).await.unwrap();
    assert_eq!(store.account("a").await.unwrap().unwrap().totp, None);
}

async fn links_work_once_and_a_new_one_takes_the_place_of_the_old(database: &Database) {
    let store = database.open().await;
    let roles = ["read".to_owned()];
    let account = store
        .add_account(&NewAccount { name: "a", roles: &roles, ..NewAccount::default() }, "t", NOW)
        .await
        .unwrap();
    store.add_account_link("p1", LinkKind::Password, Some(account.id), later(60)).await.unwrap();
    store.add_account_link("p2", LinkKind::Password, Some(account.id), later(60)).await.unwrap();
    assert_eq!(store.account_link("p1").await.unwrap(), None);
    assert!(store.set_password_by_link("p2", &account, "phc", NOW).await.unwrap());
    assert!(!store.set_password_by_link("p2", &account, "other", NOW).await.unwrap());
    assert_eq!(store.account("a").await.unwrap().unwrap().password.as_deref(), Some("phc"));
    store.add_account_link("l1", LinkKind::Login, Some(account.id), later(60)).await.unwrap();
    assert!(!store.use_account_link("l1", later(60)).await.unwrap(), "its time is over");
    assert!(store.use_account_link("l1", NOW).await.unwrap());
    assert!(!store.use_account_link("l1", NOW).await.unwrap());
}
