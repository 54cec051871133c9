//! Rosters: who is on call in which night, who goes out by day, when agents are to be there.
//!
//! A night belongs to the day on whose evening it begins: 02:00 is still the night before.

mod duty;
mod even;
mod month;
mod night;
mod post;
mod role;
mod rotation;
mod settings;
mod sheet;
mod shift;
mod swap;
mod watch;

pub use duty::{OnDuty, Post, on_duty};
pub use even::share_out;
pub use month::{Duty, Gap, Month, Person, gaps};
pub use night::{Nights, Season};
pub use post::{EmptyPost, Presence, empty_posts};
pub use role::Role;
pub use rotation::{Team, next_team};
pub use settings::Settings;
pub use sheet::{SheetError, read};
pub use shift::{Attendance, Shift, attendance};
pub use swap::{Swap, swap};
pub use watch::{Missing, missing};
