//! Where a URI leads (RFC 3263), without the DNS itself: questions come out, answers go in.
