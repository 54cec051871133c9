//! A file on its way to the store: one thread reads and judges its rows, as fast as whoever
//! writes them takes them, so that memory holds a few batches and no file.

use tokio::sync::mpsc;

/// Batches that wait for the store; each holds some hundred KB.
const BATCHES_AHEAD: usize = 2;

/// Rows of a file in its order, as far as they were read.
#[derive(Debug)]
pub struct Batch<R> {
    /// The rows.
    pub rows: Vec<R>,
    /// How far into the file they reach.
    pub bytes_read: u64,
}

/// Why reading ended early.
#[derive(Debug)]
pub enum Broken {
    /// The file is not what it should be; the sentence says why and how to mend it.
    NotATable(String),
    /// The disk.
    Disk(std::io::Error),
    /// The thread that reads it ended.
    Gone(String),
}

/// Where a reading thread puts rows.
#[derive(Debug)]
pub struct Sink<R> {
    send: mpsc::Sender<Result<Batch<R>, Broken>>,
    rows: Vec<R>,
    size: usize,
}

/// Whoever took the rows has gone away: reading may end.
#[derive(Debug)]
pub struct NobodyListens;

impl<R> Sink<R> {
    /// Says that the file's header is good; the rows follow.
    pub fn header_is_good(&mut self) -> Result<(), NobodyListens> {
        self.pass(0)
    }

    /// Takes one row.
    pub fn push(&mut self, row: R, bytes_read: u64) -> Result<(), NobodyListens> {
        self.rows.push(row);
        if self.rows.len() < self.size { Ok(()) } else { self.pass(bytes_read) }
    }

    /// Hands over what is left.
    pub fn end(&mut self, bytes_read: u64) -> Result<(), NobodyListens> {
        self.pass(bytes_read)
    }

    fn pass(&mut self, bytes_read: u64) -> Result<(), NobodyListens> {
        let rows = std::mem::replace(&mut self.rows, Vec::with_capacity(self.size));
        self.send.blocking_send(Ok(Batch { rows, bytes_read })).map_err(|_| NobodyListens)
    }
}

/// Rows of a file whose header is good.
#[derive(Debug)]
pub struct Batches<R> {
    receiver: mpsc::Receiver<Result<Batch<R>, Broken>>,
    reader: tokio::task::JoinHandle<()>,
}

impl<R: Send + 'static> Batches<R> {
    /// Begins to read, in batches of `size` rows; a file that is no table is an error here,
    /// before anything is made.
    pub async fn open(
        size: usize,
        read: impl FnOnce(&mut Sink<R>) -> Result<(), Broken> + Send + 'static,
    ) -> Result<Batches<R>, Broken> {
        let (send, mut receiver) = mpsc::channel(BATCHES_AHEAD);
        let reader = tokio::task::spawn_blocking(move || {
            let mut sink = Sink { send, rows: Vec::with_capacity(size), size };
            if let Err(broken) = read(&mut sink) {
                // An error means that nobody waits for it any more.
                sink.send.blocking_send(Err(broken)).ok();
            }
        });
        // The first batch is empty: it says that the header was read.
        match receiver.recv().await {
            Some(Ok(_)) => Ok(Batches { receiver, reader }),
            Some(Err(broken)) => Err(broken),
            None => Err(ended(reader.await)),
        }
    }

    /// The next rows; None at the end.
    pub async fn next(&mut self) -> Result<Option<Batch<R>>, Broken> {
        match self.receiver.recv().await {
            Some(batch) => batch.map(Some),
            None => match (&mut self.reader).await {
                Ok(()) => Ok(None),
                error => Err(ended(error)),
            },
        }
    }
}

fn ended(how: Result<(), tokio::task::JoinError>) -> Broken {
    let why = how.err().map_or_else(|| "it ended early".to_owned(), |error| error.to_string());
    Broken::Gone(format!("the thread that reads a file: {why}"))
}
