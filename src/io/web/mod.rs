//! The HTTP API under `/api/v1`, its event stream, health and metrics.
//!
//! Reads go to the store; changes go to the engine as [`Control`] orders or to the store's
//! audited write functions, never anywhere else.

mod control;
mod events;
pub(crate) mod limit;
mod live;
mod patient;
mod problem;
mod server;
mod sheet;

pub use control::{
    ANSWER_TIME, Control, ControlHandle, Done, DrainMode, Order, QUEUE_LIMIT, Refused, ReloadedSection,
};
pub use events::{Batch, EventHub, EventReader, LiveEvent, RING_LIMIT};
pub use live::{
    Catalogue, CatalogueReader, LiveCall, LiveCampaign, LiveReader, LiveSnapshot, LiveTrunk, PUBLISH_EVERY,
    PromptFact, Readiness, ScriptFact,
};
pub use problem::{FieldProblem, Problem};
pub use server::{CONNECTION_LIMIT, CONNECTIONS_PER_ADDRESS, Patience, Server, Via};
pub use sheet::{Sheet, SheetRow, harmless};
