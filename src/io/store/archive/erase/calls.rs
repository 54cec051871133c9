//! Calls of a person who is forgotten: results and times stay, sound and words go.

use std::collections::BTreeMap;

use super::super::super::Error;
use super::super::super::custody::{Buried, bury, remove_later};
use super::super::super::db::{Tx, within};
use super::{ERASED, Erased, Order, run, sheets};
use crate::custody::Kind;

/// Erases the calls with a number that nobody else has.
pub(super) async fn calls(
    tx: &mut Tx,
    phone: &str,
    order: &Order<'_>,
    erased: &mut Erased,
) -> Result<(), Error> {
    let up: Vec<(String,)> = within!(&mut *tx, c => sqlx::query_as(
        "SELECT id FROM calls WHERE phone = $1 AND state = 'reserved'").bind(phone).fetch_all(c).await)?;
    if !up.is_empty() {
        return Err(Error::Refused(format!(
            "customer {} is being called at this moment: try again when the call has ended",
            order.customer
        )));
    }
    sound(tx, phone, order, erased).await?;
    erased.sheets += sheets::words(tx, phone, order).await?;
    run!(tx, "DELETE FROM traces WHERE call_id IN (SELECT id FROM calls WHERE phone = $1)", phone)?;
    run!(tx, "DELETE FROM leg_traces WHERE call_id IN (SELECT id FROM calls WHERE phone = $1)", phone)?;
    // What was found stays, without the words.
    run!(tx, "DELETE FROM transcripts WHERE call_id IN (SELECT id FROM calls WHERE phone = $1)", phone)?;
    run!(
        tx,
        "UPDATE findings SET detail = '' WHERE call_id IN (SELECT id FROM calls WHERE phone = $1)",
        phone
    )?;
    run!(
        tx,
        "UPDATE queue_callbacks SET phone = $2, caller = '{}' WHERE phone = $1 AND fate IS NOT NULL",
        phone,
        ERASED
    )?;
    run!(
        tx,
        "UPDATE import_rows SET text = '', reason = '' WHERE entry_id IN (SELECT id FROM entries WHERE phone = $1)",
        phone
    )?;
    run!(
        tx,
        "UPDATE register_notes SET text = '' WHERE record IN (SELECT 'call:' || id FROM calls WHERE phone = $1)",
        phone
    )?;
    erased.entries += run!(
        tx,
        "UPDATE entries SET phone = $2, row_key = $2 || ':' || CAST(id AS TEXT), external_id = '', extension = '',
                name = '', fields = '{}', detail = '', reason = CASE state WHEN 'pending' THEN $2 ELSE reason END,
                state = CASE state WHEN 'pending' THEN 'stopped' ELSE state END
         WHERE phone = $1 AND state <> 'dialling'",
        phone,
        ERASED
    )?;
    erased.calls += run!(
        tx,
        "UPDATE calls SET phone = $2, detail = '', recording = NULL, sha256 = NULL WHERE phone = $1",
        phone,
        ERASED
    )?;
    Ok(())
}

/// Recordings and comments, each with its tombstone and its file.
async fn sound(tx: &mut Tx, phone: &str, order: &Order<'_>, erased: &mut Erased) -> Result<(), Error> {
    let recordings: Vec<(String, String, Option<String>)> = within!(&mut *tx, c => sqlx::query_as(
        "SELECT id, recording, sha256 FROM calls WHERE phone = $1 AND recording IS NOT NULL ORDER BY id")
        .bind(phone)
        .fetch_all(c)
        .await)?;
    let comments: Vec<(String, i64, String)> = within!(&mut *tx, c => sqlx::query_as(
        "SELECT a.call_id, a.seq, a.comment FROM answers a JOIN calls k ON k.id = a.call_id
         WHERE k.phone = $1 AND a.comment IS NOT NULL ORDER BY a.call_id, a.seq")
        .bind(phone)
        .fetch_all(c)
        .await)?;
    let mut files: BTreeMap<String, Option<Buried>> = BTreeMap::new();
    for (call, path, sha256) in recordings {
        let stone = sha256.map(|_| Buried::whole(Kind::Recording, format!("call:{call}")));
        files.insert(path, stone);
    }
    for (call, seq, path) in comments {
        files.insert(path, Some(Buried::whole(Kind::Comment, format!("call:{call}/{seq}"))));
    }
    let stones: Vec<Buried> = files.values().flatten().cloned().collect();
    bury(tx, &stones, order.said(), order.now).await?;
    for path in files.into_keys() {
        remove_later(tx, &path, order.now).await?;
        erased.recordings.push(path);
    }
    run!(
        tx,
        "UPDATE answers SET comment = NULL WHERE call_id IN (SELECT id FROM calls WHERE phone = $1)",
        phone
    )?;
    Ok(())
}
