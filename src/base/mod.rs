//! Words that every other module shares: ids, both clocks, numbers, how a call ended.

mod cause;
mod disposition;
mod hex;
mod id;
mod mask;
mod phone;
mod rng;
mod time;

pub use cause::{Blame, Cause};
pub use disposition::Disposition;
pub use hex::hex;
pub use id::{CallId, CallbackId, CampaignId, CustomerId, EntryId, EventId, ImportId, ListId, ParseIdError};
pub use mask::{mask, mask_name, mask_numbers};
pub use phone::{NumberFormat, NumberKind, NumberStyle, PhoneError, PhoneNumber};
pub use rng::Rng;
pub use time::{Mono, Now, Timestamp};
