//! The real program against real peers: SIPp scenarios and baresip, both directions.

mod baresip;
mod calls;
mod daemon;
mod kill;
mod program;
mod reload;
mod sipp;
