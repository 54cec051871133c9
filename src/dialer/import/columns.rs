//! Which column holds what: known Chinese and English headers, and the mapping of the user.

use std::collections::BTreeMap;

use unicode_normalization::UnicodeNormalization;

use super::ImportError;

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
    (
        Column::Phone,
        &[
            "phone",
            "mobile",
            "telephone",
            "tel",
            "number",
            "phonenumber",
            "mobilenumber",
            "mobilephone",
            "cell",
            "cellphone",
            "contactnumber",
            "电话",
            "电话号码",
            "手机",
            "手机号",
            "手机号码",
            "联系电话",
            "联系方式",
            "客户电话",
            "联系手机",
            "号码",
            "電話",
            "電話號碼",
            "手機",
            "手機號",
            "手機號碼",
            "聯繫電話",
            "聯絡電話",
            "客戶電話",
            "收件人电话",
            "车主电话",
            "患者电话",
            "业主电话",
        ],
    ),
    (Column::Extension, &["extension", "ext", "分机", "分机号", "分機", "分機號"]),
    (
        Column::Name,
        &[
            "name",
            "customer",
            "customername",
            "contact",
            "contactname",
            "fullname",
            "姓名",
            "客户姓名",
            "客户名称",
            "客户",
            "客户名",
            "联系人",
            "名字",
            "称呼",
            "客戶姓名",
            "客戶名稱",
            "客戶",
            "聯繫人",
            "聯絡人",
            "收件人",
            "车主",
            "患者姓名",
            "业主姓名",
        ],
    ),
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
    (Column::Language, &["language", "lang", "语言", "語言", "语种"]),
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
    (Column::QuietHours, &["quiethours", "donotdisturb", "免打扰", "免打扰时间", "免打擾", "免打擾時間"]),
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

fn same(a: &str, b: &str) -> bool {
    plain(a) == plain(b)
}

/// Half-width, lower case, without spaces and signs, and without what stands in brackets:
/// `手机号码（必填）` is `手机号码`.
fn plain(name: &str) -> String {
    let name: String = name.nfkc().collect();
    let name = name.split_once('(').map_or(name.as_str(), |(before, _)| before);
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
