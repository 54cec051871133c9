//! Reason phrases for the status codes we send.

use std::borrow::Cow;

/// The usual phrase of a status code: the words of rsip's name for it, `Busy Here` for 486;
/// the name of its class for a code nobody registered.
pub fn reason_phrase(status: u16) -> Cow<'static, str> {
    match status {
        // The codes of every call, without the detour.
        100 => "Trying".into(),
        180 => "Ringing".into(),
        183 => "Session Progress".into(),
        200 => "OK".into(),
        // RFC 3262 to RFC 6809 spell these in ways a split at capitals does not give.
        408 => "Request Timeout".into(),
        414 => "Request-URI Too Long".into(),
        416 => "Unsupported URI Scheme".into(),
        481 => "Call/Transaction Does Not Exist".into(),
        500 => "Server Internal Error".into(),
        504 => "Server Time-out".into(),
        other => from_rsip(other),
    }
}

fn from_rsip(status: u16) -> Cow<'static, str> {
    match rsip::StatusCode::from(status) {
        rsip::StatusCode::Other(..) => match status / 100 {
            1 => "Progress".into(),
            2 => "OK".into(),
            3 => "Redirection".into(),
            4 => "Request Failure".into(),
            5 => "Server Failure".into(),
            _ => "Global Failure".into(),
        },
        known => {
            let text = known.to_string();
            let name = text.split_once(' ').map_or("", |(_, name)| name);
            let mut phrase = String::with_capacity(name.len() + 8);
            for c in name.chars() {
                if c.is_ascii_uppercase() && !phrase.is_empty() {
                    phrase.push(' ');
                }
                phrase.push(c);
            }
            phrase.into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_codes_have_their_usual_phrases() {
        for (status, expect) in [
            (200, "OK"),
            (401, "Unauthorized"),
            (407, "Proxy Authentication Required"),
            (481, "Call/Transaction Does Not Exist"),
            (486, "Busy Here"),
            (487, "Request Terminated"),
            (488, "Not Acceptable Here"),
            (699, "Global Failure"),
        ] {
            assert_eq!(reason_phrase(status), expect);
        }
    }
}
