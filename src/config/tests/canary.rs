//! `[trunk.canary]`.

use super::*;
use crate::canary::DEFAULT_KEY;
use jiff::civil::Time;

const TRUNK: &str = "[[trunk]]\nname = \"a\"\nserver = \"a.example\"\n[trunk.canary]\n";

#[test]
fn a_trunk_has_a_canary_where_it_names_a_number() {
    let canary = |text: &str| good(&format!("{TRUNK}{text}")).settings.trunks[0].canary.clone();
    let plain = canary("number = \"02088886666\"\n").unwrap();
    assert_eq!((plain.number.as_str(), plain.at, plain.key), ("02088886666", None, DEFAULT_KEY));
    let full = canary("number = \"+862088886666\"\narrives_as = \"s8\"\nat = \"08:15\"\nkey = \"7\"\n");
    let full = full.unwrap();
    assert_eq!(full.number, plain.number, "in any spelling");
    assert_eq!(full.at, Some(Time::constant(8, 15, 0, 0)));
    assert_eq!((full.key, full.arrives_as.as_str()), ('7', "s8"));
    let without = TRUNK.replace("[trunk.canary]\n", "");
    assert_eq!(good(&without).settings.trunks[0].canary, None);
}

#[test]
fn mistakes_of_a_canary_are_shown_where_they_stand() {
    let check = |text: &str, line, words: &[&str]| mistake(&format!("{TRUNK}{text}"), line, words);
    check("", 4, &["trunk[0].canary.number", "is missing", "brings back to this daemon"]);
    check("number = \"x\"\n", 5, &["`x` is no number"]);
    check("number = \"02088886666\"\nkey = \"55\"\n", 6, &["`55` is not one key from 0 to 9"]);
    check("number = \"02088886666\"\nat = \"8\"\n", 6, &["not a time of day", "write it as 08:30"]);
    check("number = \"02088886666\"\nhour = 8\n", 6, &["hour"]);
    let one = TRUNK.replace("[trunk.canary]", "max_calls = 1\n[trunk.canary]");
    mistake(&format!("{one}number = \"02088886666\"\n"), 4, &["no room for the canary", "give 2 or more"]);
}
