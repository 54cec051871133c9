//! Lists, imports, campaigns, the do-not-call list, and what is due.

use std::collections::BTreeMap;

use ringback::base::{Disposition, ListId, Timestamp};
use ringback::dialer::import::{RowOutcome, RowResult};
use ringback::dialer::{CampaignSettings, CampaignState, EntryState, NewEntry, Reason};
use ringback::engine::Write;
use ringback::io::store::{Error, ImportCounts, ImportFile, NewCampaign};
use ringback::policy::CALLS_MATTER_MS;

use super::world::{Desk, MONDAY, World, accepted, customer, import, phone, rejected, report, update};
use crate::support::databases::{Database, number, on_both_databases, text};

on_both_databases! {
    importing_twice_changes_nothing,
    an_import_updates_those_who_wait_and_leaves_those_who_were_called,
    a_dry_run_counts_and_changes_nothing,
    a_number_on_the_do_not_call_list_is_imported_stopped,
    names_are_unique_and_a_list_has_one_campaign,
    a_campaign_with_calls_is_kept,
    what_is_due_comes_by_priority_then_time_with_the_ledger_of_its_number,
    putting_a_number_on_the_list_stops_it_everywhere,
    a_nul_in_a_name_is_stored_as_a_replacement_character,
    an_import_that_never_ended_is_marked_stopped_by_the_next,
}

async fn importing_twice_changes_nothing(database: &Database) {
    let store = database.open().await;
    let list = store.create_list("march", "test", MONDAY).await.unwrap();
    let mut rows: Vec<_> = (0..1_203).map(|n| accepted(u64::from(n) + 2, customer(n))).collect();
    rows.push(RowResult { line: 1_205, result: RowOutcome::Duplicate { of: 2 } });
    rows.push(rejected(1_206, "`12` is not a number"));
    let first = import(&store, &list, "march.csv", false, &rows).await;
    assert_eq!(first, ImportCounts { added: 1_203, duplicate: 1, rejected: 1, ..ImportCounts::default() });
    let before = text(&store, "SELECT string_agg(CAST(id + changed_at AS TEXT), ',') FROM entries").await;
    let second = import(&store, &list, "march.csv", false, &rows).await;
    assert_eq!(
        second,
        ImportCounts { unchanged: 1_203, duplicate: 1, rejected: 1, ..ImportCounts::default() }
    );
    assert_eq!(
        text(&store, "SELECT string_agg(CAST(id + changed_at AS TEXT), ',') FROM entries").await,
        before
    );
    // Every row of both imports has its result, and a bad one its reason.
    assert_eq!(number(&store, "SELECT COUNT(*) FROM import_rows").await, 2 * 1_205);
    let reason =
        text(&store, "SELECT reason FROM import_rows WHERE line = 1206 ORDER BY import_id LIMIT 1").await;
    assert_eq!(reason, "`12` is not a number");
    assert_eq!(number(&store, "SELECT COUNT(*) FROM imports WHERE state = 'done' AND rejected = 1").await, 2);
}

async fn an_import_updates_those_who_wait_and_leaves_those_who_were_called(database: &Database) {
    let mut world = World::new(database, 2).await;
    let mut desk = Desk::open(&world.store);
    let called = world.due(MONDAY).await.remove(0);
    let attempt = world.attempt(&called, MONDAY);
    desk.reserve(vec![attempt.clone()]).await;
    desk.submit(Write::Report(Box::new(report(&attempt, Disposition::Completed))));
    desk.flush().await;
    let renamed = |n| NewEntry { name: "Renamed".into(), phone: phone(900 + n), ..customer(n) };
    let rows = [accepted(2, renamed(0)), accepted(3, renamed(1))];
    let counts = import(&world.store, &world.list, "april.csv", false, &rows).await;
    assert_eq!(counts, ImportCounts { changed: 1, unchanged: 1, ..ImportCounts::default() });
    let due = world.due(MONDAY).await;
    assert_eq!((due[0].details.name.as_str(), &due[0].details.phone), ("Renamed", &phone(901)));
    let kept =
        text(&world.store, "SELECT reason FROM import_rows ORDER BY import_id DESC, line LIMIT 1").await;
    assert_eq!(kept, "the entry is done: the new details were not taken");
}

async fn a_dry_run_counts_and_changes_nothing(database: &Database) {
    let world = World::new(database, 2).await;
    let rows = [
        accepted(2, customer(0)),
        accepted(3, NewEntry { name: "Other".into(), ..customer(1) }),
        accepted(4, customer(2)),
    ];
    let counts = import(&world.store, &world.list, "dry.csv", true, &rows).await;
    assert_eq!(counts, ImportCounts { added: 1, changed: 1, unchanged: 1, ..ImportCounts::default() });
    assert_eq!(number(&world.store, "SELECT COUNT(*) FROM entries").await, 2);
    assert_eq!(number(&world.store, "SELECT COUNT(*) FROM entries WHERE name = 'Other'").await, 0);
    assert_eq!(number(&world.store, "SELECT COUNT(*) FROM imports").await, 1);
}

async fn a_number_on_the_do_not_call_list_is_imported_stopped(database: &Database) {
    let store = database.open().await;
    let list = store.create_list("march", "test", MONDAY).await.unwrap();
    store.add_do_not_call(&phone(0), "asked by letter", "anna", MONDAY).await.unwrap();
    import(&store, &list, "a.csv", false, &[accepted(2, customer(0)), accepted(3, customer(1))]).await;
    let due = store.due(list.id, MONDAY, 10).await.unwrap();
    assert_eq!(due.candidates.len(), 1);
    assert_eq!(due.candidates[0].details.phone, phone(1));
    assert_eq!(
        text(&store, "SELECT state || ' ' || reason FROM entries ORDER BY id LIMIT 1").await,
        "stopped do_not_call"
    );
}

async fn names_are_unique_and_a_list_has_one_campaign(database: &Database) {
    let world = World::new(database, 0).await;
    let again = world.store.create_list("march", "test", MONDAY).await;
    assert!(matches!(again, Err(Error::Exists { what: "list", .. })), "{again:?}");
    assert!(matches!(world.store.create_list("  ", "test", MONDAY).await, Err(Error::Refused(_))));
    let new =
        |name: &str, list| NewCampaign { name: name.into(), list, settings: CampaignSettings::default() };
    let other = world.store.create_list("april", "test", MONDAY).await.unwrap();
    let taken = world.store.create_campaign(&new("march", other.id), "test", MONDAY).await;
    assert!(matches!(taken, Err(Error::Exists { what: "campaign", .. })), "{taken:?}");
    let shared =
        world.store.create_campaign(&new("second", world.list.id), "test", MONDAY).await.unwrap_err();
    assert!(shared.to_string().contains("dialled by campaign `march` already"), "{shared}");
    let nowhere = world.store.create_campaign(&new("third", ListId(77)), "test", MONDAY).await;
    assert!(matches!(nowhere, Err(Error::NotFound { what: "list", .. })), "{nowhere:?}");
    let settings = CampaignSettings { concurrency: 3, priority: 9, ..CampaignSettings::default() };
    let changed = world.store.change_campaign(world.campaign.id, &settings, "anna", MONDAY).await.unwrap();
    assert_eq!(changed.settings, settings);
    assert_eq!(world.store.campaigns().await.unwrap(), std::slice::from_ref(&changed));
    assert_eq!(world.store.campaign(changed.id).await.unwrap(), Some(changed));
}

async fn a_campaign_with_calls_is_kept(database: &Database) {
    let mut world = World::new(database, 1).await;
    let mut desk = Desk::open(&world.store);
    let candidate = world.due(MONDAY).await.remove(0);
    let attempt = world.attempt(&candidate, MONDAY);
    let id = world.campaign.id;
    desk.submit(Write::State { campaign: id, state: CampaignState::Running, by: "anna".into() });
    desk.flush().await;
    let running = world.store.delete_campaign(id, "anna", MONDAY).await.unwrap_err();
    assert!(running.to_string().contains("stopped before it is deleted"), "{running}");
    desk.reserve(vec![attempt.clone()]).await;
    desk.submit(Write::Report(Box::new(report(&attempt, Disposition::Completed))));
    desk.submit(Write::State { campaign: id, state: CampaignState::Done, by: "dialer".into() });
    let reason = Some(Reason::new("held", "disk low"));
    desk.submit(Write::Blocked { campaign: id, reason });
    desk.flush().await;
    let kept = world.store.delete_campaign(id, "anna", MONDAY).await.unwrap_err();
    assert!(kept.to_string().contains("kept for their records"), "{kept}");
    assert_eq!(
        text(&world.store, "SELECT state || blocked || blocked_detail FROM campaigns").await,
        "doneheld disk low".replacen("d ", "d", 1)
    );
    assert_eq!(
        number(&world.store, "SELECT COUNT(*) FROM audit_log WHERE action = 'campaign.state'").await,
        2
    );
    let nobody = world.store.delete_campaign(ringback::base::CampaignId(99), "anna", MONDAY).await;
    assert!(matches!(nobody, Err(Error::NotFound { .. })));
}

async fn what_is_due_comes_by_priority_then_time_with_the_ledger_of_its_number(database: &Database) {
    let mut world = World::new(database, 0).await;
    let at = |minutes: i64| Some(Timestamp(MONDAY.0 + minutes * 60_000));
    let rows = [
        accepted(2, NewEntry { due_at: at(-5), ..customer(0) }),
        accepted(3, NewEntry { due_at: at(-9), ..customer(1) }),
        accepted(4, NewEntry { priority: 9, due_at: at(-1), ..customer(2) }),
        accepted(5, NewEntry { priority: 9, due_at: at(60), ..customer(3) }),
        accepted(6, NewEntry { due_at: at(30), ..customer(4) }),
    ];
    import(&world.store, &world.list, "a.csv", false, &rows).await;
    let numbers = |fetched: &ringback::dialer::Fetched| -> Vec<_> {
        fetched.candidates.iter().map(|c| c.details.phone.to_string()).collect()
    };
    let all = world.store.due(world.list.id, MONDAY, 10).await.unwrap();
    assert_eq!(numbers(&all), [phone(2), phone(1), phone(0)].map(|p| p.to_string()));
    assert_eq!((all.unfinished, all.next_due), (2, at(30)));
    let two = world.store.due(world.list.id, MONDAY, 2).await.unwrap();
    assert_eq!((two.candidates.len(), two.unfinished), (2, 3));
    assert!(two.next_due.unwrap() <= MONDAY, "another is due already");

    // One busy attempt today, and the entry is due again; it counts for the number's ledger.
    let mut desk = Desk::open(&world.store);
    let attempt = world.attempt(&all.candidates[0], MONDAY);
    desk.reserve(vec![attempt.clone()]).await;
    let dialling = world.store.due(world.list.id, MONDAY, 10).await.unwrap();
    assert_eq!((numbers(&dialling).len(), dialling.unfinished), (2, 3), "one is being dialled");
    let mut again = report(&attempt, Disposition::Busy);
    let mut entry = update(attempt.entry, EntryState::Pending, Disposition::Busy);
    entry.due_at = at(0);
    again.entry = Some(entry);
    desk.submit(Write::Report(Box::new(again)));
    desk.flush().await;
    let later = world.store.due(world.list.id, MONDAY, 10).await.unwrap();
    let first = &later.candidates[0];
    assert_eq!((first.attempts, first.recent_calls.len(), first.do_not_call), (1, 1, false));
    assert_eq!(first.attempts_by, BTreeMap::from([(Disposition::Busy, 1)]));
    let later = Timestamp(MONDAY.0 + CALLS_MATTER_MS + 1);
    let later = world.store.due(world.list.id, later, 10).await.unwrap();
    let again = later.candidates.iter().find(|c| c.entry == first.entry).unwrap();
    assert_eq!(again.recent_calls.len(), 0, "calls of another week do not count");
}

async fn putting_a_number_on_the_list_stops_it_everywhere(database: &Database) {
    let world = World::new(database, 2).await;
    let other = world.store.create_list("april", "test", MONDAY).await.unwrap();
    import(&world.store, &other, "b.csv", false, &[accepted(2, customer(0))]).await;
    let stopped = world.store.add_do_not_call(&phone(0), "complaint", "anna", MONDAY).await.unwrap();
    assert_eq!(stopped, 2);
    world.store.add_do_not_call(&phone(0), "again", "anna", MONDAY).await.unwrap();
    let listed = world.store.do_not_call(None, 10).await.unwrap();
    assert_eq!((listed.len(), listed[0].reason.as_str()), (1, "complaint"));
    assert_eq!(world.store.do_not_call(Some(&listed[0].phone), 10).await.unwrap(), []);
    world.store.remove_do_not_call(&phone(0), "anna", MONDAY).await.unwrap();
    let gone = world.store.remove_do_not_call(&phone(0), "anna", MONDAY).await;
    assert!(matches!(gone, Err(Error::NotFound { .. })));
    assert_eq!(number(&world.store, "SELECT COUNT(*) FROM entries WHERE state = 'stopped'").await, 2);
}

async fn a_nul_in_a_name_is_stored_as_a_replacement_character(database: &Database) {
    let store = database.open().await;
    let list = store.create_list("march", "test", MONDAY).await.unwrap();
    let fields = BTreeMap::from([("note".to_owned(), "a\0b".to_owned())]);
    let row = accepted(2, NewEntry { name: "Li\0Wei".into(), fields: fields.clone(), ..customer(0) });
    let first = import(&store, &list, "a.csv", false, std::slice::from_ref(&row)).await;
    let second = import(&store, &list, "a.csv", false, &[row]).await;
    assert_eq!((first.added, second.unchanged), (1, 1));
    let due = store.due(list.id, MONDAY, 10).await.unwrap();
    assert_eq!(due.candidates[0].details.name, "Li\u{FFFD}Wei");
    assert_eq!(due.candidates[0].details.fields, fields);
}

async fn an_import_that_never_ended_is_marked_stopped_by_the_next(database: &Database) {
    let world = World::new(database, 0).await;
    let file = ImportFile {
        name: "a.csv".into(),
        sha256: String::new(),
        bytes: 9,
        dry_run: false,
        by: "test".into(),
    };
    let mut cut = world.store.begin_import(world.list.id, file.clone(), MONDAY).await.unwrap();
    cut.push(&[accepted(2, customer(0))], 9).await.unwrap();
    drop(cut);
    import(&world.store, &world.list, "a.csv", false, &[accepted(2, customer(0)), accepted(3, customer(1))])
        .await;
    let states = text(&world.store, "SELECT string_agg(state, ' ' ORDER BY id) FROM imports").await;
    assert_eq!(states, "done stopped done");
    assert_eq!(number(&world.store, "SELECT COUNT(*) FROM entries").await, 2);
    let nowhere = world.store.begin_import(ListId(77), file, MONDAY).await;
    assert!(matches!(nowhere, Err(Error::NotFound { what: "list", .. })));
}
