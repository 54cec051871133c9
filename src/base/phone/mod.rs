//! Telephone numbers as Chinese companies write them.

mod format;
mod plan;
mod spelling;
#[cfg(test)]
mod tests;

use std::fmt;

pub use format::{NumberFormat, NumberStyle};
pub use plan::NumberKind;

/// A number in one canonical spelling, so that two spellings of it are one customer.
///
/// Chinese numbers are kept as they are dialled within China: mobile `13602388518`, fixed
/// `02087654321`, service `4008001234`, short `95588`. All others are E.164 with `+`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct PhoneNumber(String);

/// Why a text is not a telephone number, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PhoneError(pub String);

impl PhoneNumber {
    /// Reads a number in any common spelling; the extension, if one is written, apart.
    ///
    /// `home_area` (`021`) completes local numbers of 7 or 8 digits.
    pub fn parse(text: &str, home_area: Option<&str>) -> Result<(PhoneNumber, Option<String>), PhoneError> {
        let spelled = spelling::read(text)?;
        let home = home_area.map(str::trim).filter(|area| !area.is_empty());
        if let Some(area) = home.filter(|area| !plan::is_area_code(area)) {
            return Err(PhoneError(format!(
                "the home area code `{area}` is not one: write it with its 0, such as 010, 021 or 0755"
            )));
        }
        plan::settle(&spelled, home)
    }

    /// The canonical spelling.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What sort of number it is.
    pub fn kind(&self) -> NumberKind {
        plan::kind(&self.0)
    }

    /// E.164 with `+`; None for short codes, which have none.
    pub fn e164(&self) -> Option<String> {
        match self.kind() {
            NumberKind::Foreign => Some(self.0.clone()),
            NumberKind::Short => None,
            NumberKind::Mobile | NumberKind::Service => Some(format!("+86{}", self.0)),
            NumberKind::Fixed => Some(format!("+86{}", &self.0[1..])),
        }
    }

    /// The number for logs and for those who may not see it: `136****8518`, `0755****4321`.
    ///
    /// Short codes and service numbers belong to no person and are shown.
    pub fn masked(&self) -> String {
        let head = match self.kind() {
            NumberKind::Short | NumberKind::Service => return self.0.clone(),
            NumberKind::Mobile => 3,
            NumberKind::Fixed => plan::area_len(&self.0),
            NumberKind::Foreign => 3,
        };
        let tail = self.0.len().saturating_sub(4).max(head);
        format!("{}{}{}", &self.0[..head], "*".repeat(tail - head), &self.0[tail..])
    }
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Takes any spelling of a whole number; a local number or an extension is refused,
/// because there is no place to put the area code or the extension.
impl std::str::FromStr for PhoneNumber {
    type Err = PhoneError;

    fn from_str(text: &str) -> Result<Self, PhoneError> {
        match PhoneNumber::parse(text, None)? {
            (number, None) => Ok(number),
            (number, Some(extension)) => Err(PhoneError(format!(
                "`{text}` has the extension {extension}: give {number} here and the extension apart"
            ))),
        }
    }
}

impl<'de> serde::Deserialize<'de> for PhoneNumber {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
