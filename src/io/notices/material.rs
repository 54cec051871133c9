//! Who took something along on a visit and does not bring it back on its day hears of it (ARC-09).

use super::{Error, Notices};
use crate::base::Timestamp;
use crate::notice::NewNotice;

impl Notices {
    /// One notice a day and thing, until it is back or excused.
    pub(super) async fn remind_of_materials(&self, now: Timestamp) -> Result<(), Error> {
        let calendar = self.parts.planner.settings().calendar;
        let today = calendar.date(now);
        let owed = self.store().materials_owed(now).await?;
        let notices: Vec<NewNotice> = owed
            .into_iter()
            .map(|row| NewNotice {
                key: format!("material.owed:{}:{today}", row.id),
                topic: "material.owed".into(),
                to: row.holder.clone(),
                subject: format!("material:{}", row.id),
                pack: row.pack,
                facts: [
                    ("item", row.item),
                    ("holder", row.holder),
                    ("out", calendar.date(Timestamp(row.out_at)).to_string()),
                    ("due", calendar.date(Timestamp(row.due_back_at)).to_string()),
                ]
                .map(|(key, value)| (key.to_owned(), value))
                .into(),
                wants_ack: false,
            })
            .collect();
        if !notices.is_empty() {
            self.store().queue_notices(&notices, now).await?;
        }
        Ok(())
    }
}
