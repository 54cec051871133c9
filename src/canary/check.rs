//! Judges a canary by what really happened: signalling, recordings, keys, clocks.

use serde::{Deserialize, Serialize};

use super::{Lane, Tone};

/// The longest that the own number may take to answer.
const ANSWER_MS: i64 = 15_000;
/// Share of a tone that must be heard.
const HEARD: f64 = 0.75;
/// How far a recording may differ from the time between answer and end.
const LENGTH_MS: i64 = 1_000;
/// Share of packets that may be missing.
const LOSS: f32 = 0.02;
/// How far the wall clock may move against the monotonic one.
const DRIFT_MS: i64 = 500;

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckName {
    /// The call was answered, and soon.
    Answered,
    /// It came back to this daemon.
    CameBack,
    /// The prompt of the calling side was heard at the other.
    Prompt,
    /// The prompt of the called side was heard at the other.
    PromptBack,
    /// The key was received once.
    Key,
    /// Both channels of both recordings hold what belongs there.
    Channels,
    /// The recordings are as long as the calls.
    Length,
    /// Hardly a packet was lost.
    Loss,
    /// The clock of the machine went as it should.
    Clock,
}

impl CheckName {
    /// The word in the API and in texts.
    pub const fn as_str(self) -> &'static str {
        match self {
            CheckName::Answered => "answered",
            CheckName::CameBack => "came_back",
            CheckName::Prompt => "prompt",
            CheckName::PromptBack => "prompt_back",
            CheckName::Key => "key",
            CheckName::Channels => "channels",
            CheckName::Length => "length",
            CheckName::Loss => "loss",
            CheckName::Clock => "clock",
        }
    }
}

/// One check with its figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CanaryCheck {
    /// What was looked at.
    pub name: CheckName,
    /// Null: it did not come to it.
    pub passed: Option<bool>,
    /// What was measured: `820 ms`, `1980 ms, -15 dBFS`.
    pub figure: String,
    /// What is wanted: `<= 15000 ms`.
    pub wanted: String,
}

/// One of the two calls of a canary.
#[derive(Clone, Debug, PartialEq)]
pub struct Side {
    /// From the answer to the end; None: it was not answered.
    pub talk_ms: Option<i64>,
    /// Length of the recording; None: there is none.
    pub recording_ms: Option<i64>,
    /// What is in its two channels, left ours; an error says why that is not known.
    pub lanes: Result<[Lane; 2], String>,
    /// Share of the other side's packets that were missing; None: none came.
    pub loss: Option<f32>,
}

/// What is known of a canary.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// Why the call ended, where it was not answered.
    pub problem: String,
    /// From INVITE to answer; None: it was not answered.
    pub answer_ms: Option<i64>,
    /// From INVITE until it came back; None: it did not.
    pub back_ms: Option<i64>,
    /// The call that went out.
    pub caller: Side,
    /// The call that came back; None: none did.
    pub called: Option<Side>,
    /// The key that was pressed.
    pub key: char,
    /// Keys that were received.
    pub keys: String,
    /// How long it all took by the wall clock.
    pub wall_ms: i64,
    /// The same by the monotonic clock.
    pub mono_ms: i64,
}

/// Whether every check passed: what it did not come to, has not.
pub fn has_passed(checks: &[CanaryCheck]) -> bool {
    !checks.is_empty() && checks.iter().all(|check| check.passed == Some(true))
}

/// Every check with its figure, always all of them in the same order.
pub fn judge(facts: &Facts) -> Vec<CanaryCheck> {
    let mut checks = vec![answered(facts), came_back(facts)];
    match &facts.called {
        Some(called) if facts.answer_ms.is_some() => checks.extend([
            prompt(CheckName::Prompt, Tone::Caller, called),
            prompt(CheckName::PromptBack, Tone::Called, &facts.caller),
            key(facts),
            channels(&facts.caller, called),
            length(&facts.caller, called),
            loss(&facts.caller, called),
        ]),
        _ => checks.extend(
            [
                CheckName::Prompt,
                CheckName::PromptBack,
                CheckName::Key,
                CheckName::Channels,
                CheckName::Length,
                CheckName::Loss,
            ]
            .map(|name| check(name, None, String::new(), String::new())),
        ),
    }
    checks.push(clock(facts));
    checks
}

fn check(name: CheckName, passed: Option<bool>, figure: String, wanted: String) -> CanaryCheck {
    CanaryCheck { name, passed, figure, wanted }
}

fn answered(facts: &Facts) -> CanaryCheck {
    let (passed, figure) = match facts.answer_ms {
        Some(ms) => (ms <= ANSWER_MS, format!("{ms} ms")),
        None => (false, facts.problem.clone()),
    };
    check(CheckName::Answered, Some(passed), figure, format!("<= {ANSWER_MS} ms"))
}

fn came_back(facts: &Facts) -> CanaryCheck {
    let figure = facts.back_ms.map(|ms| format!("{ms} ms")).unwrap_or_default();
    check(CheckName::CameBack, Some(facts.back_ms.is_some()), figure, String::new())
}

fn prompt(name: CheckName, tone: Tone, at: &Side) -> CanaryCheck {
    let least = f64::from(tone.sound_ms()) * HEARD;
    let wanted = format!(">= {least:.0} ms");
    match &at.lanes {
        Ok([_, right]) => {
            let (ms, dbfs) = right.heard(tone);
            let figure = if ms == 0 { "0 ms".into() } else { format!("{ms} ms, {dbfs:.0} dBFS") };
            check(name, Some(f64::from(ms) >= least), figure, wanted)
        }
        Err(problem) => check(name, Some(false), problem.clone(), wanted),
    }
}

fn key(facts: &Facts) -> CanaryCheck {
    let wanted = facts.key.to_string();
    let figure = if facts.keys.is_empty() { "–".to_owned() } else { facts.keys.clone() };
    check(CheckName::Key, Some(facts.keys == wanted), figure, wanted)
}

fn channels(caller: &Side, called: &Side) -> CanaryCheck {
    let sounds = |side: &Side, tones: [Tone; 2]| match &side.lanes {
        Ok(lanes) => lanes.iter().zip(tones).filter(|(lane, tone)| lane.heard(*tone).0 > 0).count(),
        Err(_) => 0,
    };
    let full = sounds(caller, [Tone::Caller, Tone::Called]) + sounds(called, [Tone::Called, Tone::Caller]);
    check(CheckName::Channels, Some(full == 4), format!("{full}/4"), "4/4".into())
}

fn length(caller: &Side, called: &Side) -> CanaryCheck {
    let off = |side: &Side| Some((side.recording_ms? - side.talk_ms?).abs());
    let worst = off(caller).zip(off(called)).map(|(a, b)| a.max(b));
    let figure = worst.map_or_else(|| "–".to_owned(), |ms| format!("{ms} ms"));
    let passed = worst.is_some_and(|ms| ms <= LENGTH_MS);
    check(CheckName::Length, Some(passed), figure, format!("<= {LENGTH_MS} ms"))
}

fn loss(caller: &Side, called: &Side) -> CanaryCheck {
    // Where nothing came, everything is missing.
    let worst = caller.loss.unwrap_or(1.0).max(called.loss.unwrap_or(1.0));
    let figure = format!("{:.1} %", worst * 100.0);
    check(CheckName::Loss, Some(worst <= LOSS), figure, format!("<= {:.0} %", LOSS * 100.0))
}

fn clock(facts: &Facts) -> CanaryCheck {
    let drift = (facts.wall_ms - facts.mono_ms).abs();
    check(CheckName::Clock, Some(drift <= DRIFT_MS), format!("{drift} ms"), format!("<= {DRIFT_MS} ms"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(caller: u32, called: u32) -> Lane {
        Lane { tone_ms: [caller, called], dbfs: [-15.0, -15.0] }
    }

    fn side(left: Lane, right: Lane) -> Side {
        let lanes = Ok([left, right]);
        Side { talk_ms: Some(7_000), recording_ms: Some(6_960), lanes, loss: Some(0.0) }
    }

    fn good() -> Facts {
        Facts {
            problem: String::new(),
            answer_ms: Some(900),
            back_ms: Some(300),
            caller: side(lane(2_000, 0), lane(0, 1_960)),
            called: Some(side(lane(0, 2_000), lane(1_980, 0))),
            key: '5',
            keys: "5".into(),
            wall_ms: 8_004,
            mono_ms: 8_000,
        }
    }

    fn red(facts: &Facts) -> Vec<&'static str> {
        let checks = judge(facts);
        let red: Vec<_> =
            checks.iter().filter(|c| c.passed == Some(false)).map(|c| c.name.as_str()).collect();
        assert_eq!(has_passed(&checks), checks.iter().all(|c| c.passed == Some(true)));
        assert_eq!(checks.len(), 9, "{checks:?}");
        red
    }

    #[test]
    fn each_fault_has_its_own_light() {
        let check = |change: &dyn Fn(&mut Facts), expect: &[&str]| {
            let mut facts = good();
            change(&mut facts);
            assert_eq!(red(&facts), expect);
        };
        let called = |facts: &mut Facts, change: &dyn Fn(&mut Side)| change(facts.called.as_mut().unwrap());
        check(&|_| {}, &[]);
        check(&|f| f.answer_ms = Some(16_000), &["answered"]);
        check(&|f| f.keys.clear(), &["key"]);
        check(&|f| f.keys = "55".into(), &["key"]);
        check(&|f| f.keys = "8".into(), &["key"]);
        check(&|f| f.caller.lanes = Ok([lane(2_000, 0), lane(0, 0)]), &["prompt_back", "channels"]);
        check(&|f| f.caller.lanes = Ok([lane(2_000, 0), lane(0, 700)]), &["prompt_back"]);
        check(&|f| called(f, &|side| side.lanes = Ok([lane(0, 2_000), lane(0, 0)])), &["prompt", "channels"]);
        // The own prompt as an echo is not the other's.
        check(&|f| f.caller.lanes = Ok([lane(2_000, 0), lane(2_000, 0)]), &["prompt_back", "channels"]);
        check(&|f| f.caller.recording_ms = Some(5_000), &["length"]);
        check(&|f| called(f, &|side| side.recording_ms = None), &["length"]);
        check(&|f| f.caller.loss = Some(0.05), &["loss"]);
        check(&|f| called(f, &|side| side.loss = None), &["loss"]);
        check(&|f| f.wall_ms += 3_600_000, &["clock"]);
        check(&|f| called(f, &|side| side.lanes = Err("gone".into())), &["prompt", "channels"]);
    }

    #[test]
    fn what_it_did_not_come_to_has_not_passed() {
        let mut facts = good();
        (facts.answer_ms, facts.back_ms, facts.called) = (None, None, None);
        facts.problem = "404 Not Found".into();
        assert_eq!(red(&facts), ["answered", "came_back"]);
        let checks = judge(&facts);
        assert_eq!(checks[0].figure, "404 Not Found");
        assert_eq!(checks.iter().filter(|check| check.passed.is_none()).count(), 6);
        assert!(!has_passed(&checks) && !has_passed(&[]));
        // Answered by somebody else.
        let mut facts = good();
        (facts.back_ms, facts.called) = (None, None);
        assert_eq!(red(&facts), ["came_back"]);
    }
}
