//! The session description of one call: what was offered, what was agreed (RFC 3264).
