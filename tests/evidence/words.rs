//! Phrases against transcripts, each by the example of its requirement.

use ringback::call::Direction;
use ringback::evidence::{
    AuditReason, CallFacts, Charge, Detector, Evidence, Line, Severity, Side, Transcript, judge, ticks,
};

use super::tape::{AGENT, Tape, card_of, talk};

fn said(lines: &[(Side, u32, u32, &str)]) -> Transcript {
    let line = |(side, from, to, text): &(Side, u32, u32, &str)| Line {
        side: *side,
        start_ms: from * 1_000,
        end_ms: to * 1_000,
        text: (*text).to_owned(),
    };
    Transcript::new(lines.iter().map(line).collect()).unwrap()
}

use Side::{Agent as US, Customer as THEY};

fn of(pack: &str, facts: &CallFacts, lines: &[(Side, u32, u32, &str)]) -> Evidence {
    judge(&card_of(pack), facts, None, Some(&said(lines)))
}

/// Detector and rule of everything about a rule.
fn about(evidence: &Evidence, rule: &str) -> Vec<(Detector, Severity)> {
    let found = evidence.findings.iter().filter(|finding| finding.rule == rule);
    found.map(|finding| (finding.detector, finding.severity)).collect()
}

const SAID: [(Detector, Severity); 1] = [(Detector::PhraseSaid, Severity::Info)];
const MISSING: [(Detector, Severity); 1] = [(Detector::PhraseMissing, Severity::Warn)];

#[test]
fn eti_04_the_greeting_names_the_brand_within_ten_seconds() {
    let greeting = |text: &str, from: u32| {
        let evidence = of("furniture_mall", &talk(60.0), &[(US, 0, 0, "喂"), (US, from, from + 4, text)]);
        about(&evidence, "hotline_greeting")
    };
    assert_eq!(greeting("您好，欧派客服，请问有什么可以帮到您", 1), SAID);
    assert_eq!(greeting("您好,歐派客服,請問有什麼可以幫到您嗎?", 1), SAID, "in traditional characters");
    assert_eq!(greeting("您好，请问有什么可以帮到您", 1), MISSING, "without the brand");
    assert_eq!(greeting("您好，欧派客服，请问有什么可以帮到您", 12), MISSING, "too late");
}

#[test]
fn eti_05_the_closing_stands_in_the_last_20_seconds() {
    let closing = |text: &str, to: u32| {
        let lines = [(US, 0, 4, "您好"), (US, to - 3, to, text), (US, 55, 60, "好的")];
        about(&of("furniture_mall", &talk(60.0), &lines), "closing")
    };
    assert_eq!(closing("谢谢，再见", 54), SAID);
    assert_eq!(closing("谢谢，再见", 30), MISSING, "too early");
    assert_eq!(closing("那就这样", 54), MISSING);
}

#[test]
fn eti_06_a_long_silence_is_excused_and_a_reply_that_is_promised_is_written_down() {
    let tape = Tape::new(60.0).ours(0.5, 3.0).theirs(4.0, 4.0).ours(43.0, 4.0);
    let after = |text: &str| {
        let lines = [(US, 0, 4, "您好"), (THEY, 4, 8, "帮我查一下"), (US, 43, 47, text)];
        about(&tape.judge_words(&talk(60.0), &said(&lines)), "waited")
    };
    assert_eq!(after("您的订单已经发货"), MISSING, "35 s, and no word of it");
    assert_eq!(after("对不起，让您久等了，您的订单已经发货"), SAID);
    let promise = |kept: bool| {
        let facts = CallFacts { promise_kept: kept, ..talk(60.0) };
        let lines = [(US, 0, 9, "我们帮您核实一下，稍后再给您回复")];
        of("furniture_mall", &facts, &lines)
    };
    let open = promise(false);
    assert_eq!(about(&open, "will_reply"), [(Detector::PromiseWithoutTicket, Severity::Critical)]);
    assert!(open.audit.contains(&AuditReason::Critical));
    assert_eq!(about(&promise(true), "will_reply"), [(Detector::PhraseSaid, Severity::Hint)]);
    // Whoever is asked whether they are there says so.
    let asked = |answer: &str| {
        let lines = [(US, 0, 4, "您好"), (THEY, 20, 22, "你在听吗？"), (US, 23, 25, answer)];
        about(&of("furniture_mall", &talk(60.0), &lines), "listening")
    };
    assert_eq!(asked("您好，请讲，我在听"), SAID);
    assert_eq!(asked("等一下"), MISSING);
}

#[test]
fn eti_07_a_forbidden_phrase_counts_on_our_side_alone_and_has_its_place() {
    let lines = [(THEY, 3, 5, "我也不知道怎么回事"), (US, 12, 14, "这个我，嗯，不知道啊")];
    let evidence = of("default", &talk(60.0), &lines);
    let found: Vec<_> = evidence.of(Detector::ForbiddenPhrase).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].span.map(|span| (span.from, span.to)), Some((12_000, 14_000)));
    assert_eq!((found[0].severity, &found[0].charge), (Severity::Critical, &Charge::Agent(AGENT.into())));
    assert!(found[0].detail.contains("这个我不知道"), "with what stands around it: {}", found[0].detail);
    for words in ["对不起，我听不懂您在说什么", "我不理解你的意思"] {
        assert_eq!(of("default", &talk(60.0), &[(US, 1, 2, words)]).of(Detector::ForbiddenPhrase).count(), 1);
    }
}

#[test]
fn eti_09_a_complaint_wants_an_apology_before_the_details() {
    let facts = CallFacts { complaint: true, ..talk(60.0) };
    let calm = [(US, 0, 4, "您好"), (US, 5, 9, "请问具体是什么问题？"), (US, 50, 59, "谢谢，再见")];
    let without = of("furniture_mall", &facts, &calm);
    assert_eq!(about(&without, "apology"), [(Detector::PhraseMissing, Severity::Fail)]);
    assert_eq!(about(&without, "complaint_end"), MISSING);
    let order =
        |lines: &[(Side, u32, u32, &str)]| about(&of("furniture_mall", &facts, lines), "apology_first");
    let sorry = (US, 10, 14, "给您添麻烦了，很抱歉");
    assert_eq!(order(&[calm[1], sorry]), [(Detector::StepOrder, Severity::Warn)]);
    assert_eq!(order(&[(US, 2, 4, "很抱歉"), calm[1]]), []);
    assert_eq!(about(&of("furniture_mall", &talk(60.0), &calm), "apology"), [], "no complaint, no apology");
}

#[test]
fn eti_13_empathy_is_found_and_costs_nobody_anything() {
    let lines = [(US, 5, 9, "您的想法我能理解")];
    assert_eq!(about(&of("default", &talk(60.0), &lines), "empathy"), SAID);
    assert_eq!(about(&of("default", &talk(60.0), &[(US, 5, 9, "好的")]), "empathy"), []);
}

#[test]
fn eti_16_the_billboard_makers_closings_with_the_customers_title() {
    let complaint = CallFacts { complaint: true, title: "女士".into(), ..talk(60.0) };
    let close = |facts: &CallFacts, rule: &str, text: &str| {
        about(&of("billboard_maker", facts, &[(US, 0, 4, "您好"), (US, 50, 59, text)]), rule)
    };
    let words = "李女士，感谢您的信任，一定会给您满意答复";
    assert_eq!(close(&complaint, "complaint_closing", words), SAID);
    assert_eq!(close(&complaint, "complaint_closing", "再见"), MISSING);
    let tracking = CallFacts { direction: Direction::Outbound, ..talk(60.0) };
    assert_eq!(close(&tracking, "tracking_closing", "非常感谢合作！"), SAID);
    assert_eq!(close(&tracking, "tracking_closing", "再见"), MISSING);
    // What the sentence says is no casual promise.
    assert_eq!(close(&complaint, "promise", words), []);
}

#[test]
fn eti_16_the_screen_shows_the_sentence_with_the_title_of_the_setting() {
    let mut card = card_of("billboard_maker");
    let shown = |card: &ringback::evidence::Scorecard| {
        let title = card.titles.of(|name| (name == "gender").then_some("F"));
        let facts = CallFacts { complaint: true, title: title.to_owned(), ..talk(60.0) };
        let all = ticks(card, &(&facts).into());
        all.into_iter().find(|tick| tick.id == "complaint_closing").unwrap().any[0].clone()
    };
    assert_eq!(shown(&card), "女士*感谢您的信任*一定会给您满意答复");
    card.titles.female = "小姐".into();
    assert_eq!(shown(&card), "小姐*感谢您的信任*一定会给您满意答复");
    assert_eq!(card.titles.of(|name| (name == "性别").then_some("男")), "先生");
    assert_eq!(card.titles.of(|_| None), "", "nobody is guessed");
}

#[test]
fn eti_23_whoever_is_praised_says_thanks() {
    let answer = |text: &str| {
        let lines = [(THEY, 10, 14, "师傅服务真好，要表扬他"), (US, 15, 18, text)];
        about(&of("home_decoration", &talk(60.0), &lines), "praise_thanks")
    };
    assert_eq!(answer("感谢您的认可"), SAID);
    assert_eq!(answer("好的"), [(Detector::PhraseMissing, Severity::Hint)]);
}

#[test]
fn eti_19_cold_words_are_candidates_that_a_person_confirms() {
    let evidence = of("hospital", &talk(60.0), &[(US, 20, 22, "那你自己看着办吧")]);
    assert_eq!(about(&evidence, "cold"), [(Detector::ForbiddenPhrase, Severity::Critical)]);
    assert_eq!(evidence.audit, [AuditReason::Critical]);
    assert_eq!(about(&of("hospital", &talk(60.0), &[(THEY, 20, 22, "那我自己看着办")]), "cold"), []);
}

#[test]
fn eti_20_a_promise_is_flagged_and_one_that_nobody_wrote_down_stays_open() {
    let promise = |kept: bool, text: &str| {
        let facts = CallFacts { promise_kept: kept, ..talk(60.0) };
        about(&of("hospital", &facts, &[(US, 20, 24, text)]), "promise")
    };
    assert_eq!(promise(false, "我保证明天送到"), [(Detector::PromiseWithoutTicket, Severity::Hint)]);
    assert_eq!(promise(true, "我保证明天送到"), [(Detector::PhraseSaid, Severity::Hint)]);
    assert_eq!(promise(false, "您一定要按时吃药"), [], "advice is no promise");
}

#[test]
fn eti_24_the_introduction_names_the_department_on_whose_behalf_the_call_is_made() {
    let first = CallFacts { direction: Direction::Outbound, department: "安装部".into(), ..talk(60.0) };
    let named = |text: &str| about(&of("furniture_mall", &first, &[(US, 0, 6, text)]), "introduction");
    assert_eq!(named("您好，我是欧派安装部的，给您做个回访"), SAID);
    assert_eq!(named("您好，我是欧派客服部的，给您做个回访"), MISSING, "another one");
    assert_eq!(named("您好，给您做个回访"), MISSING);
    let nobody = CallFacts { department: String::new(), ..first.clone() };
    assert_eq!(about(&of("furniture_mall", &nobody, &[(US, 0, 6, "您好")]), "introduction"), []);
}

#[test]
fn without_a_transcript_the_phrases_of_the_call_are_boxes_to_tick() {
    let inbound: Vec<String> =
        ticks(&card_of("furniture_mall"), &(&talk(60.0)).into()).into_iter().map(|t| t.id).collect();
    for id in ["hotline_greeting", "closing", "do_not_know", "will_reply"] {
        assert!(inbound.iter().any(|tick| tick == id), "{id} in {inbound:?}");
    }
    assert!(!inbound.iter().any(|tick| tick == "introduction" || tick == "apology"), "{inbound:?}");
    let outbound = CallFacts { direction: Direction::Outbound, department: "安装部".into(), ..talk(60.0) };
    let ticks = ticks(&card_of("furniture_mall"), &(&outbound).into());
    let introduction = ticks.iter().find(|tick| tick.id == "introduction").unwrap();
    assert_eq!(introduction.any, ["安装部"], "as it is to be said in this call");
    let evidence = judge(&card_of("furniture_mall"), &outbound, None, None);
    assert_eq!(
        evidence.findings.iter().filter(|f| f.rule == "introduction").count(),
        0,
        "nothing is made up"
    );
}
