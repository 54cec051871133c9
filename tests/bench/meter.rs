//! CPU time of processes and of their threads by name, and memory.

use std::collections::BTreeMap;

/// Pins the calling thread, and threads it starts from here on, to one core.
pub fn pin(core: usize) {
    // SAFETY: the set is plain bits, initialised by zeroes and CPU_SET; zero means this thread.
    let failed = unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(core, &mut set);
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const set)
    };
    if failed != 0 {
        eprintln!("core {core} cannot be had: {}", std::io::Error::last_os_error());
    }
}

/// Lets the calling thread run whenever it wakes, so that other work on the machine does not
/// spoil what is measured; without the right to that it stays as it is.
pub fn hurry() {
    let real_time = libc::sched_param { sched_priority: 1 };
    // SAFETY: reads `real_time`; zero means this thread.
    unsafe { libc::sched_setscheduler(0, libc::SCHED_RR, &raw const real_time) };
}

/// CPU time that a process took so far.
#[derive(Clone, Debug, Default)]
pub struct Cpu {
    /// Of all its threads, those that have ended too.
    pub total: f64,
    threads: BTreeMap<String, f64>,
}

impl Cpu {
    /// CPU seconds of running threads whose names begin so.
    pub fn of(&self, prefix: &str) -> f64 {
        self.threads.iter().filter(|(name, _)| name.starts_with(prefix)).map(|(_, seconds)| seconds).sum()
    }

    /// What was taken since `earlier`.
    pub fn since(&self, earlier: &Cpu) -> Cpu {
        let of = |name: &String| earlier.threads.get(name).copied().unwrap_or(0.0);
        let threads = self.threads.iter().map(|(name, seconds)| (name.clone(), seconds - of(name)));
        Cpu { total: self.total - earlier.total, threads: threads.collect() }
    }
}

/// CPU time of a process (`self` or a number).
///
/// Loopback delivers a packet within the sender's system call, so the kernel's share is in here.
pub fn cpu(process: &str) -> Cpu {
    let mut cpu = Cpu { total: total_seconds(process), ..Cpu::default() };
    let Ok(tasks) = std::fs::read_dir(format!("/proc/{process}/task")) else { return cpu };
    for task in tasks.flatten() {
        let name = std::fs::read_to_string(task.path().join("comm")).unwrap_or_default();
        let stat = std::fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
        let nanoseconds = stat.split_whitespace().next().and_then(|n| n.parse::<u64>().ok()).unwrap_or(0);
        *cpu.threads.entry(name.trim_end().to_owned()).or_default() += nanoseconds as f64 / 1e9;
    }
    cpu
}

/// User and system time in clock ticks of 10 ms, summed by the kernel over all threads.
fn total_seconds(process: &str) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The name in brackets may hold blanks; the fields behind it do not.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    let ticks: u64 = fields.split_whitespace().skip(11).take(2).filter_map(|n| n.parse::<u64>().ok()).sum();
    ticks as f64 / 100.0
}

/// Resident memory of a process (`self` or a number) in bytes.
pub fn resident_bytes(process: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/statm")).unwrap_or_default();
    let pages: u64 = status.split_whitespace().nth(1).and_then(|n| n.parse().ok()).unwrap_or(0);
    pages * 4_096
}

/// Allows as many open files as the system lets this process have.
pub fn raise_file_limit() {
    // SAFETY: reads and writes one plain struct.
    unsafe {
        let mut limit: libc::rlimit = std::mem::zeroed();
        libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit);
        limit.rlim_cur = limit.rlim_max;
        libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit);
    }
}
