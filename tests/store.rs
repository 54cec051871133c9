//! The store on SQLite and on PostgreSQL: the same suite on both.

mod away;
mod calls;
mod crash;
mod import;
mod lists;
mod million;
mod real;
mod schema;
mod world;
