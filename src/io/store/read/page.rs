//! Pages of a list: where one ends, the next begins.

/// Rows of one page at most: a screen shows 50, an export takes this many at a time.
pub const PAGE_LIMIT: u32 = 500;

/// The last row of a page, by the value it is sorted by and its id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// Value of the sort column.
    pub key: i64,
    /// Id, which breaks ties.
    pub id: String,
}

impl Cursor {
    /// The cursor of that text; None if it is not one.
    pub fn parse(text: &str) -> Option<Cursor> {
        let (key, id) = text.split_once('.')?;
        (!id.is_empty() && id.len() <= 64).then_some(())?;
        Some(Cursor { key: key.parse().ok()?, id: id.to_owned() })
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.key, self.id)
    }
}

/// One page.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// Its rows.
    pub rows: Vec<T>,
    /// Where the next page begins; None: this is the last.
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// Cuts `rows`, which [`fetch`] of the same `limit` gave, to the page.
    pub(in crate::io::store) fn cut(mut rows: Vec<T>, limit: u32, cursor: impl Fn(&T) -> Cursor) -> Page<T> {
        let limit = size(limit) as usize;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(cursor);
        Page { rows, next }
    }
}

/// Rows of a page for which `limit` was asked.
fn size(limit: u32) -> u32 {
    limit.clamp(1, PAGE_LIMIT)
}

/// Rows to fetch for a page of `limit`: one more, to know whether there is a next.
pub(in crate::io::store) fn fetch(limit: u32) -> i64 {
    i64::from(size(limit)) + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_round_trip_and_nonsense_is_refused() {
        let cursor = Cursor { key: -3, id: "01ABC".into() };
        assert_eq!(Cursor::parse(&cursor.to_string()), Some(cursor));
        for text in ["", ".", "1.", "x.1", "1", &format!("1.{}", "9".repeat(65))] {
            assert_eq!(Cursor::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_full_page_knows_its_successor_and_the_last_one_has_none() {
        let cursor = |n: &i64| Cursor { key: *n, id: n.to_string() };
        let page = Page::cut(vec![1, 2, 3], 2, cursor);
        assert_eq!((page.rows, page.next.unwrap().key), (vec![1, 2], 2));
        assert_eq!(Page::cut(vec![1, 2], 2, cursor).next, None);
        let fetched: Vec<i64> = (0..fetch(u32::MAX)).collect();
        let page = Page::cut(fetched, u32::MAX, cursor);
        assert_eq!((page.rows.len(), page.next.is_some()), (PAGE_LIMIT as usize, true), "more was asked");
        assert_eq!(Page::cut(Vec::new(), 2, cursor).next, None);
    }
}
