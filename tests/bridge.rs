//! Calls of several legs in simulated time: each voice is its own tone, so that it is proved
//! who hears whom; whatever happens, no leg stays up and the customer is never lost.

mod callbacks;
mod callers;
mod consultations;
mod errands;
mod dials;
mod faults;
mod holds;
mod hotline;
mod orders;
mod nights;
mod outbound;
mod progressive;
mod queues;
mod soak;
mod talks;
mod transfers;
