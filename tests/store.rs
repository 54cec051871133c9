//! The store on SQLite and on PostgreSQL: the same suite on both.

mod away;
mod calls;
mod crash;
mod lists;
mod schema;
mod world;
