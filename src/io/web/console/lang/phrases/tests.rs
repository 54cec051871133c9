use proptest::prelude::*;

use super::*;
use crate::io::web::console::lang::Lang;

const BOOK: &str = "\
# a comment
the file is empty
= 文件是空的
there is no {what} {id}
= 没有{what} {id}
customer
= 客户
`{text}` is not a date: write it as {}
= 「{text}」不是日期：请写成 {}
{made} of {} attempts made
= {0} 次里已打 {made} 次
the windows of its rule: {e}
= 规则的时段：{e}
{detail}; next at {}
= {detail}；下次 {}
not due yet
= 还没有到期
{} on {}
= {1} 的 {0}
{} is missing
= 缺少 {}
column `{}` is missing
= 缺少「{}」列
write `{{` for a brace, or {\"phone\"}
= 花括号写成 `{{`，或 {\"phone\"}
days
= 天
";

fn said(text: &str) -> String {
    Phrasebook::of(&[BOOK]).say(text).into_owned()
}

#[test]
fn sentences_are_found_whole_by_their_pattern_and_within_each_other() {
    assert_eq!(said("the file is empty"), "文件是空的");
    // A value that the book has is said too; a name is not.
    assert_eq!(said("there is no customer 7"), "没有客户 7");
    assert_eq!(said("there is no teapot 7"), "没有teapot 7");
    assert_eq!(
        said("the windows of its rule: `31.2.` is not a date: write it as 2026-02-28"),
        "规则的时段：「31.2.」不是日期：请写成 2026-02-28"
    );
    assert_eq!(said("the file is empty\nthere is no customer 7"), "文件是空的\n没有客户 7");
    // Places in another order, and nothing at the edges.
    assert_eq!(said("2 of 3 attempts made"), "3 次里已打 2 次");
    assert_eq!(said("; not due yet, "), "；还没有到期，");
}

#[test]
fn of_several_phrases_the_one_is_taken_that_says_the_most() {
    assert_eq!(said("column `phone` is missing"), "缺少「phone」列");
    assert_eq!(said("name is missing"), "缺少 name");
    // Two sentences beside each other also fit a phrase whose value is the first of them.
    assert_eq!(said("column `a` is missing; column `b` is missing"), "缺少「a」列；缺少「b」列");
    assert_eq!(said("not due yet; next at 2026-03-02 09:00"), "还没有到期；下次 2026-03-02 09:00");
}

#[test]
fn what_was_typed_stays_and_may_hold_anything() {
    assert_eq!(said("`customer` is not a date: write it as customer"), "「customer」不是日期：请写成 客户");
    assert_eq!(
        said("`a; b: not due yet` is not a date: write it as x"),
        "「a; b: not due yet」不是日期：请写成 x"
    );
    assert_eq!(said("day: the file is empty"), "day：文件是空的");
    assert_eq!(said("customer: the file is empty"), "customer：文件是空的", "a field keeps its name");
    assert_eq!(said("write `{` for a brace, or {\"phone\": \"1\"}"), "花括号写成 `{`，或 {\"phone\": \"1\"}");
}

#[test]
fn a_phrase_that_says_little_holds_names_alone() {
    assert_eq!(said("job.settled on 2026-09-01"), "2026-09-01 的 job.settled");
    assert_eq!(said("7 days"), "7 天");
    for english in ["the show must go on for ever and ever", "somebody waited on the other side", "a: b", ""]
    {
        let book = Phrasebook::of(&[BOOK]);
        assert!(matches!(book.say(english), Cow::Borrowed(text) if text == english), "{english}");
    }
}

#[test]
fn chinese_is_left_as_it_is() {
    let book = Phrasebook::of(&[BOOK]);
    for text in ["没有客户 7", "「31.2.」不是日期：请写成 2026-02-28", "规则的时段：x"] {
        assert_eq!(book.say(text), text);
    }
}

#[test]
fn the_book_of_the_console_says_what_pages_show() {
    for (english, chinese) in [
        ("there is no ticket 12", "没有工单 12"),
        ("write one of complaint, repair, ticket", "请写其中之一：complaint, repair, ticket"),
        ("write one of complaint", "请写其中之一：complaint"),
        (
            "`Mon 9`: `9` is not a time range: write it as 09:00-12:00",
            "`Mon 9`：「9」不是时间段：请写成 09:00-12:00",
        ),
        ("`2026-13-01` is not a day", "「2026-13-01」不是日期"),
        ("attempt 2 of 3; at the time promised to the customer", "第 2 次，共 3 次；在答应客户的时间"),
        ("line 12: rule.first: there is no script `generik`", "第 12 行：rule.first：没有脚本「generik」"),
        (
            "2026-09-24 + 7 days = 2026-10-01; 2026-10-01 is a holiday (国庆节), rolled forward to 2026-10-08",
            "2026-09-24 + 7 天 = 2026-10-01；2026-10-01 是节假日（国庆节），往后调整到 2026-10-08",
        ),
        (
            "`1380013800` begins like a mobile number but has 10 digits; 11 are expected",
            "「1380013800」开头像手机号，却有 10 位；应为 11 位",
        ),
    ] {
        assert_eq!(Lang::Chinese.said(english), chinese);
        assert_eq!(Lang::English.said(english), english);
    }
}

#[test]
fn long_and_nested_texts_take_no_time() {
    let book = Phrasebook::of(&crate::io::web::console::lang::SENTENCES);
    let began = std::time::Instant::now();
    for text in
        ["there is no ; : , ", "the windows of its rule: ", "a and b; c: d, (e) ", "`", "no (", "a = b + "]
    {
        for length in [LONGEST - text.len(), 1_000_000] {
            drop(book.say(&text.repeat(length / text.len())));
        }
    }
    // Without a bound on what is tried this takes hours; the time itself is no matter here.
    assert!(began.elapsed() < std::time::Duration::from_secs(120), "{:?}", began.elapsed());
}

proptest! {
    #[test]
    fn any_text_is_said_somehow(text in "\\PC{0,200}") {
        drop(Lang::Chinese.said(&text));
    }

    #[test]
    fn texts_of_what_sentences_are_made_of_are_said_somehow(
        parts in proptest::collection::vec("there is no |not due yet|; |: |, | and |`|\\(|\\)|\\{|\\}|customer| of |7 days|\n", 0..40)
    ) {
        drop(Lang::Chinese.said(&parts.concat()));
    }

    #[test]
    fn what_the_book_does_not_know_comes_back_unchanged(words in proptest::collection::vec("zq[a-z]{1,8}", 0..12)) {
        let text = words.join(" ");
        prop_assert_eq!(Lang::Chinese.said(&text), text.as_str());
    }
}
