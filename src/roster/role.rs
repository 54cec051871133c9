//! The roles of a night.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::table::header::plain;

/// A role of the night rescue (003:131).
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
    utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// 带班领导: organises the rescue and is called first.
    Leader,
    /// 技术员.
    Technician,
    /// 驾驶员.
    Driver,
    /// 材料员.
    Clerk,
    /// 维修人员.
    Mechanic,
}

impl Role {
    /// All of them, in the order in which they are called.
    pub const ALL: [Role; 5] = [Role::Leader, Role::Technician, Role::Driver, Role::Mechanic, Role::Clerk];

    /// The word in the database, the API and the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Role::Leader => "leader",
            Role::Technician => "technician",
            Role::Driver => "driver",
            Role::Clerk => "clerk",
            Role::Mechanic => "mechanic",
        }
    }

    /// Its name in Chinese.
    pub const fn title(self) -> &'static str {
        match self {
            Role::Leader => "带班领导",
            Role::Technician => "技术员",
            Role::Driver => "驾驶员",
            Role::Clerk => "材料员",
            Role::Mechanic => "维修人员",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Takes the word, and the names that columns have in Chinese, simplified or traditional.
impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Role, String> {
        let name = plain(text);
        let found = match name.as_str() {
            "leader" | "dutyleader" | "带班领导" | "带班" | "领导" | "值班领导" => Role::Leader,
            "technician" | "技术员" | "技术人员" => Role::Technician,
            "driver" | "驾驶员" | "司机" => Role::Driver,
            "clerk" | "materialclerk" | "材料员" | "材料人员" => Role::Clerk,
            "mechanic" | "维修人员" | "维修员" | "维修工" | "维修" => Role::Mechanic,
            _ => {
                let known: Vec<String> = Role::ALL.iter().map(|r| format!("{r} ({})", r.title())).collect();
                return Err(format!("`{text}` is no role: write {}", known.join(", ")));
            }
        };
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_known_by_their_usual_names() {
        for role in Role::ALL {
            assert_eq!(role.as_str().parse(), Ok(role));
            assert_eq!(role.title().parse(), Ok(role));
        }
        assert_eq!("帶班領導".parse(), Ok(Role::Leader));
        assert_eq!("維修人員(夜)".parse(), Ok(Role::Mechanic));
        assert!("厨师".parse::<Role>().unwrap_err().contains("driver (驾驶员)"));
    }
}
