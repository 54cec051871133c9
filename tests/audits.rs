//! The audit of calls: forms, the draw of a month, sheets and what comes of them, over both databases and the HTTP
//! interface; and the draw done again by a program that shares nothing with ours.

mod draws;
mod forms;
mod made_up;
mod sheets;
pub mod world;
