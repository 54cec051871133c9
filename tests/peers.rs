//! The real program against real peers: SIPp scenarios, baresip and kamailio.

mod baresip;
mod calls;
mod daemon;
mod encrypted;
mod kamailio;
pub mod kill;
mod networks;
pub mod program;
mod registration;
mod reload;
mod sipp;
