//! Which column holds what: the mapping of the user or of the source, the pack's columns, and
//! known Chinese and English names.

use std::collections::BTreeMap;

use super::IntakeError;
use crate::table::header::{self, plain, same};

/// Most columns a table may have.
pub const MAX_COLUMNS: usize = 100;

/// What a column holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Column {
    /// Numbers, with this label.
    Phone(String),
    /// A field by its name: one of [`NAMED`], `customer.<field>`, or a field of the row's own.
    Field(String),
    /// Left out.
    Skip,
}

/// Fields with a meaning of their own; a mapping names them.
pub const NAMED: &[&str] = &[
    "extension",
    "name",
    "customer_id",
    "language",
    "grade",
    "preferred_hours",
    "quiet_hours",
    "key_account",
    "plan_every",
    "plan_from",
    "owner",
    "email",
    "standing",
    "id",
    "at",
    "matter",
    "received_at",
    "entered_at",
];

/// Columns whose names say what they hold, without spaces and signs, in lower case and
/// simplified characters.
const KNOWN: &[(&str, &[&str])] = &[
    ("extension", header::EXTENSION),
    ("name", header::NAME),
    ("language", header::LANGUAGE),
    ("quiet_hours", header::QUIET_HOURS),
    ("customer_id", &["customerid", "customerno", "客户编号", "客户号", "会员号", "会员编号", "档案号"]),
    (
        "id",
        &[
            "id",
            "externalid",
            "eventid",
            "order",
            "orderid",
            "orderno",
            "ordernumber",
            "caseid",
            "ticket",
            "编号",
            "订单号",
            "订单编号",
            "单号",
            "工单号",
            "合同号",
            "合同编号",
            "运单号",
            "结算单号",
            "流程单号",
        ],
    ),
    (
        "matter",
        &[
            "matter",
            "project",
            "projectno",
            "项目",
            "项目编号",
            "工程编号",
            "车牌",
            "车牌号",
            "住院号",
            "病历号",
        ],
    ),
    (
        "at",
        &[
            "at",
            "date",
            "time",
            "eventdate",
            "happenedat",
            "日期",
            "时间",
            "完工日期",
            "完工时间",
            "安装日期",
            "安装完成日期",
            "结算日期",
            "结算时间",
            "签约日期",
            "签订日期",
            "下单日期",
            "出院日期",
            "维修日期",
            "移交日期",
            "交付日期",
            "发货日期",
        ],
    ),
    ("received_at", &["receivedat", "received", "收单时间", "收单日期", "收到时间", "收到日期", "接收日期"]),
    ("entered_at", &["enteredat", "entered", "录入时间", "录入日期", "登记时间"]),
    ("grade", &["grade", "客户等级", "客户级别", "等级"]),
    ("preferred_hours", &["preferredhours", "方便时间", "联系时间"]),
    ("key_account", &["keyaccount", "大客户", "重点客户"]),
    ("owner", &["owner", "accountowner", "客户经理", "负责人"]),
    ("email", &["email", "mail", "邮箱", "电子邮箱", "电子邮件"]),
    ("customer.address", &["address", "地址", "客户地址", "住址", "联系地址"]),
];

/// What each column is taken for: by the mapping, the pack's columns, its name.
pub fn guess(
    header: &[String],
    mapping: &BTreeMap<String, String>,
    pack: &BTreeMap<String, String>,
) -> Result<Vec<String>, IntakeError> {
    // A column of the last time that is missing today is no mistake here.
    let mapping: BTreeMap<String, String> = mapping
        .iter()
        .filter(|(name, _)| header.iter().any(|h| same(h, name)))
        .map(|(name, to)| (name.clone(), to.clone()))
        .collect();
    let word = |column: Column| match column {
        Column::Phone(label) if label.is_empty() => "phone".to_owned(),
        Column::Phone(label) => format!("phone:{label}"),
        Column::Field(name) => name,
        Column::Skip => "-".to_owned(),
    };
    Ok(assign(header, &mapping, pack)?.into_iter().map(word).collect())
}

/// Gives each column of the header its meaning. `mappings` go one before the other.
pub(super) fn assign(
    header: &[String],
    mapping: &BTreeMap<String, String>,
    pack: &BTreeMap<String, String>,
) -> Result<Vec<Column>, IntakeError> {
    if header.len() > MAX_COLUMNS {
        let named = header.len();
        return Err(IntakeError(format!("the header names {named} columns; at most {MAX_COLUMNS} may be")));
    }
    if let Some(name) = mapping.keys().find(|name| !header.iter().any(|h| same(h, name))) {
        let shown = header.iter().map(|h| format!("`{h}`")).collect::<Vec<_>>().join(", ");
        return Err(IntakeError(format!("the mapping names the column `{name}`; the file has {shown}")));
    }
    let said = |name: &str| {
        [mapping, pack]
            .into_iter()
            .find_map(|map| map.iter().find(|(from, _)| same(from, name)).map(|(_, to)| to.trim()))
    };
    // A field that somebody named is not guessed for another column too.
    let taken: Vec<&str> = header.iter().filter_map(|name| said(name)).collect();
    let mut columns: Vec<Column> = Vec::with_capacity(header.len());
    for name in header {
        let column = match said(name) {
            Some(to) => wanted(to),
            None => guessed(name, &taken),
        };
        let twice = matches!(&column, Column::Field(_)) && columns.contains(&column);
        columns.push(if twice { free(name) } else { column });
    }
    Ok(columns)
}

fn wanted(to: &str) -> Column {
    match to {
        "-" | "" => Column::Skip,
        "phone" => Column::Phone(String::new()),
        "external_id" => Column::Field("id".into()),
        to => match to.strip_prefix("phone:") {
            Some(label) => Column::Phone(label.trim().to_owned()),
            None => Column::Field(to.to_owned()),
        },
    }
}

fn guessed(name: &str, taken: &[&str]) -> Column {
    let spelling = plain(name);
    if header::PHONE.contains(&spelling.as_str()) {
        return if taken.contains(&"phone") {
            Column::Phone(name.to_owned())
        } else {
            Column::Phone(String::new())
        };
    }
    let known =
        KNOWN.iter().find(|(field, names)| !taken.contains(field) && names.contains(&spelling.as_str()));
    known.map_or_else(|| free(name), |(field, _)| Column::Field((*field).to_owned()))
}

fn free(name: &str) -> Column {
    if name.is_empty() { Column::Skip } else { Column::Field(name.to_owned()) }
}
