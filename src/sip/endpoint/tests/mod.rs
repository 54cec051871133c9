//! Call flows on simulated time: the tests write the other side's messages by hand.

mod calling;
mod desk;
mod forking;
mod in_call;
mod limits;
mod registering;
mod reliable;
mod referring;
mod ringing;
mod session_timer;
mod soak;
