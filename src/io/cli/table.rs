//! Tables whose columns line up on a terminal, Chinese text included.

/// Columns that `text` takes on a terminal: wide characters take two, marks take none
/// (Unicode UAX 11 and 44, the ranges that names and numbers use).
pub fn width(text: &str) -> usize {
    text.chars().map(cells).sum()
}

fn cells(c: char) -> usize {
    match u32::from(c) {
        0..=0x1F | 0x7F..=0x9F => 0,
        0x300..=0x36F | 0x200B..=0x200F | 0x202A..=0x202E | 0x2060..=0x2064 | 0xFE00..=0xFE0F | 0xFEFF => 0,
        0x1100..=0x115F
        | 0x2E80..=0x303E
        | 0x3041..=0xA4CF
        | 0xA960..=0xA97F
        | 0xAC00..=0xD7A3
        | 0xF900..=0xFAFF
        | 0xFE30..=0xFE6F
        | 0xFF00..=0xFF60
        | 0xFFE0..=0xFFE6
        | 0x1F300..=0x1F64F
        | 0x1F900..=0x1F9FF
        | 0x20000..=0x3FFFD => 2,
        _ => 1,
    }
}

/// A cell is cut at this width, so that one long reason does not fold every line.
const CELL_LIMIT: usize = 48;

/// Rows under titles.
#[derive(Clone, Debug, Default)]
pub struct Table {
    titles: Vec<String>,
    right: Vec<bool>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these titles; a title that begins with `>` is a column of numbers, which
    /// stand at the right.
    pub fn new(titles: &[&str]) -> Table {
        Table {
            titles: titles.iter().map(|t| t.trim_start_matches('>').to_owned()).collect(),
            right: titles.iter().map(|t| t.starts_with('>')).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row. Control characters are shown as blanks: a name cannot move the cursor.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|cell| shorten(&cell)).collect());
    }

    /// The lines; `empty` where there is no row.
    pub fn render(&self, empty: &str) -> String {
        if self.rows.is_empty() {
            return format!("{empty}\n");
        }
        let widths: Vec<usize> = (0..self.titles.len())
            .map(|c| {
                let cells = self.rows.iter().filter_map(|row| row.get(c)).map(|cell| width(cell));
                cells.chain([width(&self.titles[c])]).max().unwrap_or(0)
            })
            .collect();
        let mut out = String::new();
        for row in std::iter::once(&self.titles).chain(&self.rows) {
            let mut line = String::new();
            for (place, cell) in row.iter().enumerate().take(widths.len()) {
                let blanks = " ".repeat(widths[place] - width(cell));
                let (before, after) =
                    if self.right[place] { (blanks.as_str(), "") } else { ("", blanks.as_str()) };
                line.push_str(before);
                line.push_str(cell);
                line.push_str(after);
                line.push_str("  ");
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }
}

fn shorten(cell: &str) -> String {
    let clean: String = cell.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if width(&clean) <= CELL_LIMIT {
        return clean;
    }
    let mut used = 0;
    let kept: String = clean
        .chars()
        .take_while(|c| {
            used += cells(*c);
            used < CELL_LIMIT
        })
        .collect();
    format!("{kept}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_with_wide_characters() {
        let mut table = Table::new(&["name", ">calls", "state"]);
        table.row(["张三".into(), "7".into(), "done".into()]);
        table.row(["Lee".into(), "1234".into(), "待拨".into()]);
        let expect = "name  calls  state\n张三      7  done\nLee    1234  待拨\n";
        assert_eq!(table.render("none"), expect);
        assert_eq!(Table::new(&["a"]).render("no calls"), "no calls\n");
    }

    #[test]
    fn widths_are_those_of_a_terminal() {
        for (text, expect) in
            [("abc", 3), ("张三", 4), ("e\u{301}", 1), ("ｆ", 2), ("…", 1), ("", 0), ("𠀀", 2)]
        {
            assert_eq!(width(text), expect, "{text}");
        }
    }

    #[test]
    fn long_cells_are_cut_and_control_characters_do_nothing() {
        let mut table = Table::new(&["a"]);
        table.row(["\u{1b}[2Jx\ny".into()]);
        table.row(["长".repeat(60)]);
        let text = table.render("");
        assert!(text.lines().all(|line| width(line) <= CELL_LIMIT), "{text}");
        assert!(!text.contains('\u{1b}') && text.contains(" [2Jx y"));
    }
}
