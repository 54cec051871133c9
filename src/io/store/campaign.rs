//! Campaigns as stored. Their state is changed by the engine, through the [`super::Writer`].

use super::audit::{self, AuditLine};
use super::db::{on, within};
use super::{Error, Store};
use crate::base::{CampaignId, ListId, Timestamp};
use crate::dialer::{Campaign, CampaignSettings, CampaignState};

/// A campaign to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct NewCampaign {
    /// Unique name.
    pub name: String,
    /// The list it dials; no other campaign may have it.
    pub list: ListId,
    /// How it is dialled.
    pub settings: CampaignSettings,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    name: String,
    list_id: i64,
    state: String,
    settings: String,
    created_at: i64,
}

impl TryFrom<Row> for Campaign {
    type Error = Error;

    fn try_from(row: Row) -> Result<Campaign, Error> {
        let corrupt = |detail: String| Error::Corrupt { what: "campaign", detail };
        Ok(Campaign {
            id: CampaignId(row.id),
            name: row.name,
            list: ListId(row.list_id),
            state: CampaignState::parse(&row.state)
                .ok_or_else(|| corrupt(format!("campaign {}: unknown state `{}`", row.id, row.state)))?,
            created_at: Timestamp(row.created_at),
            settings: serde_json::from_str(&row.settings)
                .map_err(|e| corrupt(format!("settings of campaign {}: {e}", row.id)))?,
        })
    }
}

impl Store {
    /// Makes a campaign in state `draft`. [`Error::Exists`] if its name or its list is taken,
    /// [`Error::NotFound`] if there is no such list.
    pub async fn create_campaign(
        &self,
        new: &NewCampaign,
        by: &str,
        now: Timestamp,
    ) -> Result<Campaign, Error> {
        if new.name.trim().is_empty() {
            return Err(Error::Refused("a campaign needs a name".into()));
        }
        let settings = settings_json(&new.settings)?;
        let mut tx = self.db.begin().await?;
        let taken: Option<(String,)> = within!(&mut tx, c =>
            sqlx::query_as("SELECT name FROM campaigns WHERE list_id = $1").bind(new.list.0).fetch_optional(c).await)?;
        if let Some((name,)) = taken {
            return Err(Error::Refused(format!(
                "list {} is dialled by campaign `{name}` already: import into a list of its own",
                new.list
            )));
        }
        let made: Result<(i64,), _> = within!(&mut tx, c => sqlx::query_as(
            "INSERT INTO campaigns (name, list_id, state, priority, settings, created_at, changed_at)
             VALUES ($1, $2, 'draft', $3, $4, $5, $5) RETURNING id")
            .bind(&new.name)
            .bind(new.list.0)
            .bind(i64::from(new.settings.priority))
            .bind(&settings)
            .bind(now.0)
            .fetch_one(c)
            .await);
        let (id,) =
            made.map_err(|e| Error::from(e).or_exists("campaign", &new.name).or_not_found("list", new.list))?;
        let subject = format!("campaign:{id}");
        let line =
            AuditLine { at: now, actor: by, action: "campaign.create", subject: &subject, detail: &settings };
        audit::append(&mut tx, &line).await?;
        tx.commit().await?;
        Ok(Campaign {
            id: CampaignId(id),
            name: new.name.clone(),
            list: new.list,
            state: CampaignState::Draft,
            created_at: now,
            settings: new.settings.clone(),
        })
    }

    /// Replaces a campaign's settings; gives the campaign as it is then.
    pub async fn change_campaign(
        &self,
        id: CampaignId,
        settings: &CampaignSettings,
        by: &str,
        now: Timestamp,
    ) -> Result<Campaign, Error> {
        let json = settings_json(settings)?;
        let mut tx = self.db.begin().await?;
        let row: Option<Row> = within!(&mut tx, c => sqlx::query_as(
            "UPDATE campaigns SET settings = $2, priority = $3, changed_at = $4 WHERE id = $1
             RETURNING id, name, list_id, state, settings, created_at")
            .bind(id.0)
            .bind(&json)
            .bind(i64::from(settings.priority))
            .bind(now.0)
            .fetch_optional(c)
            .await)?;
        let row = row.ok_or_else(|| Error::NotFound { what: "campaign", name: id.to_string() })?;
        let subject = format!("campaign:{id}");
        let line =
            AuditLine { at: now, actor: by, action: "campaign.change", subject: &subject, detail: &json };
        audit::append(&mut tx, &line).await?;
        tx.commit().await?;
        row.try_into()
    }

    /// Deletes a campaign that has placed no call; its list stays. One with calls is kept
    /// for its records.
    pub async fn delete_campaign(&self, id: CampaignId, by: &str, now: Timestamp) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        let deleted: Result<Option<(String,)>, _> = within!(&mut tx, c => sqlx::query_as(
            "DELETE FROM campaigns WHERE id = $1 AND state IN ('draft', 'done', 'stopped') RETURNING name")
            .bind(id.0)
            .fetch_optional(c)
            .await);
        let (name,) = match deleted.map_err(Error::from) {
            Ok(Some(row)) => row,
            Ok(None) => {
                self.campaign(id)
                    .await?
                    .ok_or_else(|| Error::NotFound { what: "campaign", name: id.to_string() })?;
                return Err(Error::Refused("a campaign is stopped before it is deleted".into()));
            }
            Err(e) if e.is_foreign_key() => {
                return Err(Error::Refused(
                    "the campaign has placed calls: it is kept for their records".into(),
                ));
            }
            Err(e) => return Err(e),
        };
        let subject = format!("campaign:{id}");
        let line =
            AuditLine { at: now, actor: by, action: "campaign.delete", subject: &subject, detail: &name };
        audit::append(&mut tx, &line).await?;
        tx.commit().await
    }

    /// Every campaign, in the order in which they were made: what the dialler starts with.
    pub async fn campaigns(&self) -> Result<Vec<Campaign>, Error> {
        let rows: Vec<Row> = on!(&self.db, p => sqlx::query_as(
            "SELECT id, name, list_id, state, settings, created_at FROM campaigns ORDER BY id")
            .fetch_all(p)
            .await)?;
        rows.into_iter().map(Campaign::try_from).collect()
    }

    /// One campaign.
    pub async fn campaign(&self, id: CampaignId) -> Result<Option<Campaign>, Error> {
        let row: Option<Row> = on!(&self.db, p => sqlx::query_as(
            "SELECT id, name, list_id, state, settings, created_at FROM campaigns WHERE id = $1")
            .bind(id.0)
            .fetch_optional(p)
            .await)?;
        row.map(Campaign::try_from).transpose()
    }
}

fn settings_json(settings: &CampaignSettings) -> Result<String, Error> {
    serde_json::to_string(settings).map_err(|e| Error::Refused(format!("the settings cannot be stored: {e}")))
}
