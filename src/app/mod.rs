//! Composition root: the only place that knows every part of the daemon.

mod api;
mod bookings;
mod canary;
mod catalogue;
mod client;
mod configured;
mod count;
mod custody;
mod daemon;
mod demo;
mod drain;
mod driver;
mod duty;
mod entrance;
mod audit;
mod evidence;
mod facts;
mod keeper;
mod library;
mod log;
mod lower;
mod notices;
mod orders;
mod outside;
mod planner;
mod policies;
mod program;
mod publish;
mod rehearsal;
mod reload;
mod roles;
mod signals;
mod tickets;
mod books;
mod turns;

pub use audit::{LoadedForms, load as load_forms};
pub use books::{LoadedBooks, load as load_books};
pub use daemon::{Daemon, Error, Settings};
pub use evidence::{LoadedScorecards, load as load_scorecards};
pub use keeper::Keeping;
pub use library::{Folders, Loaded, load as load_library};
pub use notices::settings as load_notices;
pub use policies::{Loaded as LoadedPolicies, calendar as load_calendar, load as load_policies};
pub use program::main;
pub use rehearsal::{
    Customers as SimulateCustomers, Options as SimulateOptions, Simulation, run as rehearse, simulate,
    text as simulation_text,
};
pub use tickets::{LoadedTickets, load as load_tickets};
