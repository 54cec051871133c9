//! What auditors wrote about the calls of a person who is forgotten: marks and scores stay, words go.

use super::super::super::Error;
use super::super::super::custody::{Buried, SheetFact, bury, content_of};
use super::super::super::db::{Tx, within};
use super::super::super::write::json;
use super::{Order, run};
use crate::audit::{SheetBody, sha256};
use crate::custody::Kind;

/// Takes the words out of sheets, appeals and examples of the calls with a number; gives how many
/// sheets had some.
pub(super) async fn words(tx: &mut Tx, phone: &str, order: &Order<'_>) -> Result<u64, Error> {
    run!(
        tx,
        "DELETE FROM audit_sheets WHERE state = 'draft' AND case_id IN
             (SELECT k.id FROM audit_cases k JOIN calls c ON c.id = k.call_id WHERE c.phone = $1)",
        phone
    )?;
    run!(
        tx,
        "UPDATE audit_appeals SET text = '', answer = '' WHERE sheet_id IN
             (SELECT s.id FROM audit_sheets s JOIN audit_cases k ON k.id = s.case_id JOIN calls c ON c.id = k.call_id
              WHERE c.phone = $1)",
        phone
    )?;
    run!(
        tx,
        "UPDATE audit_examples SET title = '', note = '' WHERE call_id IN (SELECT id FROM calls WHERE phone = $1)",
        phone
    )?;
    let sheets: Vec<SheetFact> = within!(&mut *tx, c => sqlx::query_as(
        "SELECT s.id, s.case_id, s.version, s.auditor, s.pack, s.form_version, s.scorecard_version, s.body, s.result,
                s.score, s.grade, s.critical, s.reason, s.submitted_at
         FROM audit_sheets s JOIN audit_cases k ON k.id = s.case_id JOIN calls c ON c.id = k.call_id
         WHERE c.phone = $1 AND s.state = 'submitted' ORDER BY s.id")
        .bind(phone)
        .fetch_all(c)
        .await)?;
    let mut changed = 0;
    for mut sheet in sheets {
        // What cannot be read is taken out whole.
        let body: SheetBody = serde_json::from_str(&sheet.body).unwrap_or_default();
        let left = json(&body.without_words())?;
        if left == sheet.body && sheet.reason.is_empty() {
            continue;
        }
        (sheet.body, sheet.reason) = (left, String::new());
        let remains = Some(content_of(&sheet)?);
        let stone = Buried { kind: Kind::Sheet, subject: format!("sheet:{}", sheet.id), remains };
        bury(tx, &[stone], order.said(), order.now).await?;
        let digest = sha256(&format!("{}\n{}", sheet.body, sheet.result));
        within!(&mut *tx, c => sqlx::query(
            "UPDATE audit_sheets SET body = $2, reason = '', sha256 = $3 WHERE id = $1")
            .bind(sheet.id)
            .bind(&sheet.body)
            .bind(&digest)
            .execute(c)
            .await
            .map(drop))?;
        changed += 1;
    }
    Ok(changed)
}
