//! The switchboard: owns every machine, does no IO.

mod acd;
mod bridge;
mod bridge_order;
mod agents;
mod campaigns;
mod contact;
mod duty;
mod inbound;
mod interface;
mod legs;
mod library;
mod local;
mod outbound;
mod phone_calls;
mod reload;
mod settings;
mod signalling;
mod switchboard;
mod transfer;
mod trunk;
mod trunks;
mod view;
mod write;

pub use agents::AgentsSetup;
pub use bridge_order::{BridgeOrder, BridgeRefusal, LegView};
pub use campaigns::CampaignView;
pub use contact::{Contact, PhoneSettings, StaticContact};
pub use duty::DutyChain;
pub use interface::{Hold, Input, Notice, Output};
pub use library::Library;
pub use phone_calls::{AgentCall, Callee};
pub use settings::{InboundRule, Listeners, Server, Settings, TrunkSettings};
pub use switchboard::Engine;
pub use trunk::{Trunk, TrunkCounts};
pub use view::CallView;
pub use write::{Report, Reserved, Write};
