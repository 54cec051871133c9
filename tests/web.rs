//! The HTTP interface: the real router on real sockets over a real store; only the engine
//! behind the queue of orders is a stand-in that answers as the engine would.

mod calls;
mod campaigns;
mod cli;
mod lists;
mod routes;
mod site;
mod sockets;
mod streams;
