//! What happens when the reader of our output goes away.

/// Ends the program quietly then, as `ringback calls | head` should: Rust ignores SIGPIPE and
/// would panic at the next line instead. Not for the daemon, whose log may lose its reader.
/// Sockets are not concerned, they are written with MSG_NOSIGNAL.
pub fn end_with_the_reader() {
    // SAFETY: sets a default action before any other thread is started.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
}
