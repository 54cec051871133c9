//! The rehearsals that are remembered: the one that runs, and a few that have ended.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use super::Refused;
use super::view::{RehearsalLine, RehearsalResult, RehearsalView};
use crate::base::Timestamp;

/// Rehearsals that are remembered: each holds its result, a megabyte at most.
pub const KEPT: usize = 8;

/// How a rehearsal ended.
pub(super) enum Ended {
    Done(Box<RehearsalResult>),
    /// Says what was wrong.
    Failed(String),
    Stopped,
}

struct Job {
    view: RehearsalView,
    lines: Arc<Vec<RehearsalLine>>,
    stop: CancellationToken,
}

impl Job {
    /// Its thread is there still.
    fn is_up(&self) -> bool {
        matches!(self.view.state.as_str(), "running" | "stopping")
    }
}

#[derive(Default)]
struct Jobs {
    begun: u64,
    /// Newest first.
    jobs: VecDeque<Job>,
}

#[derive(Default)]
pub(super) struct Board(Mutex<Jobs>);

impl Board {
    fn lock(&self) -> MutexGuard<'_, Jobs> {
        // Each change is whole between any two statements, so a panic elsewhere cannot tear it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, id: u64, change: impl FnOnce(&mut Job) -> T) -> Option<T> {
        self.lock().jobs.iter_mut().find(|job| job.view.id == id).map(change)
    }

    /// Takes the place of the one that runs; the oldest that has ended is forgotten.
    pub fn begin(&self, mut view: RehearsalView, stop: CancellationToken) -> Result<RehearsalView, Refused> {
        let mut board = self.lock();
        if let Some(job) = board.jobs.iter().find(|job| job.is_up()) {
            return Err(Refused::Busy(job.view.id));
        }
        board.begun += 1;
        view.id = board.begun;
        board.jobs.truncate(KEPT - 1);
        board.jobs.push_front(Job { view: view.clone(), lines: Arc::default(), stop });
        Ok(view)
    }

    pub fn remove(&self, id: u64) {
        self.lock().jobs.retain(|job| job.view.id != id);
    }

    pub fn all(&self) -> Vec<RehearsalView> {
        let without = |job: &Job| RehearsalView { result: None, ..job.view.clone() };
        self.lock().jobs.iter().map(without).collect()
    }

    pub fn one(&self, id: u64) -> Option<RehearsalView> {
        self.change(id, |job| job.view.clone())
    }

    pub fn lines(&self, id: u64) -> Option<Arc<Vec<RehearsalLine>>> {
        self.change(id, |job| job.lines.clone())
    }

    /// State, the day that is walked through, and how many there are.
    pub fn stand(&self, id: u64) -> Option<(String, u32, u32)> {
        self.change(id, |job| (job.view.state.clone(), job.view.day, job.view.days))
    }

    pub fn next_day(&self, id: u64) {
        self.change(id, |job| job.view.day = (job.view.day + 1).min(job.view.days));
    }

    /// Stops one whose thread is there; takes another off the board.
    pub fn end(&self, id: u64) -> Option<RehearsalView> {
        let mut board = self.lock();
        let place = board.jobs.iter().position(|job| job.view.id == id)?;
        if !board.jobs[place].is_up() {
            return board.jobs.remove(place).map(|job| job.view);
        }
        let job = &mut board.jobs[place];
        job.stop.cancel();
        job.view.state = "stopping".into();
        Some(job.view.clone())
    }

    pub fn ended(&self, id: u64, ended: Ended, now: Timestamp) {
        self.change(id, |job| {
            job.view.ended_at = Some(now.0);
            job.view.state = match ended {
                Ended::Done(mut result) => {
                    job.lines = Arc::new(std::mem::take(&mut result.lines));
                    job.view.result = Some(*result);
                    "done".into()
                }
                Ended::Failed(problem) => {
                    job.view.problem = problem;
                    "failed".into()
                }
                Ended::Stopped => "stopped".into(),
            };
        });
    }
}
