//! Faults of lines, servers and disks are findings of their own and never a person's.

use ringback::call::{EndedBy, HungUpFirst};
use ringback::evidence::{CallFacts, Charge, Detector, Evidence, Severity, judge};
use ringback::media::Quality;

use super::tape::{Tape, at, card, talk};

fn charged_with_a_person(evidence: &Evidence) -> Vec<Detector> {
    let charged = evidence.findings.iter().filter(|finding| matches!(finding.charge, Charge::Agent(_)));
    charged.map(|finding| finding.detector).collect()
}

fn tape() -> Tape {
    // Nothing comes from the customer, and our person says nothing for 30 s.
    Tape::new(60.0).ours(4.0, 3.0).ours(40.0, 3.0)
}

#[test]
fn rec_03_one_way_audio_is_the_systems_fault_and_takes_the_blame_for_silences() {
    let evidence = tape().judge(&talk(60.0));
    let fault = evidence.of(Detector::OneWayAudio).next().expect("exact silence on the right");
    assert_eq!((fault.severity, &fault.charge), (Severity::Fail, &Charge::System));
    assert!(evidence.of(Detector::MutualSilence).all(|finding| finding.charge == Charge::System));
    assert_eq!(charged_with_a_person(&evidence), []);
    assert_eq!(evidence.of(Detector::NoCustomerSpeech).count(), 0, "nobody can tell");
    // Noise comes in: the line is good and the customer says nothing.
    let evidence = tape().noise(1, 5, -62.0).judge(&talk(60.0));
    assert_eq!(evidence.of(Detector::OneWayAudio).count(), 0);
    assert_eq!(evidence.of(Detector::NoCustomerSpeech).count(), 1);
    assert!(charged_with_a_person(&evidence).contains(&Detector::MutualSilence));
}

#[test]
fn lost_packets_and_lost_blocks_are_told_and_charged_to_nobody() {
    let lossy = Quality { packets_received: 900, lost: 100, ..Quality::default() };
    let facts = CallFacts { quality: Some(lossy), missing_samples: 16_000, ..talk(60.0) };
    let evidence = tape().theirs(10.0, 5.0).judge(&facts);
    let value =
        |detector| evidence.of(detector).next().map(|finding| (finding.value, finding.charge.clone()));
    assert_eq!(value(Detector::LostAudio), Some((10.0, Charge::System)));
    assert_eq!(value(Detector::LostRecording), Some((2.0, Charge::System)));
    assert_eq!(charged_with_a_person(&evidence), []);
    let good = Quality { packets_received: 1_000, lost: 2, ..Quality::default() };
    let facts = CallFacts { quality: Some(good), ..talk(60.0) };
    let evidence = tape().theirs(10.0, 5.0).judge(&facts);
    assert_eq!(evidence.of(Detector::LostAudio).next().unwrap().severity, Severity::Info);
    assert!(charged_with_a_person(&evidence).contains(&Detector::MutualSilence));
}

#[test]
fn a_trunk_that_drops_the_call_while_the_customer_speaks_cuts_nobody_off() {
    let facts = CallFacts {
        ended_by: EndedBy::Fault,
        hung_up_first: Some((HungUpFirst::System, at(60.0))),
        ..talk(60.0)
    };
    let evidence = Tape::new(60.0).ours(1.0, 3.0).theirs(50.0, 10.0).judge(&facts);
    assert_eq!(evidence.of(Detector::HangupBy).next().unwrap().detail, "network");
    assert_eq!(evidence.of(Detector::Dropped).next().unwrap().charge, Charge::System);
    assert_eq!(evidence.of(Detector::CutOff).count(), 0);
    assert!(!charged_with_a_person(&evidence).contains(&Detector::HangupBy));
}

#[test]
fn rec_03_an_answered_call_without_its_recording_is_told() {
    let evidence = judge(&card(), &talk(60.0), None, None);
    let finding = evidence.of(Detector::NoRecording).next().expect("told");
    assert_eq!((finding.severity, &finding.charge), (Severity::Fail, &Charge::System));
    let unrecorded = CallFacts { recorded: false, ..talk(60.0) };
    assert_eq!(
        judge(&card(), &unrecorded, None, None).of(Detector::NoRecording).count(),
        0,
        "it was not to be"
    );
}

#[test]
fn window_and_deadline_are_the_diallers_and_the_register_is_our_persons() {
    use ringback::evidence::{Kept, Register};
    let facts = CallFacts {
        kept: Kept { window: Some(false), deadline: Some(true) },
        register: Register::Saved(12 * 60_000),
        ..talk(60.0)
    };
    let evidence = judge(&card(), &facts, None, None);
    let of = |detector| {
        let finding = evidence.of(detector).next().unwrap();
        (finding.value, finding.severity, finding.charge.clone())
    };
    let agent = Charge::Agent(super::tape::AGENT.into());
    assert_eq!(of(Detector::InWindow), (0.0, Severity::Fail, Charge::System));
    assert_eq!(of(Detector::ByDeadline), (1.0, Severity::Info, Charge::Nobody));
    assert_eq!(of(Detector::WrapUp), (12.0, Severity::Warn, agent.clone()));
    let missing = judge(&card(), &CallFacts { register: Register::Missing, ..talk(60.0) }, None, None);
    let finding = missing.of(Detector::WrapUp).next().unwrap();
    assert_eq!((finding.severity, &finding.charge), (Severity::Warn, &agent));
}
