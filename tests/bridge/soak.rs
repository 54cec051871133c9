//! Random hours of a hotline: phones of every behaviour, orders and hang-ups at any moment,
//! phones that fall off the net. Whatever happens, each call has one record, no leg stays up,
//! and nobody is left in a state without an end.

use std::collections::BTreeSet;
use std::time::Duration;

use ringback::base::Rng;
use ringback::call::leg::{LegResult, Listening};
use ringback::engine::{BridgeOrder, Report};
use ringback::sim::{Act, Behaviour, Person};

use super::hotline::{CUSTOMER, DUTY_HZ, FIRST_HZ, Hotline, speaks};

const PHONES: [&str; 5] = [CUSTOMER, "1001", "1002", "1009", "13800000009"];

fn behaviour(rng: &mut Rng) -> Behaviour {
    let person = Person { answer_ms: 200 + rng.below(6_000) as u32, ..speaks(FIRST_HZ, Vec::new()) };
    match rng.below(10) {
        0 => Behaviour::BUSY,
        1 => Behaviour::DECLINES,
        2 => Behaviour::UNAVAILABLE,
        3 => Behaviour::NoAnswer,
        4 => Behaviour::Dead,
        5 => Behaviour::EarlyMediaThenAnswer { early_ms: 1_000, person },
        6 => {
            let acts = vec![Act::Interrupt { keys: "5".into(), after_ms: 800 }];
            Behaviour::Answers(Person { greeting_ms: 0, ..speaks(DUTY_HZ, acts) })
        }
        _ => Behaviour::Answers(person),
    }
}

fn order(rng: &mut Rng) -> BridgeOrder {
    let names = ["1001", "1002", "1009", "13800000009", "7777"];
    let somebody = names[rng.below(names.len() as u64) as usize].to_owned();
    match rng.below(12) {
        0 => BridgeOrder::Hold(true),
        1 => BridgeOrder::Hold(false),
        2 => BridgeOrder::Mute(1 + rng.below(4) as u32, rng.chance(0.5)),
        3 => BridgeOrder::Transfer(somebody),
        4 => BridgeOrder::Consult(somebody),
        5 => BridgeOrder::Complete,
        6 => BridgeOrder::Back,
        7 => BridgeOrder::Conference(Some(somebody)),
        8 => BridgeOrder::Conference(None),
        9 => BridgeOrder::PauseRecording(rng.chance(0.6)),
        10 => BridgeOrder::HangUpLeg(1 + rng.below(5) as u32),
        _ => {
            let mode = [Listening::Listen, Listening::Whisper, Listening::Barge][rng.below(3) as usize];
            BridgeOrder::Supervise("1009".into(), mode)
        }
    }
}

/// Something happens to one of the phones.
fn stir(hotline: &mut Hotline, rng: &mut Rng) {
    let name = PHONES[rng.below(PHONES.len() as u64) as usize];
    match rng.below(8) {
        0 | 1 if name != CUSTOMER => hotline.at_phone(name, |phone, now| phone.put_down(now)),
        2 => hotline.at_phone(name, |phone, now| {
            if phone.is_talking() {
                phone.hold(now, true);
            }
        }),
        3 => hotline.at_phone(name, |phone, now| {
            if phone.is_talking() {
                phone.hold(now, false);
            }
        }),
        4 => hotline.at_phone(name, |phone, now| {
            if phone.is_talking() {
                phone.refer(now, "sip:1002@10.0.0.9");
            }
        }),
        // A customer who holds and vanishes is found by the session timer, after half an hour.
        5 if name != CUSTOMER && rng.chance(0.3) => hotline.cut_off(name),
        6 if rng.chance(0.2) => hotline.at_phone(CUSTOMER, |phone, now| phone.put_down(now)),
        _ => hotline.at_phone(name, |phone, _| {
            if phone.is_talking() {
                phone.press_now("5");
            }
        }),
    }
}

fn judge(report: &Report, text: &str) {
    let bridging = &report.record.bridging;
    let numbers: BTreeSet<u32> = bridging.legs.iter().map(|leg| leg.number).collect();
    assert_eq!(numbers.len(), bridging.legs.len(), "each leg once\n{text}");
    for leg in &bridging.legs {
        assert!(leg.started_at <= leg.ended_at && leg.answered_at.is_none_or(|at| at <= leg.ended_at));
        let talked = matches!(leg.result, LegResult::Talked | LegResult::Transferred);
        assert!(!talked || leg.answered_at.is_some(), "{leg:?}\n{text}");
    }
    let talked = bridging.legs.iter().any(|leg| leg.answered_at.is_some());
    assert!(bridging.hung_up_first.is_none() || talked, "{bridging:?}\n{text}");
    assert!(bridging.pauses.iter().rev().skip(1).all(|pause| pause.to.is_some()), "{bridging:?}");
}

#[test]
fn random_calls_leave_one_record_each_and_no_leg_up() {
    for seed in 0..48 {
        let mut rng = Rng::seeded(9_000 + seed);
        let mut hotline = Hotline::new(9_000 + seed);
        hotline.keep_audio = false;
        if rng.chance(0.3) {
            hotline.lose_packets(0.1);
        }
        for name in &PHONES[1..] {
            hotline.is_at(name, behaviour(&mut rng));
        }
        hotline.call(if rng.chance(0.7) { "1" } else { "2" });
        // The call is answered: a phone that has not heard of that yet cannot hang up.
        hotline.run_for(Duration::from_millis(100));
        for _ in 0..rng.below(30) {
            hotline.run_for(Duration::from_millis(20 * rng.below(120)));
            if hotline.engine.call_count() == 0 {
                break;
            }
            if rng.chance(0.5) {
                // What cannot be done now is refused, and that is all.
                hotline.order(order(&mut rng)).ok();
            } else {
                stir(&mut hotline, &mut rng);
            }
        }
        let report = hotline.finish();
        judge(&report, &format!("seed {seed}\n{}", hotline.books.ladder.text()));
    }
}
