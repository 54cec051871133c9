//! Detectors of signalling and sound, each by the example of its requirement.

use ringback::call::HungUpFirst;
use ringback::evidence::{AuditReason, Charge, Detector, Evidence, Finding, Severity};

use super::tape::{AGENT, Tape, at, robot, talk};

fn one(evidence: &Evidence, detector: Detector) -> &Finding {
    let all: Vec<&Finding> = evidence.of(detector).collect();
    assert_eq!(all.len(), 1, "{detector:?} in {evidence:#?}");
    all[0]
}

fn near(value: f64, expect: f64, within: f64) {
    assert!((value - expect).abs() <= within, "{value}, expected {expect} within {within}");
}

#[test]
fn eti_11_three_overlaps_begun_by_the_agent_are_three_interruptions() {
    let tape = [2.0, 12.0, 22.0]
        .iter()
        .fold(Tape::new(32.0).ours(0.3, 1.2), |tape, from| tape.theirs(*from, 4.0).ours(from + 2.5, 3.5));
    let evidence = tape.judge(&talk(32.0));
    let count = one(&evidence, Detector::Interruptions);
    assert_eq!((count.value, count.severity), (3.0, Severity::Fail));
    assert_eq!(count.charge, Charge::Agent(AGENT.into()));
    near(one(&evidence, Detector::Overlap).value, 4.5, 0.3);
    for (finding, from) in evidence.of(Detector::Interruption).zip([4.5, 14.5, 24.5]) {
        let span = finding.span.unwrap();
        near(f64::from(span.from) / 1_000.0, from, 0.15);
        near(finding.value, 1.5, 0.15);
    }
}

#[test]
fn eti_10_an_acknowledgement_is_none_and_a_word_in_between_is_one() {
    let listening = Tape::new(20.0).ours(0.3, 1.2).theirs(3.0, 6.0).ours(5.0, 0.4).ours(10.0, 3.0);
    let evidence = listening.judge(&talk(20.0));
    assert_eq!(evidence.value(Detector::Interruptions), Some(0.0), "{evidence:#?}");
    assert_eq!(evidence.value(Detector::Overlap), Some(0.0));
    assert!(evidence.value(Detector::OverlapRatio).unwrap() > 1.0, "both spoke all the same");
    // The customer stops a second after our person began.
    let interrupting = Tape::new(20.0).ours(0.3, 1.2).theirs(3.0, 4.0).ours(6.0, 2.0);
    let evidence = interrupting.judge(&talk(20.0));
    let one = one(&evidence, Detector::Interruption);
    near(f64::from(one.span.unwrap().from) / 1_000.0, 6.0, 0.15);
    assert_eq!(evidence.value(Detector::Interruptions), Some(1.0));
}

#[test]
fn eti_17_many_loud_overlaps_put_a_call_on_the_list_to_audit() {
    let mut calm = Tape::new(130.0);
    for turn in 0..8 {
        let from = f64::from(turn) * 10.0;
        calm = calm.speak(0, from + 0.5, 4.0, -30.0).speak(1, from + 5.0, 4.0, -30.0);
    }
    let overlaps = |tape: Tape, dbov: f32| {
        (0..5).fold(tape, |tape, n| {
            let from = 90.0 + 6.0 * f64::from(n);
            tape.speak(1, from, 3.0, dbov).speak(0, from + 1.0, 3.0, dbov)
        })
    };
    let loud = overlaps(calm.clone(), -20.0).judge(&talk(130.0));
    let dispute = one(&loud, Detector::PossibleDispute);
    assert_eq!((dispute.value, &dispute.charge), (5.0, &Charge::Nobody), "a hint for a person");
    near(f64::from(dispute.span.unwrap().from) / 1_000.0, 91.0, 0.2);
    assert!(loud.audit.contains(&AuditReason::PossibleDispute));
    let quiet = overlaps(calm, -30.0).judge(&talk(130.0));
    assert_eq!(quiet.of(Detector::PossibleDispute).count(), 0, "as loud as ever");
    assert!(!quiet.audit.contains(&AuditReason::PossibleDispute));
}

#[test]
fn eti_03_who_hung_up_first_is_a_violation_only_of_our_person() {
    let tape = Tape::new(30.0).ours(0.5, 3.0).theirs(4.0, 5.0).ours(12.0, 10.0);
    let by = |first, facts: ringback::evidence::CallFacts| {
        let evidence = tape.judge(&ringback::evidence::CallFacts { hung_up_first: first, ..facts });
        let finding = one(&evidence, Detector::HangupBy).clone();
        (finding.detail.clone(), finding.severity, finding.charge)
    };
    let agent = Charge::Agent(AGENT.into());
    assert_eq!(
        by(Some((HungUpFirst::Agent, at(30.0))), talk(30.0)),
        ("agent".into(), Severity::Critical, agent)
    );
    let customer = by(Some((HungUpFirst::Customer, at(30.0))), talk(30.0));
    assert_eq!(customer, ("customer".into(), Severity::Info, Charge::Nobody));
    // The robot ends its script after the wait for the customer: the system, and no violation.
    let ended = ringback::evidence::CallFacts { ended_by: ringback::call::EndedBy::Us, ..robot(30.0) };
    assert_eq!(by(None, ended), ("system".into(), Severity::Info, Charge::Nobody));
}

#[test]
fn eti_03_cutting_the_customer_off_is_a_candidate_for_a_critical_item() {
    let cut = |last_word: f64, first| {
        let tape = Tape::new(30.0).ours(0.5, 3.0).theirs(20.0, last_word - 20.0);
        let facts = ringback::evidence::CallFacts { hung_up_first: Some((first, at(30.0))), ..talk(30.0) };
        let evidence = tape.judge(&facts);
        (evidence.of(Detector::CutOff).cloned().collect::<Vec<_>>(), evidence)
    };
    let (found, evidence) = cut(29.8, HungUpFirst::Agent);
    assert_eq!((found[0].severity, &found[0].charge), (Severity::Critical, &Charge::Agent(AGENT.into())));
    assert_eq!(found[0].span.unwrap().to, 30_000);
    assert!(evidence.audit.contains(&AuditReason::Critical));
    near(evidence.value(Detector::LastWord).unwrap(), 0.2, 0.1);
    assert!(cut(27.0, HungUpFirst::Agent).0.is_empty(), "three seconds after the last word");
    assert!(cut(29.8, HungUpFirst::Customer).0.is_empty());
    let (found, _) = cut(29.8, HungUpFirst::System);
    assert_eq!(found[0].charge, Charge::System);
}

#[test]
fn silences_have_their_length_place_and_owner_and_holds_and_pauses_are_none() {
    // Customer asks; 12 s of nothing; our person answers; 20 s of nothing.
    let tape = Tape::new(60.0).ours(0.5, 2.0).theirs(4.0, 3.0).ours(19.0, 4.0).ours(43.0, 3.0);
    let evidence = tape.judge(&talk(60.0));
    let longest = one(&evidence, Detector::AgentSilenceMax);
    near(longest.value, 12.0, 0.1);
    near(f64::from(longest.span.unwrap().from) / 1_000.0, 7.0, 0.1);
    assert_eq!((longest.severity, &longest.charge), (Severity::Warn, &Charge::Agent(AGENT.into())));
    near(one(&evidence, Detector::MutualSilenceMax).value, 20.0, 0.1);
    assert_eq!(evidence.of(Detector::AgentSilence).count(), 1);
    assert_eq!(evidence.of(Detector::MutualSilence).count(), 1);
    // The same silences by order: music that the customer hears, and a pause of the recording.
    let facts = ringback::evidence::CallFacts {
        holds: vec![(at(7.2), at(18.8))],
        pauses: vec![(at(23.2), at(42.8))],
        ..talk(60.0)
    };
    let evidence = tape.clone().music(7.2, 11.6).judge(&facts);
    assert_eq!(evidence.of(Detector::AgentSilence).count(), 0, "{evidence:#?}");
    assert_eq!(evidence.of(Detector::MutualSilence).count(), 0, "14 s are left at the end: {evidence:#?}");
    let hold = one(&evidence, Detector::Hold);
    near(hold.value, 11.6, 0.01);
    assert_eq!(hold.severity, Severity::Info, "up to a minute");
    assert_eq!(evidence.value(Detector::TalkRatio).map(|share| share > 60.0), Some(true), "music is no talk");
}

#[test]
fn first_word_levels_shares_and_rate_are_those_of_what_was_put_there() {
    let tape = Tape::new(60.0)
        .speak(0, 3.0, 6.0, -26.0)
        .speak(1, 10.0, 12.0, -44.0)
        .speak(0, 24.0, 6.0, -26.0)
        .speak(0, 34.0, 2.0, -14.0)
        .noise(1, 1, -62.0);
    let evidence = tape.judge(&talk(60.0));
    let greeting = one(&evidence, Detector::SlowGreeting);
    near(greeting.value, 3.0, 0.1);
    assert_eq!(greeting.severity, Severity::Warn);
    let level = one(&evidence, Detector::CustomerLevel);
    near(level.value, -44.0, 2.5);
    assert_eq!(level.severity, Severity::Hint, "too soft to be understood");
    near(one(&evidence, Detector::TalkRatio).value, 14.0 / 26.0 * 100.0, 5.0);
    let shouting = one(&evidence, Detector::Shouting);
    near(shouting.value, 12.0, 1.5);
    near(f64::from(shouting.span.unwrap().from) / 1_000.0, 34.0, 0.1);
    let rate = one(&evidence, Detector::SpeechRate).value;
    assert!((2.5..=7.0).contains(&rate), "some four and a half syllables a second: {rate}");
    near(one(&evidence, Detector::AnswerDelay).value, 3.0, 0.001);
    near(one(&evidence, Detector::AgentAnswer).value, 4.0, 0.001);
}

#[test]
fn rec_04_told_as_done_without_a_word_of_the_customer_must_be_audited() {
    let facts = ringback::evidence::CallFacts { told_done: true, ..talk(6.0) };
    let silent = Tape::new(6.0).ours(0.5, 4.0).noise(1, 3, -60.0).judge(&facts);
    assert!(silent.audit.contains(&AuditReason::Perfunctory), "{silent:#?}");
    assert!(silent.audit.contains(&AuditReason::TooShort));
    assert_eq!(one(&silent, Detector::Perfunctory).charge, Charge::Agent(AGENT.into()));
    let spoken = Tape::new(26.0)
        .ours(0.5, 4.0)
        .theirs(6.0, 5.0)
        .judge(&ringback::evidence::CallFacts { told_done: true, ..talk(26.0) });
    assert_eq!(spoken.audit, []);
    let keyed = ringback::evidence::CallFacts { keys: 1, ..facts };
    let keyed = Tape::new(6.0).ours(0.5, 4.0).noise(1, 3, -60.0).judge(&keyed);
    assert!(!keyed.audit.contains(&AuditReason::Perfunctory), "a key is an answer too");
}

#[test]
fn eti_18_a_call_of_more_than_three_usual_lengths_is_a_hint() {
    let evidence = |usual_ms| {
        let facts = ringback::evidence::CallFacts { usual_ms: Some(usual_ms), ..talk(40.0) };
        Tape::new(40.0).ours(0.5, 20.0).theirs(22.0, 10.0).judge(&facts)
    };
    let long = evidence(13_000);
    let finding = one(&long, Detector::NotConcise);
    assert_eq!((finding.severity, &finding.charge), (Severity::Hint, &Charge::Nobody));
    near(finding.value, 40.0 / 13.0, 0.01);
    assert_eq!(one(&evidence(14_000), Detector::NotConcise).severity, Severity::Info);
}
