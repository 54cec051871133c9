#![allow(clippy::unwrap_used, reason = "a test fails where its world is not as it says")]
