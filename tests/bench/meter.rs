//! CPU time of threads by name, and memory.

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

/// CPU seconds of this process's threads whose names begin with one of `prefixes`.
///
/// Loopback delivers a packet within the sender's system call, so the kernel's share is in here.
pub fn cpu_seconds(prefixes: &[&str]) -> f64 {
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else { return 0.0 };
    let nanoseconds: u64 = tasks
        .flatten()
        .filter(|task| {
            let name = std::fs::read_to_string(task.path().join("comm")).unwrap_or_default();
            prefixes.iter().any(|prefix| name.starts_with(prefix))
        })
        .filter_map(|task| {
            let stat = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
            stat.split_whitespace().next()?.parse::<u64>().ok()
        })
        .sum();
    nanoseconds as f64 / 1e9
}

/// Resident memory of this process in bytes.
pub fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
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
