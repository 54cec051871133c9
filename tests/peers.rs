//! The real program against real peers: SIPp scenarios, baresip and kamailio.

pub mod baresip;
pub mod bridged;
mod canary;
pub mod looping;
mod calls;
mod control;
mod crash;
pub mod daemon;
mod dialling;
mod drain;
mod encrypted;
mod flood;
mod hostile;
mod kamailio;
pub mod kill;
mod networks;
mod phones;
pub mod program;
mod queue;
mod raw;
mod registration;
mod reload;
mod sipp;
pub mod softphone;
mod story;
mod transfer;
