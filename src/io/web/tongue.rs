//! In which language a client is answered: that of `Accept-Language`, and a browser's that of its console.
//! What is said is English where it happens; here it is put into other words on its way out. Codes, names
//! of fields and figures are the same for everybody.

use std::borrow::Cow;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};

use super::console::{Lang, lang_of};
use super::problem::{FieldProblem, Problem};

/// The language of one answer. A client that does not say gets English, as pages do that ask in this
/// process: they know their visitor.
#[derive(Clone, Copy, Debug)]
pub struct Tongue(Lang);

impl Tongue {
    /// What the headers of a request ask for.
    pub fn of(headers: &HeaderMap) -> Tongue {
        // A program does not say; most requests end here.
        let says = headers.contains_key(header::ACCEPT_LANGUAGE);
        Tongue(if says { lang_of(headers) } else { Lang::English })
    }

    /// Puts a sentence of an answer into that language.
    pub fn put(self, sentence: &mut String) {
        if let Cow::Owned(said) = self.0.said(sentence) {
            *sentence = said;
        }
    }

    /// The same with what becomes of somebody in a plan: `not: daily_cap (...)`.
    pub fn put_outcome(self, outcome: &mut String) {
        *outcome = outcome_in(self.0, outcome);
    }

    /// A problem in that language.
    pub fn problem(self, problem: Problem) -> Problem {
        told_in(self.0, problem)
    }
}

impl<S: Sync> FromRequestParts<S> for Tongue {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Tongue::of(&parts.headers))
    }
}

/// A problem in that language: its kind by a word, what is said by the phrasebook.
pub(super) fn told_in(lang: Lang, problem: Problem) -> Problem {
    if lang == Lang::English {
        return problem;
    }
    let said = |text: &str| lang.said(text).into_owned();
    let one = |e: &FieldProblem| FieldProblem::new(e.field.clone(), said(&e.detail), said(&e.hint));
    let kind = problem.kind.rsplit('/').next().unwrap_or_default();
    Problem {
        title: lang.word("problem", kind).into(),
        detail: said(&problem.detail).into(),
        errors: problem.errors.iter().map(one).collect(),
        ..problem
    }
}

/// What becomes of somebody in a plan in that language: the verdict by a word, then what is said of it.
pub(super) fn outcome_in(lang: Lang, outcome: &str) -> String {
    match outcome.split_once(": ").filter(|_| lang != Lang::English) {
        Some((verdict, why)) => format!("{}：{}", lang.word("verdict", verdict), lang.said(why)),
        None => outcome.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(language: &str, cookie: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in [(header::ACCEPT_LANGUAGE, language), (header::COOKIE, cookie)] {
            if !value.is_empty() {
                headers.insert(name, value.parse().unwrap());
            }
        }
        headers
    }

    #[test]
    fn a_program_is_answered_in_english_and_a_browser_in_the_language_of_its_console() {
        let check = |language: &str, cookie: &str, expect: Lang| {
            assert_eq!(Tongue::of(&headers(language, cookie)).0, expect, "{language} {cookie}");
        };
        check("", "", Lang::English);
        check("", "rb_lang=zh-CN", Lang::English);
        check("en-GB,en", "", Lang::English);
        check("zh-CN,zh;q=0.9", "", Lang::Chinese);
        check("en", "rb_lang=zh-CN", Lang::Chinese);
        check("zh", "rb_lang=en", Lang::English);
    }

    #[test]
    fn what_becomes_of_somebody_is_said_with_its_verdict() {
        let outcome = "not: not_yet (until 2026-03-09 00:00)";
        assert_eq!(outcome_in(Lang::Chinese, outcome), "不打：时间没到（到 2026-03-09 00:00 为止）");
        assert_eq!(outcome_in(Lang::English, outcome), outcome);
        assert_eq!(outcome_in(Lang::Chinese, ""), "");
    }

    #[test]
    fn a_problem_keeps_its_kind_its_fields_and_what_was_typed() {
        let field = FieldProblem::new("day", "`2026-13-01` is not a day", "write it as 2026-03-03");
        let english = Problem::invalid(vec![field]);
        let chinese = told_in(Lang::Chinese, english.clone());
        assert_eq!((&chinese.kind, chinese.status), (&english.kind, 422));
        assert_eq!(&*chinese.title, "有些内容填得不对");
        assert_eq!(&*chinese.detail, "day：「2026-13-01」不是日期");
        assert_eq!(chinese.errors, [FieldProblem::new("day", "「2026-13-01」不是日期", "请写成 2026-03-03")]);
        assert_eq!(told_in(Lang::English, english.clone()), english);
        // What has been put into words once is left alone.
        assert_eq!(told_in(Lang::Chinese, chinese.clone()), chinese);
    }
}
