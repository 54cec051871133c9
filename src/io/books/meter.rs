//! How far long work is: a year of rows is counted in minutes, and whoever waits sees it move.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::base::Timestamp;
use crate::io::store::{Change, Store, Topic};

/// Work that is under way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Running {
    /// Counts such works since the start of the daemon.
    pub id: u64,
    /// Id of the report or register.
    pub what: String,
    /// First day.
    pub from: String,
    /// Last day.
    pub to: String,
    /// Since when; milliseconds since 1970.
    pub since: i64,
    /// Rows that were read so far.
    pub rows: u64,
    /// How much is done, in percent.
    pub percent: u64,
}

#[derive(Debug, Default)]
struct State {
    running: Running,
    /// Walks there will be, and how many are over.
    walks: (u64, u64),
}

/// All work that is under way.
#[derive(Clone, Debug, Default)]
pub(super) struct Board {
    works: Arc<Mutex<(u64, BTreeMap<u64, State>)>>,
    /// Where it is told how far they are; None: nowhere.
    told: Option<Store>,
}

/// One piece of work on the board; it goes when this is dropped.
#[derive(Debug)]
pub(super) struct Meter {
    board: Board,
    id: u64,
}

impl Board {
    /// A board that tells those who follow the store.
    pub fn telling(store: Store) -> Board {
        Board { told: Some(store), ..Board::default() }
    }

    fn tell(&self, act: &str, running: &Running) {
        let Some(store) = &self.told else { return };
        let change = Change::new(Topic::ReportRun, i64::try_from(running.id).ok(), act, "");
        store.tell(Change { kind: running.what.clone(), ..change.on(&running.from).times(running.percent) });
    }

    /// Puts work on the board that walks over rows so many times.
    pub fn begin(
        &self,
        what: &str,
        (from, to): (String, String),
        walks: usize,
        now: Timestamp,
    ) -> Arc<Meter> {
        let mut board = self.works.lock().unwrap_or_else(PoisonError::into_inner);
        board.0 += 1;
        let id = board.0;
        let running = Running { id, what: what.to_owned(), from, to, since: now.0, ..Running::default() };
        board.1.insert(id, State { running: running.clone(), walks: (walks.max(1) as u64, 0) });
        drop(board);
        self.tell("begin", &running);
        Arc::new(Meter { board: self.clone(), id })
    }

    /// Everything on the board, oldest first.
    pub fn all(&self) -> Vec<Running> {
        let board = self.works.lock().unwrap_or_else(PoisonError::into_inner);
        board.1.values().map(|state| state.running.clone()).collect()
    }
}

impl Meter {
    /// Rows were read; `share` of this walk, from 0 to 1, is done.
    pub fn read(&self, rows: usize, share: f64) {
        self.change(|state| {
            state.running.rows += rows as u64;
            state.show(share.clamp(0.0, 1.0));
        });
    }

    /// A walk is over.
    pub fn walked(&self) {
        self.change(|state| {
            state.walks.1 += 1;
            state.show(0.0);
        });
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut board = self.board.works.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(state) = board.1.get_mut(&self.id) else { return };
        let was = state.running.percent;
        change(state);
        let running = state.running.clone();
        drop(board);
        // A hundred times at most, however many rows there are.
        if running.percent != was {
            self.board.tell("progress", &running);
        }
    }
}

impl State {
    /// A walk more than was thought never takes it over 99; it is done when it is gone from the board.
    fn show(&mut self, share: f64) {
        let (walks, over) = self.walks;
        let percent = ((over as f64 + share) * 100.0 / walks as f64) as u64;
        self.running.percent = self.running.percent.max(percent.min(99));
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        let mut board = self.board.works.lock().unwrap_or_else(PoisonError::into_inner);
        let over = board.1.remove(&self.id);
        drop(board);
        if let Some(state) = over {
            self.board.tell("done", &Running { percent: 100, ..state.running });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_moves_on_and_leaves_the_board_when_it_is_done() {
        let board = Board::default();
        let days = || ("2026-01-01".to_owned(), "2026-12-31".to_owned());
        let (year, month) =
            (board.begin("year", days(), 2, Timestamp(5)), board.begin("month", days(), 0, Timestamp(6)));
        let of =
            |what: &str| board.all().into_iter().find(|running| running.what == what).expect("on the board");
        assert_eq!((of("year").percent, of("year").since), (0, 5));
        year.read(1_000, 0.5);
        assert_eq!((of("year").rows, of("year").percent), (1_000, 25));
        year.walked();
        year.read(500, 0.2);
        assert_eq!((of("year").rows, of("year").percent), (1_500, 60));
        for _ in 0..3 {
            year.walked();
        }
        assert_eq!(of("year").percent, 99, "it is not done before it is done");
        drop(year);
        assert_eq!(board.all().len(), 1);
        drop(month);
        assert!(board.all().is_empty());
    }
}
