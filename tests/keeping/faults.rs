//! Cut off after each step: nothing is lost, and the next run goes on.

use ringback::io::vault::{Key, KeyRing, Step};

use super::world::{House, rules};
use crate::support::databases::{Database, number, on_both_databases};
use crate::web::site::MONDAY;

on_both_databases! {
    rec_03_cut_off_after_any_step_the_recording_is_there_and_the_next_run_ends_it,
}

const STEPS: [Step; 4] = [Step::Aside, Step::Placed, Step::Noted, Step::Removed];

async fn rec_03_cut_off_after_any_step_the_recording_is_there_and_the_next_run_ends_it(database: &Database) {
    let mut house = House::open(database, rules(Some(90))).await;
    let ring = KeyRing::of(vec![Key::random(MONDAY).unwrap()]);
    let id_of_key = ring.newest().unwrap().id.clone();
    for (n, seals) in [false, true].into_iter().enumerate() {
        house.seal_with(if seals { ring.clone() } else { KeyRing::default() });
        for step in STEPS {
            let (id, wav) = house.call(31, &format!("1380000000{n}"), 3.0).await;
            let cut = house.cut_off_after(step, rules(Some(90)));
            let report = cut.run(false, MONDAY).await.unwrap();
            assert!(report.problems[0].contains("the machine went down"), "{step:?}: {report:?}");
            assert_eq!(house.heard(&id).await, wav, "after {step:?} it is heard");
            let ended = house.run().await;
            assert_eq!(ended.tally.failed, 0, "{step:?}: {ended:?}");
            assert_eq!(house.heard(&id).await, wav, "{step:?}");
            let end = if seals {
                format!("2026/01/01/{id}.flac.{id_of_key}")
            } else {
                format!("2026/01/01/{id}.flac")
            };
            let files: Vec<String> = house.files().into_iter().filter(|file| file.contains(&id)).collect();
            assert_eq!(files, [end], "after {step:?} nothing is left over");
            let now =
                format!("SELECT COUNT(*) FROM recording_files WHERE call_id = '{id}' AND gone_at IS NULL");
            assert_eq!(number(&house.site.store, &now).await, 1);
            let owed =
                "SELECT COUNT(*) FROM recording_files WHERE gone_at IS NOT NULL AND removed_at IS NULL";
            assert_eq!(number(&house.site.store, owed).await, 0);
        }
    }
}
