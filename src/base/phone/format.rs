//! How a trunk wants numbers in its request URIs.

use serde::{Deserialize, Serialize};

use super::{NumberKind, PhoneNumber, plan};

/// The spelling a trunk wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NumberStyle {
    /// As dialled within China: `13602388518`, `02087654321`; `00` before foreign numbers.
    #[default]
    National,
    /// As dialled from a fixed line of the home area: numbers of that area without its
    /// code, all else as `National`.
    Local,
    /// `+8613602388518`; short codes stay as they are.
    E164,
    /// `8613602388518`: E.164 without its plus.
    E164Plain,
}

/// How a trunk wants numbers: a style, then leading characters taken off, then a prefix put on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NumberFormat {
    /// The spelling to begin with.
    pub style: NumberStyle,
    /// Area code for [`NumberStyle::Local`], with its 0; empty: none.
    pub home_area: String,
    /// Leading characters to take off; 0 means none.
    pub strip: u8,
    /// Put in front at the end: `9` for an outside line.
    pub prefix: String,
}

impl NumberFormat {
    /// The user part of the request URI for `number`.
    pub fn dial_string(&self, number: &PhoneNumber) -> String {
        let styled = self.styled(number);
        // Never strip a number away whole: an empty user part would call the trunk itself.
        let strip = usize::from(self.strip).min(styled.len().saturating_sub(1));
        format!("{}{}", self.prefix, &styled[strip..])
    }

    fn styled(&self, number: &PhoneNumber) -> String {
        let text = number.as_str();
        let national = || match number.kind() {
            NumberKind::Foreign => format!("00{}", &text[1..]),
            _ => text.to_owned(),
        };
        match self.style {
            NumberStyle::National => national(),
            NumberStyle::Local => match text.strip_prefix(self.home_area.as_str()) {
                Some(local) if number.kind() == NumberKind::Fixed && plan::is_area_code(&self.home_area) => {
                    local.to_owned()
                }
                _ => national(),
            },
            NumberStyle::E164 => number.e164().unwrap_or_else(|| text.to_owned()),
            NumberStyle::E164Plain => match number.e164() {
                Some(e164) => e164[1..].to_owned(),
                None => text.to_owned(),
            },
        }
    }
}
