//! What a file is, before anything is done with it: how it is written, its columns and what each is
//! taken for, its first rows. Nothing is kept.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek};

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::intakes::mapping;
use crate::dialer::import;
use crate::intake;
use crate::io::intake::Failure;
use crate::io::intake::spreadsheet::{self, Format};
use crate::io::reading::Broken;
use crate::io::web::problem::Problem;
use crate::io::web::request::{Params, Upload};
use crate::io::web::spool::{self, Spooled, UploadLimits};
use crate::io::web::state::Shared;
use crate::policy::pack::Pack;
use crate::table::{Encoding, Records};

/// Rows that are shown below the names of the columns.
const SAMPLE: usize = 5;
/// Characters that are shown of one cell.
const CELL_CHARS: usize = 60;
/// Bytes read at once.
const READ_BYTES: usize = 64 * 1024;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(facts))
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct FactsQuery {
    /// Policy pack, by its id.
    pack: String,
    /// Section `[intake.<name>]` of the pack.
    intake: Option<String>,
    /// System or person it comes from, whose column mapping is remembered.
    source: Option<String>,
    /// JSON object, column header to field, in place of what is remembered.
    mapping: Option<String>,
}

/// A file as it was understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FileLook {
    /// `csv`, `xlsx` or `xls`.
    pub format: String,
    /// `utf-8`, `gb18030`, `utf-16le` or `utf-16be`; empty for a spreadsheet.
    pub encoding: String,
    /// Length in bytes.
    pub bytes: u64,
    /// Its columns, in order.
    pub columns: Vec<ColumnLook>,
    /// What a column may be mapped to; any other name makes a field of that name.
    pub fields: Vec<FieldLook>,
}

/// One column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ColumnLook {
    /// Its name in the file.
    pub name: String,
    /// What it is taken for; `-`: it is left out.
    pub field: String,
    /// Its first cells.
    pub samples: Vec<String>,
}

/// Something a column may hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FieldLook {
    /// Its name in a mapping.
    pub name: String,
    /// What the pack says of it; may be empty.
    pub title: String,
}

/// Rows of a file as far as they are shown: the first names the columns.
type Rows = Vec<Vec<String>>;

/// Looks at a file for a dial list: encoding, columns, what each is taken for. Nothing is changed.
#[utoipa::path(post, path = "/imports/look", tag = "imports", security(("bearer" = ["lists.import"])),
    request_body(content = String, content_type = "text/csv"),
    responses(
        (status = 200, description = "What it is", body = FileLook),
        (status = 413, description = "The file is too large", body = Problem),
        (status = 422, description = "It is no table", body = Problem)))]
async fn list(State(api): State<Shared>, Upload(body): Upload) -> Result<axum::Json<FileLook>, Problem> {
    let spooled = spool::receive(body, &api.parts.recordings, UploadLimits::default()).await?;
    let (mut look, header, rows) = first_rows(spooled).await?;
    look.columns = columns(&header, import::guess(&header), &rows);
    look.fields = import::FIELDS.iter().map(|name| field(name, "")).collect();
    Ok(axum::Json(look))
}

/// Looks at a file for the archive by the rules of a pack: encoding, columns, what each is taken for.
/// Nothing is changed.
#[utoipa::path(post, path = "/intake/look", tag = "intake", params(FactsQuery), security(("bearer" = ["facts.bring"])),
    request_body(content = String, content_type = "text/csv"),
    responses(
        (status = 200, description = "What it is", body = FileLook),
        (status = 413, description = "The file is too large", body = Problem),
        (status = 422, description = "No such pack, or it is no table", body = Problem)))]
async fn facts(
    State(api): State<Shared>,
    Params(query): Params<FactsQuery>,
    Upload(body): Upload,
) -> Result<axum::Json<FileLook>, Problem> {
    let pack = api.desk().packs().get(&query.pack).map_err(Failure::Pack)?;
    let name = query.intake.unwrap_or_default();
    let none = BTreeMap::new();
    let own = pack.intake.get(&name).map_or(&none, |rules| &rules.columns);
    let mut wanted = match query.source.as_deref().map(str::trim).filter(|source| !source.is_empty()) {
        Some(source) => api.store().source_mapping(&query.pack, source).await?,
        None => BTreeMap::new(),
    };
    wanted.extend(mapping(query.mapping.as_deref())?);
    let spooled = spool::receive(body, &api.parts.recordings, UploadLimits::default()).await?;
    let (mut look, header, rows) = first_rows(spooled).await?;
    let guessed = intake::guess(&header, &wanted, own).map_err(|e| Problem::from(Broken::NotATable(e.0)))?;
    look.columns = columns(&header, guessed, &rows);
    look.fields = fields(&pack, &name);
    Ok(axum::Json(look))
}

fn field(name: &str, title: &str) -> FieldLook {
    FieldLook { name: name.to_owned(), title: title.to_owned() }
}

/// What a column may hold in this pack: what has a meaning everywhere, then the pack's own.
fn fields(pack: &Pack, intake: &str) -> Vec<FieldLook> {
    let mut all = vec![field("phone", "")];
    all.extend(intake::NAMED.iter().map(|name| field(name, "")));
    all.extend(pack.customer.iter().map(|(name, title)| field(&format!("customer.{name}"), title)));
    let rules = pack.intake.get(intake);
    let kinds: Vec<&str> = rules.map_or_else(Vec::new, |rules| {
        let by = rules.event_by.values().flat_map(|kinds| kinds.values());
        std::iter::once(&rules.event).chain(by).map(String::as_str).collect()
    });
    for kind in kinds.into_iter().filter_map(|kind| pack.event.get(kind)) {
        let own = kind.fields.iter().map(|(name, title)| (name.as_str(), title.as_str()));
        for (name, title) in own.chain(kind.required.iter().map(|name| (name.as_str(), ""))) {
            if all.iter().all(|known| known.name != name) {
                all.push(field(name, title));
            }
        }
    }
    for name in rules.into_iter().flat_map(|rules| rules.event_by.keys()) {
        if all.iter().all(|known| known.name != *name) {
            all.push(field(name, ""));
        }
    }
    all.push(field("-", ""));
    all
}

fn columns(header: &[String], fields: Vec<String>, rows: &[Vec<String>]) -> Vec<ColumnLook> {
    let sample = |place: usize| {
        let cells = rows.iter().map(|row| row.get(place).map_or("", String::as_str));
        cells.map(|cell| cell.chars().take(CELL_CHARS).collect()).collect()
    };
    let one = |(place, (name, field)): (usize, (&String, String))| ColumnLook {
        name: name.clone(),
        field,
        samples: sample(place),
    };
    header.iter().zip(fields).enumerate().map(one).collect()
}

/// The file's look without its columns, their names, and the first rows below them.
async fn first_rows(spooled: Spooled) -> Result<(FileLook, Vec<String>, Rows), Problem> {
    let look = FileLook {
        format: "csv".into(),
        encoding: word(spooled.encoding).into(),
        bytes: spooled.bytes,
        columns: Vec::new(),
        fields: Vec::new(),
    };
    let read = tokio::task::spawn_blocking(move || read(spooled)).await.map_err(|e| Problem::internal(&e))?;
    let (format, mut rows) = read?;
    if rows.is_empty() {
        return Err(Broken::NotATable("the file is empty".into()).into());
    }
    let header = rows.remove(0);
    let look = match format {
        None => look,
        Some(format) => FileLook {
            format: if format == Format::Xls { "xls" } else { "xlsx" }.into(),
            encoding: String::new(),
            ..look
        },
    };
    Ok((look, header, rows))
}

const fn word(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Utf8 => "utf-8",
        Encoding::Gb18030 => "gb18030",
        Encoding::Utf16Le => "utf-16le",
        Encoding::Utf16Be => "utf-16be",
    }
}

fn read(spooled: Spooled) -> Result<(Option<Format>, Rows), Broken> {
    let Spooled { mut file, bytes, encoding, .. } = spooled;
    let mut begin = Vec::new();
    file.by_ref().take(8).read_to_end(&mut begin).map_err(Broken::Disk)?;
    file.rewind().map_err(Broken::Disk)?;
    let mut rows = Rows::new();
    let format = Format::of(&begin);
    match format {
        Some(format) => spreadsheet::rows(file, format, bytes, &mut |line, cells, _| {
            if let Some(cells) = usable(line, cells, rows.is_empty())? {
                rows.push(cells);
            }
            Ok(rows.len() <= SAMPLE)
        })?,
        None => text(&mut file, encoding, &mut rows)?,
    }
    Ok((format, rows))
}

/// The cells of a row; a row that is broken is a mistake only where it names the columns.
fn usable(
    line: u64,
    cells: Result<Vec<String>, String>,
    is_first: bool,
) -> Result<Option<Vec<String>>, Broken> {
    match cells {
        Ok(cells) => Ok(Some(cells)),
        Err(e) if is_first => Err(Broken::NotATable(format!("line {line}: {e}"))),
        Err(_) => Ok(None),
    }
}

fn text(file: &mut File, encoding: Encoding, rows: &mut Rows) -> Result<(), Broken> {
    let mut records = Records::new(encoding);
    let mut piece = vec![0; READ_BYTES];
    loop {
        let length = file.read(&mut piece).map_err(Broken::Disk)?;
        match length {
            0 => records.end(),
            length => records.feed(&piece[..length]),
        }
        while let Some(record) = records.next() {
            if let Some(cells) = usable(record.line, record.cells, rows.is_empty())? {
                rows.push(cells);
            }
            if rows.len() > SAMPLE {
                return Ok(());
            }
        }
        if length == 0 {
            return Ok(());
        }
    }
}
