//! Holds in the record: for the customer it is the same whether an order, a consultation or the
//! phone of our person is behind one.

use ringback::base::Timestamp;
use ringback::engine::{BridgeOrder, Report};

use super::hotline::{Hotline, SECOND, SECOND_HZ, answers};

/// Holds of the record, as whole seconds from the answer, and their lengths.
fn holds(report: &Report) -> Vec<i64> {
    let length = |(from, to): &(Timestamp, Timestamp)| (to.millis_since(*from) + 500) / 1_000;
    report.record.bridging.holds.iter().map(length).collect()
}

#[test]
fn a_hold_by_order_stands_in_the_record_with_its_length() {
    let mut hotline = Hotline::new(31);
    hotline.call_and_talk();
    hotline.order(BridgeOrder::Hold(true)).unwrap();
    hotline.run_for(7 * SECOND);
    hotline.order(BridgeOrder::Hold(false)).unwrap();
    hotline.run_for(3 * SECOND);
    hotline.order(BridgeOrder::Hold(true)).unwrap();
    hotline.run_for(4 * SECOND);
    // The customer gives up while they wait.
    let report = hotline.finish();
    assert_eq!(holds(&report), [7, 4]);
    let record = &report.record;
    let first = record.bridging.holds[0].0;
    assert!(Some(first) > record.answered_at && first < record.ended_at);
    assert_eq!(record.bridging.holds[1].1, record.ended_at);
}

#[test]
fn a_consultation_is_a_hold_and_ringing_for_somebody_is_none() {
    let mut hotline = Hotline::new(32);
    hotline.call_and_talk();
    hotline.is_at("1002", answers(SECOND_HZ));
    hotline.order(BridgeOrder::Consult("1002".into())).unwrap();
    hotline.run_for(6 * SECOND);
    hotline.order(BridgeOrder::Back).unwrap();
    hotline.run_for(2 * SECOND);
    assert_eq!(holds(&hotline.finish()), [6]);
    let mut plain = Hotline::new(33);
    plain.call_and_talk();
    plain.run_for(5 * SECOND);
    assert_eq!(holds(&plain.finish()), [] as [i64; 0], "music before the first word is no hold");
}
