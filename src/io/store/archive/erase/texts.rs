//! Texts that people wrote beside the records of a person who is forgotten: titles of audit sessions, what
//! went along on a visit and what it cost, warnings, reasons of holds. None of them is linked in the chain
//! of custody, so that no tombstone is owed for them; what stands in the audit log names rows, not texts.

use super::super::super::Error;
use super::super::super::db::{Tx, within};
use super::{ERASED, Order, run};

/// Characters of a name from which on it is looked for in texts: a single one stands in many words.
const NAME_AT_LEAST: usize = 2;

/// Of their own callbacks: whatever they say.
const OF_CALLBACKS: &[&str] = &[
    "UPDATE materials SET item = $2 WHERE callback_id IN (SELECT id FROM callbacks WHERE customer_id = $1)",
    "UPDATE materials SET excuse = '' WHERE excuse IS NOT NULL
        AND callback_id IN (SELECT id FROM callbacks WHERE customer_id = $1)",
    "UPDATE expenses SET purpose = $2, reason = '' WHERE callback_id IN (SELECT id FROM callbacks WHERE customer_id = $1)",
    "UPDATE notices SET facts = '{}', address = '' WHERE subject IN (
        SELECT 'material:' || m.id FROM materials m JOIN callbacks b ON b.id = m.callback_id WHERE b.customer_id = $1)",
];

/// Of anything: where the number or the whole name stands in it.
const THAT_NAME_THEM: &[&str] = &[
    "UPDATE audit_sessions SET title = REPLACE(title, $1, $2) WHERE title <> REPLACE(title, $1, $2)",
    "UPDATE materials SET item = REPLACE(item, $1, $2) WHERE item <> REPLACE(item, $1, $2)",
    "UPDATE materials SET excuse = REPLACE(excuse, $1, $2) WHERE excuse <> REPLACE(excuse, $1, $2)",
    "UPDATE expenses SET purpose = REPLACE(purpose, $1, $2) WHERE purpose <> REPLACE(purpose, $1, $2)",
    "UPDATE expenses SET reason = REPLACE(reason, $1, $2) WHERE reason <> REPLACE(reason, $1, $2)",
    "UPDATE warnings SET detail = REPLACE(detail, $1, $2) WHERE detail <> REPLACE(detail, $1, $2)",
    "UPDATE recording_holds SET reason = REPLACE(reason, $1, $2) WHERE reason <> REPLACE(reason, $1, $2)",
    "UPDATE recording_holds SET lifted_why = REPLACE(lifted_why, $1, $2)
        WHERE lifted_why <> REPLACE(lifted_why, $1, $2)",
];

/// Takes a customer out of such texts. Their record must still be there, and their numbers in the calls.
pub(super) async fn texts(tx: &mut Tx, phones: &[(String,)], order: &Order<'_>) -> Result<(), Error> {
    let id = order.customer.0;
    for statement in OF_CALLBACKS {
        match statement.contains("$2") {
            true => run!(tx, *statement, id, ERASED)?,
            false => run!(tx, *statement, id)?,
        };
    }
    let names: Vec<(String,)> = within!(&mut *tx, c => sqlx::query_as(
        "SELECT DISTINCT name FROM customers WHERE id = $1 OR merged_into = $1")
        .bind(id)
        .fetch_all(c)
        .await)?;
    let names = names.iter().filter(|(name,)| name.chars().count() >= NAME_AT_LEAST);
    for (phone,) in phones {
        run!(
            tx,
            "UPDATE audit_sessions SET title = $2 WHERE call_id IN (SELECT id FROM calls WHERE phone = $1)",
            phone,
            ERASED
        )?;
    }
    for (word,) in names.chain(phones) {
        for statement in THAT_NAME_THEM {
            run!(tx, *statement, word.as_str(), ERASED)?;
        }
    }
    Ok(())
}
