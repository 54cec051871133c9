//! Evidence on calls: synthetic speech at known places, so that every number is known before it is
//! measured; and the examiner over both databases.

mod labelled;
mod live;
mod sound;
mod system;
mod tape;
mod words;
