//! Header names and their compact forms.

use std::borrow::Cow;

use super::list::{is_token, is_token_byte};

macro_rules! names {
    ($($konst:ident $text:literal $($compact:literal)?;)*) => {
        $(
            #[doc = concat!("`", $text, "`")]
            pub const $konst: &str = $text;
        )*

        const KNOWN: &[(&str, &str)] = &[$(($konst, concat!($($compact)?)),)*];
    };
}

// The common ones stand first: the search is linear.
names! {
    VIA "Via" "v";
    FROM "From" "f";
    TO "To" "t";
    CALL_ID "Call-ID" "i";
    CSEQ "CSeq";
    CONTACT "Contact" "m";
    MAX_FORWARDS "Max-Forwards";
    CONTENT_LENGTH "Content-Length" "l";
    CONTENT_TYPE "Content-Type" "c";
    ALLOW "Allow";
    SUPPORTED "Supported" "k";
    REQUIRE "Require";
    USER_AGENT "User-Agent";
    SERVER "Server";
    ROUTE "Route";
    RECORD_ROUTE "Record-Route";
    SESSION_EXPIRES "Session-Expires" "x";
    MIN_SE "Min-SE";
    RSEQ "RSeq";
    RACK "RAck";
    REASON "Reason";
    RETRY_AFTER "Retry-After";
    EXPIRES "Expires";
    MIN_EXPIRES "Min-Expires";
    AUTHORIZATION "Authorization";
    PROXY_AUTHORIZATION "Proxy-Authorization";
    WWW_AUTHENTICATE "WWW-Authenticate";
    PROXY_AUTHENTICATE "Proxy-Authenticate";
    AUTHENTICATION_INFO "Authentication-Info";
    P_ASSERTED_IDENTITY "P-Asserted-Identity";
    P_PREFERRED_IDENTITY "P-Preferred-Identity";
    PRIVACY "Privacy";
    PROXY_REQUIRE "Proxy-Require";
    UNSUPPORTED "Unsupported";
    ACCEPT "Accept";
    ACCEPT_ENCODING "Accept-Encoding";
    ACCEPT_LANGUAGE "Accept-Language";
    ALERT_INFO "Alert-Info";
    CALL_INFO "Call-Info";
    CONTENT_DISPOSITION "Content-Disposition";
    CONTENT_ENCODING "Content-Encoding" "e";
    CONTENT_LANGUAGE "Content-Language";
    DATE "Date";
    DIVERSION "Diversion";
    ERROR_INFO "Error-Info";
    EVENT "Event" "o";
    HISTORY_INFO "History-Info";
    IN_REPLY_TO "In-Reply-To";
    MIME_VERSION "MIME-Version";
    ORGANIZATION "Organization";
    PATH "Path";
    PRIORITY "Priority";
    REFER_TO "Refer-To" "r";
    REFERRED_BY "Referred-By" "b";
    REPLACES "Replaces";
    REPLY_TO "Reply-To";
    SERVICE_ROUTE "Service-Route";
    SUBJECT "Subject" "s";
    SUBSCRIPTION_STATE "Subscription-State";
    TIMESTAMP "Timestamp";
    ALLOW_EVENTS "Allow-Events" "u";
    WARNING "Warning";
}

/// The long form in its registered spelling, or None for a name not known here.
pub(super) fn known(name: &str) -> Option<&'static str> {
    if name.len() == 1 {
        return KNOWN.iter().find(|(_, compact)| compact.eq_ignore_ascii_case(name)).map(|(long, _)| *long);
    }
    // Almost everybody writes the registered spelling, and comparing that is cheaper.
    let exact = KNOWN.iter().map(|(long, _)| *long).find(|long| *long == name);
    exact.or_else(|| KNOWN.iter().map(|(long, _)| *long).find(|long| long.eq_ignore_ascii_case(name)))
}

/// The spelling under which a field is stored.
pub(super) fn canonical(name: Cow<'static, str>) -> Cow<'static, str> {
    match known(&name) {
        Some(known) => Cow::Borrowed(known),
        None if is_token(&name) => name,
        // A name from a configuration file must not smuggle a second line.
        None => name.chars().filter(|c| c.is_ascii() && is_token_byte(*c as u8)).collect::<String>().into(),
    }
}

/// The spelling under which a field is looked up.
pub(super) fn canonical_str(name: &str) -> &str {
    // Long names compare without regard to case, so only compact ones need the table.
    if name.len() == 1 { known(name).unwrap_or(name) } else { name }
}
