//! One calendar for dialler, deadlines and rosters: holidays, working days, offsets with
//! their sums, calling windows.

mod count;
mod day;
mod file;
mod offset;
mod sum;
mod text;
mod window;

pub use day::{Calendar, DayKind, MissingYear};
pub use file::CalendarError;
pub use offset::{Offset, Unit};
pub use sum::{Edge, Moment, Roll, Sum};
pub use window::{ClosedOn, MAX_RANGES, WindowError, Windows};
