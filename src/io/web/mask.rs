//! Numbers as those may see them who need not know them.

pub use crate::base::{mask, mask_name, mask_numbers};
