//! One standing list and campaign for each rule, named `<pack>/<rule>`: what the policy says of
//! windows, attempts and caps is what the dialler goes by.

use super::{ACTOR, Error, Planner, Settings};
use crate::base::{CampaignId, ListId, Timestamp};
use crate::dialer::{Campaign, CampaignSettings, CampaignState};
use crate::io::store::NewCampaign;
use crate::io::web::Control;
use crate::policy::pack::{Pack, Rule};

/// The list and campaign of a rule.
#[derive(Clone, Debug)]
pub(super) struct RuleCampaign {
    pub list: ListId,
    pub campaign: CampaignId,
    pub state: CampaignState,
}

/// Name of the list and of the campaign of a rule.
pub(super) fn name(pack: &str, rule: &str) -> String {
    format!("{pack}/{rule}")
}

/// What the pack and the rule say, in the dialler's words.
pub(super) fn settings(pack: &Pack, rule: &Rule, timezone: &str) -> CampaignSettings {
    let caps = &pack.attempts.caps;
    let first = |a: &str, b: &str| if a.is_empty() { b.to_owned() } else { a.to_owned() };
    CampaignSettings {
        script: rule.script.clone(),
        language: pack.language.clone(),
        windows: if rule.windows.is_empty() { pack.windows.call.clone() } else { rule.windows.clone() },
        timezone: timezone.to_owned(),
        concurrency: 0,
        calls_per_second: 0.0,
        ring_seconds: pack.attempts.ring_seconds,
        caller_id: pack.caller_id.clone(),
        caller_name: first(&rule.caller.on_behalf_of, &pack.brand),
        priority: rule.priority,
        max_attempts: pack.attempts.max.max(1),
        after_deadline: pack.attempts.after_deadline,
        daily_cap_per_number: caps.day,
        weekly_cap_per_number: caps.week,
        cap_per_number_in_24_hours: caps.hours_24,
        cap_per_number_in_5_minutes: caps.minutes_5,
        spacing: pack.attempts.spacing.clone(),
        holidays: pack.calendar.holidays,
        weekends: pack.calendar.weekends,
        standing: true,
        ..CampaignSettings::default()
    }
}

impl Planner {
    /// The list and campaign of a rule: made where there are none, changed where the policy
    /// says something else than it did.
    pub(super) async fn rule_campaign(
        &self,
        all: &Settings,
        pack: &Pack,
        rule_id: &str,
        rule: &Rule,
        now: Timestamp,
    ) -> Result<RuleCampaign, Error> {
        let name = name(&pack.pack, rule_id);
        let store = self.store();
        let list = match store.list_by_name(&name).await? {
            Some(list) => list.id,
            None => match store.create_list(&name, ACTOR, now).await {
                Ok(list) => list.id,
                Err(crate::io::store::Error::Exists { .. }) => {
                    store.list_by_name(&name).await?.map(|l| l.id).ok_or_else(|| lost(&name))?
                }
                Err(error) => return Err(error.into()),
            },
        };
        let zone = all.calendar.zone().iana_name().unwrap_or("UTC");
        let wanted = settings(pack, rule, zone);
        let campaign = match store.campaign_of_list(list).await? {
            Some(campaign) if campaign.settings == wanted => campaign,
            Some(campaign) => {
                let campaign = store.change_campaign(campaign.id, &wanted, ACTOR, now).await?;
                self.tell(Control::CampaignChanged(Box::new(campaign.clone()))).await;
                campaign
            }
            None => {
                let new = NewCampaign { name, list, settings: wanted };
                let campaign = store.create_campaign(&new, ACTOR, now).await?;
                self.tell(Control::CampaignCreated(Box::new(campaign.clone()))).await;
                campaign
            }
        };
        Ok(RuleCampaign { list, campaign: campaign.id, state: campaign.state })
    }

    /// Starts the campaign of a rule, unless a person paused or stopped it. Gives a warning
    /// where it does not run.
    pub(super) async fn start(&self, name: &str, campaign: &RuleCampaign) -> Option<String> {
        match campaign.state {
            CampaignState::Running => None,
            CampaignState::Paused | CampaignState::Stopped | CampaignState::Ending => Some(format!(
                "campaign `{name}` is {}: nobody of its list is called until a person starts it",
                campaign.state
            )),
            CampaignState::Draft | CampaignState::Done => {
                let order = Control::StartCampaign { id: campaign.campaign, by: ACTOR.into() };
                let refused = self.parts.control.ask(order).await.err()?;
                Some(format!("campaign `{name}` could not be started: {refused}"))
            }
        }
    }

    /// Tells the engine of something that is committed already. If it cannot listen now it
    /// reads the same from the store later.
    pub(super) async fn tell(&self, control: Control) {
        if let Err(error) = self.parts.control.ask(control).await {
            tracing::warn!(%error, "the engine was not told of a stored change");
        }
    }
}

fn lost(name: &str) -> Error {
    Error::Refused(format!("the list `{name}` was there and is gone; try again"))
}

/// A stored campaign by its list, for [`Planner::rule_campaign`].
impl crate::io::store::Store {
    /// The campaign that dials a list.
    pub async fn campaign_of_list(&self, list: ListId) -> Result<Option<Campaign>, crate::io::store::Error> {
        Ok(self.campaigns().await?.into_iter().find(|campaign| campaign.list == list))
    }
}
