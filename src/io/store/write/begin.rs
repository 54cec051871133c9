//! Calls that begin, and answers as they come.

use std::collections::BTreeMap;

use sqlx::QueryBuilder;

use super::super::Error;
use super::super::db::{Tx, within};
use super::apply::{clean, direction_word};
use super::together::{Beginning, shares};
use crate::call::StoredAnswer;

/// Stores calls that belong to no list.
pub(super) async fn calls(tx: &mut Tx, begins: &[Beginning<'_>]) -> Result<(), Error> {
    for share in shares(begins) {
        within!(tx, c => {
            let mut query = QueryBuilder::new(
                "INSERT INTO calls (id, direction, state, phone, dialled, reserved_at, started_at, purpose, ticketed) ");
            query.push_values(share, |mut values, begin| {
                values
                    .push_bind(begin.call.to_string())
                    .push_bind(direction_word(begin.direction))
                    .push("'reserved'")
                    .push_bind(clean(begin.phone))
                    .push_bind(clean(begin.dialled))
                    .push_bind(begin.at.0)
                    .push_bind(begin.at.0)
                    .push_bind(begin.purpose.as_str())
                    // Nobody has to see to a call that no customer made.
                    .push_bind(i64::from(begin.purpose.as_str().is_some()));
            });
            query.push(" ON CONFLICT (id) DO NOTHING");
            query.build().execute(c).await.map(drop)
        })?;
    }
    Ok(())
}

/// Stores answers; of one that was given twice the later.
pub(super) async fn answers(tx: &mut Tx, answers: &[&StoredAnswer]) -> Result<(), Error> {
    // A statement may not change a row twice.
    let last: BTreeMap<_, &StoredAnswer> = answers.iter().map(|a| ((a.call, a.seq), *a)).collect();
    let answers: Vec<&StoredAnswer> = last.into_values().collect();
    for share in shares(&answers) {
        within!(tx, c => {
            let mut query = QueryBuilder::new(
                "INSERT INTO answers (call_id, seq, question, keys, meaning, score, comment, at, rated_function,
                     rated_person, dimension, dissatisfied) ");
            query.push_values(share, |mut values, answer| {
                values
                    .push_bind(answer.call.to_string())
                    .push_bind(i64::from(answer.seq))
                    .push_bind(clean(&answer.question))
                    .push_bind(answer.keys.as_deref().map(clean))
                    .push_bind(answer.meaning.as_deref().map(clean))
                    .push_bind(answer.score.map(i64::from))
                    .push_bind(answer.comment.as_deref().map(clean))
                    .push_bind(answer.at.0)
                    .push_bind(answer.rated_function.as_deref().map(clean))
                    .push_bind(answer.rated_person.as_deref().map(clean))
                    .push_bind(answer.dimension.as_deref().map(clean))
                    .push_bind(i64::from(answer.dissatisfied));
            });
            query.push(
                " ON CONFLICT (call_id, seq) DO UPDATE SET question = excluded.question, keys = excluded.keys,
                     meaning = excluded.meaning, score = excluded.score, comment = excluded.comment,
                     at = excluded.at, rated_function = excluded.rated_function,
                     rated_person = excluded.rated_person, dimension = excluded.dimension,
                     dissatisfied = excluded.dissatisfied");
            query.build().execute(c).await.map(drop)
        })?;
    }
    Ok(())
}
