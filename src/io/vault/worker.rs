//! The thread that encodes and seals.

use std::io;

use tokio::sync::oneshot;

/// How much others are preferred: keeping can wait, calls cannot.
const NICE: libc::c_int = 15;

type Job = Box<dyn FnOnce() + Send>;

/// A thread below the priority of calls.
pub(super) struct Worker(crossbeam_channel::Sender<Job>);

impl Worker {
    pub fn start() -> io::Result<Worker> {
        // Who asks waits for the answer, so that nothing piles up here.
        let (jobs, inbox) = crossbeam_channel::bounded::<Job>(4);
        std::thread::Builder::new().name("keeper".into()).spawn(move || {
            // SAFETY: takes numbers only. On Linux the value zero means the calling thread.
            unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, NICE) };
            for job in inbox {
                job();
            }
        })?;
        Ok(Worker(jobs))
    }

    /// Runs something that blocks.
    pub async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let (reply, answer) = oneshot::channel();
        // Who asked may have gone away.
        let job: Job = Box::new(move || drop(reply.send(job())));
        self.0
            .try_send(job)
            .map_err(|_| io::Error::other("the thread of the keeper is busy or has ended"))?;
        answer.await.map_err(|_| io::Error::other("the thread of the keeper has ended"))?
    }
}
