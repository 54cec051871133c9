//! Recordings as they are kept: archived, sealed, moved, held, deleted; and heard all the same.

mod archive;
mod faults;
mod holds;
mod keys;
mod live;
mod search;
mod store;
mod world;
