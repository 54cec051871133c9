//! Files that people write: where a mistake stands in one, how it is shown, and what was meant.

mod mistake;
mod nearest;
mod overlay;
mod place;

pub use mistake::Mistake;
pub use nearest::nearest;
pub use overlay::{lay_over, version};
pub use place::Place;
