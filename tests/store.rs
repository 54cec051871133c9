//! The store on SQLite and on PostgreSQL: the same suite on both.

mod accounts;
mod agents;
mod away;
mod calls;
mod canaries;
mod changes;
mod crash;
mod disk;
mod guard;
mod import;
mod legs;
mod lists;
pub mod million;
mod queues;
pub mod reach;
pub mod real;
mod restart;
mod schema;
mod series;
mod world;
