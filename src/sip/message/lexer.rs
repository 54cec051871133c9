//! Lines of a message head: ends at CRLF or bare LF, folded lines joined
//! (RFC 3261 section 7.3.1), every other byte left alone.
