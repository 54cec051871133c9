//! Who is on duty, told to the engine: by roster, when it changes.

use std::collections::BTreeMap;

use crate::base::Timestamp;
use crate::engine::DutyChain;
use crate::io::rosters::Rosters;
use crate::io::web::{Control, ControlHandle};

/// What the engine was told.
#[derive(Default)]
pub(super) struct Told(BTreeMap<String, DutyChain>);

impl Told {
    /// Tells what has changed: a night that begins or ends, a month that is published, a swap.
    pub async fn tell(&mut self, rosters: &Rosters, control: &ControlHandle, now: Timestamp) {
        for settings in rosters.packs().iter() {
            let chain = match rosters.on_duty(&settings.pack, now).await {
                Ok(duty) => DutyChain {
                    targets: duty
                        .iter()
                        .flat_map(|d| &d.chain)
                        .map(|post| post.address().to_owned())
                        .collect(),
                    ring: settings.ring,
                },
                Err(error) => {
                    tracing::error!(%error, pack = settings.pack, "who is on duty cannot be read");
                    continue;
                }
            };
            if self.0.get(&settings.pack) == Some(&chain) {
                continue;
            }
            let order = Control::Duty { roster: settings.pack.clone(), chain: chain.clone() };
            if control.ask(order).await.is_ok() {
                self.0.insert(settings.pack.clone(), chain);
            }
        }
    }
}
