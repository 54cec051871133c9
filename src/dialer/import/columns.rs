//! Which column holds what: known Chinese and English headers, and the mapping of the user.

use std::collections::BTreeMap;

use super::ImportError;
use crate::table::header::{self, plain, same};

/// Most columns a list may have.
pub const MAX_COLUMNS: usize = 100;

/// What a column holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Phone,
    Extension,
    Name,
    ExternalId,
    Language,
    Priority,
    Due,
    QuietHours,
    /// A field of that name, for scripts and reports.
    Field(String),
    /// Left out.
    Skip,
}

/// Names by which lists call the columns, without spaces and signs, in lower case.
const KNOWN: [(Column, &[&str]); 8] = [
    (Column::Phone, header::PHONE),
    (Column::Extension, header::EXTENSION),
    (Column::Name, header::NAME),
    (
        Column::ExternalId,
        &[
            "id",
            "externalid",
            "order",
            "orderid",
            "orderno",
            "ordernumber",
            "caseid",
            "caseno",
            "ticket",
            "ticketid",
            "编号",
            "订单号",
            "订单编号",
            "单号",
            "客户编号",
            "工单号",
            "合同号",
            "合同编号",
            "运单号",
            "病历号",
            "編號",
            "訂單號",
            "訂單編號",
            "單號",
            "客戶編號",
            "工單號",
            "合同編號",
            "運單號",
            "病歷號",
        ],
    ),
    (Column::Language, header::LANGUAGE),
    (Column::Priority, &["priority", "优先级", "優先級", "优先"]),
    (
        Column::Due,
        &[
            "due",
            "dueat",
            "duetime",
            "callat",
            "notbefore",
            "scheduledat",
            "预约时间",
            "回访时间",
            "拨打时间",
            "计划时间",
            "預約時間",
            "回訪時間",
            "撥打時間",
        ],
    ),
    (Column::QuietHours, header::QUIET_HOURS),
];

/// Names a mapping may use, beside those of free fields.
const TARGETS: [(&str, Column); 9] = [
    ("phone", Column::Phone),
    ("extension", Column::Extension),
    ("name", Column::Name),
    ("external_id", Column::ExternalId),
    ("language", Column::Language),
    ("priority", Column::Priority),
    ("due", Column::Due),
    ("quiet_hours", Column::QuietHours),
    ("-", Column::Skip),
];

/// Names that a mapping may use beside those of free fields.
pub const FIELDS: [&str; 9] =
    ["phone", "name", "external_id", "extension", "due", "priority", "language", "quiet_hours", "-"];

/// What each column is taken for where nobody says otherwise: a name of [`FIELDS`], else its own name
/// as a free field.
pub fn guess(header: &[String]) -> Vec<String> {
    let mut taken: Vec<Column> = Vec::new();
    let mut words = Vec::new();
    for name in header {
        let known = known(name);
        let twice = taken.contains(&known) && known != Column::Skip;
        let column = if twice { free(name) } else { known };
        let word = TARGETS.iter().find(|(_, target)| *target == column).map(|(word, _)| *word);
        words.push(match &column {
            Column::Field(own) => own.clone(),
            _ => word.unwrap_or("-").to_owned(),
        });
        taken.push(column);
    }
    words
}

/// Gives each column of the header its meaning.
pub(super) fn assign(
    header: &[String],
    mapping: &BTreeMap<String, String>,
) -> Result<Vec<Column>, ImportError> {
    if header.len() > MAX_COLUMNS {
        return Err(ImportError(format!(
            "line 1 names {} columns; at most {MAX_COLUMNS} may be",
            header.len()
        )));
    }
    let shown = || header.iter().map(|h| format!("`{h}`")).collect::<Vec<_>>().join(", ");
    for name in mapping.keys() {
        if !header.iter().any(|h| same(h, name)) {
            return Err(ImportError(format!(
                "the mapping names the column `{name}`; the file has {}",
                shown()
            )));
        }
    }
    let mut columns: Vec<Column> = Vec::with_capacity(header.len());
    for name in header {
        let wanted = mapping.iter().find(|(from, _)| same(from, name)).map(|(_, to)| to.trim());
        let column = match wanted {
            Some(to) => TARGETS
                .iter()
                .find(|(target, _)| *target == to)
                .map_or_else(|| Column::Field(to.to_owned()), |(_, column)| column.clone()),
            None => known(name),
        };
        if wanted.is_some() && !matches!(column, Column::Field(_) | Column::Skip) {
            // What the user names takes the place of what was guessed.
            for (at, old) in columns.iter_mut().enumerate() {
                if *old == column {
                    *old = Column::Field(header[at].clone());
                }
            }
        }
        let guessed_twice = columns.contains(&column) && !matches!(column, Column::Skip);
        columns.push(if guessed_twice { free(name) } else { column });
    }
    if !columns.contains(&Column::Phone) {
        return Err(ImportError(format!(
            "no column holds telephone numbers: the first line names {}; name one of them `phone` or `电话`, or map it to phone",
            shown()
        )));
    }
    Ok(columns)
}

fn known(name: &str) -> Column {
    let plain = plain(name);
    KNOWN
        .iter()
        .find(|(_, names)| names.contains(&plain.as_str()))
        .map_or_else(|| free(name), |(column, _)| column.clone())
}

fn free(name: &str) -> Column {
    if name.is_empty() { Column::Skip } else { Column::Field(name.to_owned()) }
}
