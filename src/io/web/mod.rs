//! The HTTP API under `/api/v1`, its event stream, health and metrics.
//!
//! Reads go to the store; changes go to the engine as [`Control`] orders or to the store's
//! audited write functions, never anywhere else.

mod access;
pub mod api;
mod auth;
mod complete;
mod console;
mod control;
mod edits;
mod events;
pub(crate) mod limit;
mod listing;
mod live;
mod mask;
mod once;
mod page;
mod patient;
mod permit;
mod problem;
mod request;
mod router;
mod server;
mod session;
mod sheet;
mod spool;
mod state;
mod tongue;
mod workbook;

pub use crate::base::hex;
pub use api::{CardOf, RoleView, TokenView, agent_card};
pub use auth::{Caller, TOKEN_PREFIX, hash_secret, new_secret};
pub use control::{
    ANSWER_TIME, Control, ControlHandle, Done, DrainMode, Order, QUEUE_LIMIT, Refused, ReloadedSection,
};
pub use events::{Batch, EventHub, EventReader, LiveEvent, RING_LIMIT};
pub use limit::Rate;
pub use listing::Items;
pub use live::{
    AgentRules, AwayReason, Catalogue, CatalogueReader, LiveAgent, LiveCall, LiveCampaign, LiveCertificate,
    LiveLeg, LivePhone, LiveQueue, LiveReader, LiveSnapshot, LiveTrunk, LiveWaiting, PUBLISH_EVERY,
    PromptFact, Readiness, ScriptFact, Sounds,
};
pub use mask::mask;
pub use permit::AccessSettings;
pub use problem::{FieldProblem, Problem};
pub use router::{openapi_json, prepare, router};
pub use server::{CONNECTION_LIMIT, CONNECTIONS_PER_ADDRESS, Patience, Server, Via};
pub use sheet::{Sheet, SheetRow, harmless};
pub use spool::{UPLOAD_LIMIT, UPLOAD_PAUSE, UPLOAD_TIME};
pub use state::{ApiParts, ApiState, Shared};
