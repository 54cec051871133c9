//! Forms and reports as Excel workbooks in the layout of the paper: title, period, columns, rows,
//! and a line for signatures. The same rows give the same bytes.

use rust_xlsxwriter::{
    Chart, ChartType, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet,
    XlsxError,
};

use super::report::ReportView;
use crate::register::{Register, Table};
use crate::report::{Counted, Kind};

/// Cells of one text at most, as Excel has it.
const CELL: usize = 32_767;
/// The sheet of a report's figures.
const FIGURES: &str = "统计";
/// Most lines of a chart.
const DRAWN: usize = 40;

struct Looks {
    title: Format,
    period: Format,
    head: Format,
    cell: Format,
    gap: Format,
    overdue: Format,
}

impl Looks {
    fn new() -> Looks {
        let framed = || Format::new().set_border(FormatBorder::Thin).set_text_wrap();
        Looks {
            title: Format::new().set_bold().set_font_size(16).set_align(FormatAlign::Center),
            period: Format::new().set_align(FormatAlign::Center),
            head: framed().set_bold().set_align(FormatAlign::Center).set_background_color(0x00DD_EBF7),
            cell: framed(),
            gap: framed().set_background_color(0x00FF_F2CC),
            overdue: framed().set_background_color(0x00F8_CBAD),
        }
    }
}

/// A register as a workbook.
///
/// # Errors
/// Too many rows for a sheet, which [`super::MOST_ROWS`] rules out.
pub fn table_sheet(register: &Register, table: &Table) -> Result<Vec<u8>, XlsxError> {
    let mut book = workbook(&table.title, &table.to);
    write_table(table_page(&mut book)?, register, table, &Looks::new())?;
    book.save_to_buffer()
}

/// A report as a workbook: figures with their charts, what is missing, then a sheet for each of its
/// registers.
///
/// # Errors
/// Those of [`table_sheet`].
pub fn report_sheet(view: &ReportView, tables: &[(Register, Table)]) -> Result<Vec<u8>, XlsxError> {
    let (looks, mut book) = (Looks::new(), workbook(&view.title, &view.to));
    write_report(book.add_worksheet(), view, &looks)?;
    for (register, table) in tables {
        write_table(table_page(&mut book)?, register, table, &looks)?;
    }
    book.save_to_buffer()
}

/// A sheet that is written from top to bottom: lines that are written wait in a file, since a year of
/// calls has millions of cells.
fn table_page(book: &mut Workbook) -> Result<&mut Worksheet, XlsxError> {
    book.add_worksheet_with_constant_memory()
}

/// A workbook whose time is the end of what it tells of, so that it is the same whenever it is made.
fn workbook(title: &str, day: &str) -> Workbook {
    let mut book = Workbook::new();
    let mut properties = DocProperties::new().set_title(title);
    if let Ok(at) = ExcelDateTime::parse_from_str(day) {
        properties = properties.set_creation_datetime(&at);
    }
    book.set_properties(&properties);
    book
}

fn write_table(
    sheet: &mut Worksheet,
    register: &Register,
    table: &Table,
    looks: &Looks,
) -> Result<(), XlsxError> {
    sheet.set_name(sheet_name(&register.title))?;
    let last = u16::try_from(table.columns.len().saturating_sub(1)).unwrap_or(0);
    banner(sheet, last, (&table.title, &table.from, &table.to), looks)?;
    for (place, column) in (0u16..).zip(&register.columns) {
        sheet.set_column_width(place, f64::from(column.width))?;
        sheet.write_string_with_format(2, place, &column.title, &looks.head)?;
    }
    sheet.set_freeze_panes(3, 0)?;
    sheet.set_repeat_rows(2, 2)?;
    sheet.set_landscape();
    sheet.set_print_fit_to_pages(1, 0);
    let mut line = 3;
    for row in &table.rows {
        for (place, (cell, column)) in (0u16..).zip(row.cells.iter().zip(&register.columns)) {
            let format = match &column.name {
                name if row.overdue.contains(name) => &looks.overdue,
                name if row.missing.contains(name) => &looks.gap,
                _ => &looks.cell,
            };
            write_cell(sheet, (line, place), cell, format)?;
        }
        line += 1;
    }
    let signatures: Vec<String> =
        register.signatures.iter().map(|who| format!("{who}：____________")).collect();
    sheet.write_string(line + 1, 0, format!("共{}行    {}", table.rows.len(), signatures.join("    ")))?;
    if let Some(foot) = super::text::foot(&table.root) {
        sheet.write_string(line + 2, 0, foot)?;
    }
    Ok(())
}

fn banner(
    sheet: &mut Worksheet,
    last: u16,
    (title, from, to): (&str, &str, &str),
    looks: &Looks,
) -> Result<(), XlsxError> {
    let period = if from == to { format!("日期：{from}") } else { format!("期间：{from} 至 {to}") };
    if last == 0 {
        sheet.write_string_with_format(0, 0, title, &looks.title)?;
        sheet.write_string_with_format(1, 0, period, &looks.period)?;
    } else {
        sheet.merge_range(0, 0, 0, last, title, &looks.title)?;
        sheet.merge_range(1, 0, 1, last, &period, &looks.period)?;
    }
    Ok(())
}

/// Short numbers are written as numbers, so that they can be added up; all else, telephone numbers
/// above all, as text.
fn write_cell(sheet: &mut Worksheet, at: (u32, u16), cell: &str, format: &Format) -> Result<(), XlsxError> {
    let is_number = !cell.is_empty()
        && cell.len() <= 9
        && !(cell.starts_with('0') && cell.len() > 1 && !cell.starts_with("0."))
        && cell
            .bytes()
            .enumerate()
            .all(|(i, b)| b.is_ascii_digit() || b == b'.' || b == b'-' && i == 0 && cell.len() > 1);
    match cell.parse::<f64>() {
        Ok(number) if is_number => sheet.write_number_with_format(at.0, at.1, number, format)?,
        _ => {
            let cut: String = cell.chars().take(CELL).collect();
            sheet.write_string_with_format(at.0, at.1, cut, format)?
        }
    };
    Ok(())
}

fn write_report(sheet: &mut Worksheet, view: &ReportView, looks: &Looks) -> Result<(), XlsxError> {
    sheet.set_name(FIGURES)?;
    for (place, width) in (0u16..).zip([36.0, 24.0, 12.0, 12.0, 12.0, 12.0]) {
        sheet.set_column_width(place, width)?;
    }
    banner(sheet, 5, (&view.title, &view.from, &view.to), looks)?;
    for (place, title) in (0u16..).zip(["项目", "分类", "数值", "分子", "分母", "缺失"]) {
        sheet.write_string_with_format(2, place, title, &looks.head)?;
    }
    sheet.set_freeze_panes(3, 0)?;
    let mut line = 3;
    let mut charts = Vec::new();
    for figure in &view.figures {
        write_figure(
            sheet,
            line,
            (&figure.title, ""),
            figure.value,
            [figure.numerator, figure.denominator, figure.missing],
            looks,
        )?;
        let first = line + 1;
        for group in &figure.groups {
            line += 1;
            let counts = [group.numerator, group.denominator, group.missing];
            write_figure(sheet, line, ("", &group.name), group.value, counts, looks)?;
        }
        if figure.chart && line >= first {
            charts.push((figure, first, line.min(first + DRAWN as u32 - 1)));
        }
        line += 1;
    }
    line = write_rest(sheet, line + 1, view)?;
    for (figure, first, last) in charts {
        line += 1;
        sheet.insert_chart(line, 0, &chart(figure, first, last))?;
        line += 20;
    }
    Ok(())
}

fn write_figure(
    sheet: &mut Worksheet,
    line: u32,
    (title, group): (&str, &str),
    value: Option<f64>,
    counts: [u64; 3],
    looks: &Looks,
) -> Result<(), XlsxError> {
    sheet.write_string_with_format(line, 0, title, &looks.cell)?;
    sheet.write_string_with_format(line, 1, group, &looks.cell)?;
    match value {
        Some(value) => sheet.write_number_with_format(line, 2, value, &looks.cell)?,
        None => sheet.write_string_with_format(line, 2, "—", &looks.gap)?,
    };
    for (place, count) in (3u16..).zip(counts) {
        sheet.write_number_with_format(line, place, count as f64, &looks.cell)?;
    }
    Ok(())
}

/// Sums that must come out, incomplete rows, what people wrote, signatures.
fn write_rest(sheet: &mut Worksheet, mut line: u32, view: &ReportView) -> Result<u32, XlsxError> {
    let mut say = |text: String| -> Result<(), XlsxError> {
        sheet.write_string(line, 0, text)?;
        line += 1;
        Ok(())
    };
    for sum in &view.identities {
        let verdict = if sum.holds { "成立" } else { "不成立！" };
        say(format!("核对：{}　{} = {}　{verdict}", sum.title, sum.left, sum.right))?;
    }
    if !view.incomplete.is_empty() {
        say(format!("数据不完整的记录（{}条）：", view.incomplete.len()))?;
    }
    for gap in &view.incomplete {
        say(format!("{}　缺：{}", gap.record, gap.columns.join("、")))?;
    }
    for written in &view.texts {
        say(format!("{}：{}", written.title, written.text))?;
    }
    for change in &view.later_changes {
        say(format!("上报后变动：{}　{} → {}", change.title, change.kept, change.now))?;
    }
    for step in &view.signatures {
        say(step.clone())?;
    }
    if let Some(foot) = super::text::foot(&view.root) {
        say(foot)?;
    }
    Ok(line)
}

fn chart(figure: &Counted, first: u32, last: u32) -> Chart {
    let mut chart = Chart::new(ChartType::Bar);
    chart.title().set_name(&figure.title);
    chart.legend().set_hidden();
    let series = chart.add_series();
    series.set_categories((FIGURES, first, 1, last, 1)).set_values((FIGURES, first, 2, last, 2));
    if figure.kind == Kind::Share {
        chart.x_axis().set_min(0).set_max(100);
    }
    chart
}

/// A name that Excel takes for a sheet.
fn sheet_name(title: &str) -> &str {
    let end = title.char_indices().nth(31).map_or(title.len(), |(at, _)| at);
    let cut = title.find(['[', ']', ':', '*', '?', '/', '\\']).unwrap_or(end);
    let name = title[..end.min(cut)].trim();
    if name.is_empty() { "表" } else { name }
}
