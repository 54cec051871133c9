//! The customer archive and the facts that callbacks stand on: who the customers are, and
//! what happened to them (service events).

mod customer;
mod event;
mod segment;
mod warranty;

pub use customer::{Contact, Customer, Standing, is_vip};
pub use event::{Event, MAX_KIND_CHARS};
pub use segment::{Segment, SegmentTest};
pub use warranty::{Anniversary, WARRANTY_MONTHS, Warranty};
