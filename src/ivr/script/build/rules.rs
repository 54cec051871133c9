//! Branches.

use toml::Spanned;

use super::super::raw::{OneOrMany, RawRule};
use super::super::{Rule, Subject, Test};
use super::{Builder, Checked, nearest};

impl Builder<'_> {
    pub(super) fn rule(&self, rule: &Spanned<RawRule>) -> Checked<Rule> {
        let raw = rule.get_ref();
        let subject = match (&raw.field, &raw.answer, raw.any_score) {
            (Some(field), None, false) => Subject::Field(self.field(field)?),
            (None, Some(answer), false) => {
                if !self.questions.contains(answer.get_ref()) {
                    let hint = nearest(answer.get_ref(), self.questions.iter().map(String::as_str))
                        .map_or_else(
                            || "name a [question], [input], [identity] or [comment]".into(),
                            |near| format!("did you mean `{near}`?"),
                        );
                    let message = format!("there is no question `{}`", answer.get_ref());
                    return self.fail(answer.span(), message, hint);
                }
                Subject::Answer(answer.get_ref().clone())
            }
            (None, None, true) => Subject::AnyScore,
            _ => {
                return self.fail(
                    rule.span(),
                    "a rule looks at exactly one thing",
                    "give one of: field = \"column\", answer = \"question\", any_score = true",
                );
            }
        };
        Ok(Rule { test: self.test(rule, &subject)?, subject, next: self.id(&raw.next)? })
    }

    fn test(&self, rule: &Spanned<RawRule>, subject: &Subject) -> Checked<Test> {
        let raw = rule.get_ref();
        let is = raw.is.as_ref().map(|is| {
            Test::Is(match is {
                OneOrMany::One(word) => vec![word.clone()],
                OneOrMany::Many(words) => words.clone(),
            })
        });
        let after = raw.after_field.as_ref().map(|f| self.field(f)).transpose()?.map(Test::AfterField);
        let tests = [
            is,
            after,
            raw.present.map(Test::Present),
            raw.spoken.map(Test::Spoken),
            raw.at_most.map(Test::AtMost),
            raw.at_least.map(Test::AtLeast),
        ];
        let mut tests = tests.into_iter().flatten();
        let (Some(test), None) = (tests.next(), tests.next()) else {
            return self.fail(
                rule.span(),
                "a rule has exactly one test",
                "give one of: is, present, spoken, at_most, at_least, after_field",
            );
        };
        let fits = match (subject, &test) {
            (Subject::AnyScore, test) => matches!(test, Test::AtMost(_) | Test::AtLeast(_)),
            (Subject::Answer(_), test) => !matches!(test, Test::AfterField(_) | Test::Spoken(_)),
            (Subject::Field(_), _) => true,
        };
        if !fits {
            return self.fail(
                rule.span(),
                "this test does not fit what the rule looks at",
                "any_score takes at_most or at_least; after_field and spoken look at columns",
            );
        }
        Ok(test)
    }
}
