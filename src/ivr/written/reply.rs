//! What a customer sends back on a page, checked against what was asked.

use std::collections::BTreeMap;

use super::Asked;

/// Characters of a comment.
pub const COMMENT_LIMIT: usize = 1_000;

/// One answer of a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// Name of the question in the script.
    pub question: String,
    /// The key that stands for what was chosen; None: a comment.
    pub keys: Option<String>,
    /// Word of the answer.
    pub meaning: Option<String>,
    /// Score of the answer.
    pub score: Option<i32>,
    /// The customer is dissatisfied, whatever the score.
    pub dissatisfied: bool,
    /// Function of who is rated, and their name.
    pub rated: Option<(String, Option<String>)>,
    /// What the answer is about.
    pub dimension: Option<String>,
    /// In the customer's words.
    pub comment: Option<String>,
}

/// What cannot be used, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadReply {
    /// The question.
    pub question: String,
    /// What is wrong and how to mend it.
    pub problem: String,
}

/// The answers of a page in the order of its questions. What was left empty is left out.
///
/// # Errors
/// A question that was not asked, a choice that was not offered, a comment that is too long.
pub fn replies(asked: &[Asked], given: &BTreeMap<String, String>) -> Result<Vec<Reply>, BadReply> {
    let bad = |question: &str, problem: String| BadReply { question: question.to_owned(), problem };
    if let Some(name) = given.keys().find(|name| !asked.iter().any(|a| a.name == **name)) {
        let known: Vec<&str> = asked.iter().map(|a| a.name.as_str()).collect();
        return Err(bad(name, format!("it was not asked: answer {}", known.join(", "))));
    }
    let mut found = Vec::new();
    for one in asked {
        let Some(text) = given.get(&one.name).map(|text| text.trim()).filter(|text| !text.is_empty()) else {
            continue;
        };
        let mut reply = Reply {
            question: one.name.clone(),
            rated: one.rated.clone(),
            dimension: one.dimension.clone(),
            ..Reply::default()
        };
        if one.choices.is_empty() {
            if text.chars().count() > COMMENT_LIMIT {
                return Err(bad(&one.name, format!("write at most {COMMENT_LIMIT} characters")));
            }
            reply.comment = Some(text.to_owned());
        } else {
            let choice = one.choices.iter().find(|choice| text.chars().eq([choice.key]));
            let choice = choice.ok_or_else(|| {
                let keys: Vec<String> = one.choices.iter().map(|c| c.key.to_string()).collect();
                bad(&one.name, format!("`{text}` was not offered: send {}", keys.join(", ")))
            })?;
            reply.keys = Some(choice.key.to_string());
            (reply.meaning, reply.score) = (choice.means.clone(), choice.score);
            reply.dissatisfied = choice.dissatisfied;
        }
        found.push(reply);
    }
    Ok(found)
}
