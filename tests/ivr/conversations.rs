//! Every shipped script with a few callers, written down as a conversation one can read.

use super::caller::{Caller, facts};
use super::script;

/// Compares `tests/golden/ivr/<name>.snap` with the conversations of these callers.
fn check(name: &str, callers: &[(&str, &[(&str, &str)])]) {
    let mut text = String::new();
    for (plan, fields) in callers {
        let caller = Caller::run(script(name), facts(fields), plan);
        text.push_str(&format!("== {plan}   {fields:?}\n{}\n", caller.transcript));
    }
    insta::with_settings!({
        snapshot_path => "../golden/ivr",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, { insta::assert_snapshot!(name, text) });
}

#[test]
fn install_survey_reads_as_agreed() {
    check(
        "install-survey",
        &[
            ("1 5 4 5 5 say hang", &[("install_status", "done")]),
            ("1 2 1 5 . . . 4 say", &[("install_status", "done")]),
            (
                "1 1 hang",
                &[
                    ("install_status", "not_done"),
                    ("outstanding_items", "门板划痕;缺拉手"),
                    ("appointment", "2026-03-03 09:30"),
                ],
            ),
            ("1 2 say", &[]),
            ("9 1 5 0 0 hang", &[]),
        ],
    );
}

#[test]
fn auto_repair_reads_as_agreed() {
    check("auto-repair", &[("1 5 5 4 5 3 5 5 5 2 4 say hang", &[]), ("!1 !5 !5 !5 hang", &[])]);
}

#[test]
fn express_reads_as_agreed() {
    check(
        "express",
        &[("1 1 1 2 1 mute hang", &[]), ("1 1 1 1 1 1 say", &[]), ("0 1 hang", &[]), ("beep", &[])],
    );
}

#[test]
fn hospital_reads_as_agreed() {
    check(
        "hospital",
        &[
            ("1 1 2 5 5 4 5 say hang", &[]),
            ("1 3 say 1 5 5 5 5 mute hang", &[("department", "骨科")]),
            ("2", &[]),
        ],
    );
}

#[test]
fn furniture_mall_reads_as_agreed() {
    check(
        "furniture-mall",
        &[
            ("1 2 say 2 say hang", &[]),
            ("1 5 5 mute hang", &[("kind", "contract")]),
            ("1 4 mute hang", &[("kind", "cleaning")]),
            ("# hang", &[("kind", "service")]),
        ],
    );
}

#[test]
fn billboard_reads_as_agreed() {
    check(
        "billboard",
        &[
            ("1 4 5 say 1 hang", &[("product", "三面翻")]),
            ("1 4 5 mute 2 hang", &[("product", "换画灯箱")]),
            ("9 1 5 0 0 hang", &[]),
            ("0 hang", &[]),
        ],
    );
}

#[test]
fn generic_reads_as_agreed() {
    check(
        "generic",
        &[
            ("1 1 5 mute hang", &[]),
            ("1 3 2 1 say", &[("planned_end", "2026-02-20"), ("actual_end", "2026-02-27")]),
            ("doubt 5 7 * 1 hang", &[]),
        ],
    );
}

#[test]
fn record_prompt_reads_as_agreed() {
    check("record-prompt", &[("mute mute mute mute mute hang", &[("prompt", "company/name")])]);
}
