//! Rosters: months with their nights, teams in turn, shifts, leave, and who is there.

mod month;
mod shift;
mod team;

pub use month::{RosterMonth, SwapRow};
pub use shift::{LeaveRow, NewShift, ShiftRow};
