use proptest::prelude::*;

use super::*;

const ENDED: Timestamp = Timestamp(1_772_413_200_000);

fn call<'a>(pack: &'a str, direction: &'a str, result: &'a str) -> Call<'a> {
    Call { ended_at: ENDED, pack, rule: "", direction, result }
}

fn days(n: u32) -> Timestamp {
    ENDED + DAY * n
}

fn terms(archive_after: Option<u32>, delete_after: Option<u32>) -> Terms {
    Terms { archive_after, delete_after }
}

fn complaint() -> Vec<Hold> {
    vec![Hold { kind: "complaint".into(), reference: "KF20260303-0001".into() }]
}

#[test]
fn rec_03_a_recording_is_archived_then_deleted_when_its_days_are_over() {
    let retention = Retention { rules: Vec::new(), otherwise: terms(Some(30), Some(730)) };
    let call = call("hospital", "outbound", "completed");
    let at = |now, archived| retention.decide(&call, archived, &[], now);
    let early = at(days(29), false);
    assert_eq!((early.act, early.next), (Act::Keep, Some(days(30))));
    assert_eq!(early.because, "its time is not over ([retention])");
    let due = at(days(30), false);
    assert_eq!((due.act, due.next), (Act::Archive, Some(days(730))));
    assert_eq!(due.because, "its 30 days as WAV are over ([retention])");
    assert_eq!((at(days(31), true).act, at(days(31), true).next), (Act::Keep, Some(days(730))));
    let over = at(days(730), true);
    assert_eq!((over.act, over.because.as_str()), (Act::Delete, "its 730 days are over ([retention])"));
}

#[test]
fn the_first_rule_that_fits_counts_and_zero_days_are_for_ever() {
    let rule = |pack: Option<&str>, direction: Option<&str>, results: &[Disposition], terms| Rule {
        pack: pack.map(Into::into),
        rule: None,
        direction: direction.map(Into::into),
        results: results.to_vec(),
        terms,
    };
    let retention = Retention {
        rules: vec![
            rule(Some("hospital"), None, &[], terms(None, None)),
            rule(None, Some("inbound"), &[Disposition::Completed], terms(None, Some(10))),
        ],
        otherwise: terms(None, Some(20)),
    };
    let act = |call: &Call<'_>, day| retention.decide(call, false, &[], days(day)).act;
    assert_eq!(act(&call("hospital", "inbound", "completed"), 9_000), Act::Keep);
    let kept = retention.decide(&call("hospital", "inbound", "completed"), false, &[], days(9_000));
    assert_eq!((kept.next, kept.because.as_str()), (None, "it is kept for ever (retention.rule 1)"));
    assert_eq!(act(&call("", "inbound", "completed"), 10), Act::Delete);
    assert_eq!(act(&call("", "inbound", "busy"), 10), Act::Keep);
    assert_eq!(act(&call("", "outbound", "completed"), 20), Act::Delete);
}

#[test]
fn what_is_held_is_archived_all_the_same_and_says_what_holds_it() {
    let retention = Retention { rules: Vec::new(), otherwise: terms(Some(30), Some(60)) };
    let call = call("", "outbound", "completed");
    let held = retention.decide(&call, false, &complaint(), days(61));
    assert_eq!(held.act, Act::Archive);
    assert_eq!(held.because, "its 60 days are over ([retention]), but it is held: complaint KF20260303-0001");
    assert_eq!(retention.decide(&call, true, &complaint(), days(61)).act, Act::Keep);
}

proptest! {
    #[test]
    fn never_is_anything_deleted_that_is_held_or_whose_days_are_not_over(
        archive in proptest::option::of(0u32..400),
        delete in proptest::option::of(0u32..400),
        archived: bool,
        held: bool,
        day in 0u32..800,
    ) {
        let retention = Retention { rules: Vec::new(), otherwise: terms(archive, delete) };
        let holds = if held { complaint() } else { Vec::new() };
        let call = call("", "outbound", "completed");
        let verdict = retention.decide(&call, archived, &holds, days(day));
        if verdict.act == Act::Delete {
            prop_assert!(!held && delete.is_some_and(|after| after <= day));
        }
        if verdict.act == Act::Archive {
            prop_assert!(!archived && archive.is_some_and(|after| after <= day));
        }
        // Until the moment it names nothing changes, and then something does.
        if let Some(next) = verdict.next {
            let just_before = Timestamp(next.0 - 1);
            prop_assert!(next > days(day));
            let archived = archived || verdict.act == Act::Archive;
            prop_assert_eq!(retention.decide(&call, archived, &holds, just_before).act, Act::Keep);
            prop_assert!(held || retention.decide(&call, archived, &holds, next).act != Act::Keep);
        }
    }
}
