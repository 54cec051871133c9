//! Numbers, dates and times as lists of prompt names.
