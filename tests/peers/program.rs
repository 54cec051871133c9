//! Programs that a test starts: they end with the test, and their output is shown when it fails.

use std::fs::File;
use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

/// A program under way.
pub struct Program {
    name: String,
    child: Child,
    output: PathBuf,
    /// It leads a process group, which ends with it.
    leads: bool,
}

impl Program {
    /// Starts it with its output in a file of `folder`.
    pub fn start(name: &str, command: &mut Command, folder: &Path) -> Program {
        let output = folder.join(format!("{name}.out"));
        let file = File::create(&output).expect("a file for the output");
        let errors = file.try_clone().expect("the same file");
        let child = command.stdin(Stdio::null()).stdout(file).stderr(errors).spawn();
        let child = child.unwrap_or_else(|e| panic!("{name} does not start: {e}"));
        Program { name: name.to_owned(), child, output, leads: false }
    }

    /// It was started as the leader of a process group: its children end with it.
    pub fn with_group(mut self) -> Program {
        self.leads = true;
        self
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it wrote so far.
    pub fn output(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.output).unwrap_or_default()).into_owned()
    }

    /// Asks it to end (SIGTERM).
    pub fn terminate(&self) {
        self.signal("TERM");
    }

    /// Sends it a signal.
    pub fn signal(&self, name: &str) {
        let pid = self.pid().to_string();
        Command::new("kill").args([&format!("-{name}"), &pid]).status().expect("kill");
    }

    /// Ends it at once (SIGKILL), as a power cut would.
    pub fn kill(&mut self) {
        self.child.kill().expect("a child of ours");
        self.child.wait().expect("its end");
    }

    /// Whether it has ended by itself.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child of ours")
    }

    /// Waits for its end.
    pub async fn wait(&mut self, limit: Duration) -> ExitStatus {
        let name = self.name.clone();
        let ended = until(limit, async || self.ended()).await;
        ended.unwrap_or_else(|| panic!("{name} did not end within {limit:?}:\n{}", self.tail()))
    }

    /// The last of its output.
    pub fn tail(&self) -> String {
        let output = self.output();
        let lines: Vec<_> = output.lines().collect();
        lines[lines.len().saturating_sub(60)..].join("\n")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("---- {} ----\n{}", self.name, self.tail());
        }
        if self.leads {
            let group = format!("-{}", self.child.id());
            Command::new("kill").args(["-KILL", "--", &group]).status().ok();
        }
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Asks again every 50 ms until there is an answer; None when `limit` has passed.
pub async fn until<T>(limit: Duration, mut ask: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    let asking = async {
        let mut turn = tokio::time::interval(Duration::from_millis(50));
        loop {
            turn.tick().await;
            if let Some(answer) = ask().await {
                return answer;
            }
        }
    };
    tokio::time::timeout(limit, asking).await.ok()
}

/// Ports for programs that are told theirs: below the range from which the kernel serves
/// those who ask for any port (32768 and up on Linux), so that nobody else is given one of
/// them between the look and the program's start.
const PORTS: std::ops::Range<u16> = 10_000..20_000;

/// The first of four ports of loopback that are free, for UDP and TCP, and given to nobody
/// else in this process: a SIPp takes a media port and the three after it.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let quarters = (PORTS.end - PORTS.start) / 4;
    // Runs that overlap begin at different places.
    let first = (std::process::id() % u32::from(quarters)) as u16;
    let is_free = |port: u16| {
        UdpSocket::bind(("127.0.0.1", port)).is_ok() && TcpListener::bind(("127.0.0.1", port)).is_ok()
    };
    for _ in 0..quarters {
        let turn = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = PORTS.start + (first + turn % quarters) % quarters * 4;
        if (port..port + 4).all(is_free) {
            return port;
        }
    }
    panic!("no four free ports in {PORTS:?} on loopback");
}

/// Where a program is: in the PATH, or where Debian keeps daemons.
pub fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    folders.map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// Whether a program can be had. Its absence is reported on the terminal, and is a failure
/// where `RINGBACK_TEST_PEERS=required` (as in `tests/run`).
pub fn can_run(name: &str) -> bool {
    let found = find(name).is_some();
    if !found {
        let promised = std::env::var("RINGBACK_TEST_PEERS").is_ok_and(|v| v == "required");
        assert!(!promised, "RINGBACK_TEST_PEERS=required, but there is no {name}");
        skip(&format!("{name} is not installed (tests/run installs it)"));
    }
    found
}

/// Whether the long proofs are wanted: `RINGBACK_TEST_LONG=1`.
pub fn is_long() -> bool {
    std::env::var("RINGBACK_TEST_LONG").is_ok_and(|value| value == "1")
}

/// Whether the tests run as root.
pub fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|o| o.stdout == b"0\n")
}

/// Reports on the terminal, past the test harness, that something was not tested.
pub fn skip(why: &str) {
    use std::io::Write;
    std::io::stderr().write_all(format!("SKIPPED: {why}\n").as_bytes()).expect("stderr");
}
