//! Batched receiving with the kernel's stamps, and the clock, for the load generator.

use std::net::UdpSocket;
use std::os::fd::{AsRawFd, RawFd};

const DATAGRAM: usize = 512;
const CONTROL: usize = 64;

/// Large buffers and stamps for a generator socket; non-blocking.
pub fn prepare(socket: &UdpSocket) -> std::io::Result<()> {
    socket.set_nonblocking(true)?;
    let set = |option: libc::c_int, value: libc::c_int| {
        // SAFETY: passes the address and size of `value`, which outlives the call.
        unsafe {
            libc::setsockopt(
                socket.as_raw_fd(),
                libc::SOL_SOCKET,
                option,
                (&raw const value).cast(),
                size_of::<libc::c_int>() as libc::socklen_t,
            )
        }
    };
    // The forced size needs a right that a plain user lacks; the plain one is capped.
    if set(libc::SO_RCVBUFFORCE, 8 << 20) != 0 {
        set(libc::SO_RCVBUF, 8 << 20);
    }
    set(libc::SO_TIMESTAMPNS, 1);
    Ok(())
}

/// Nanoseconds of the monotonic clock.
pub fn monotonic_ns() -> u64 {
    let mut at = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: writes `at`.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut at) };
    at.tv_sec as u64 * 1_000_000_000 + at.tv_nsec as u64
}

/// Nanoseconds of the wall clock, which the kernel's stamps are of.
pub fn realtime_ns() -> u64 {
    let mut at = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: writes `at`.
    unsafe { libc::clock_gettime(libc::CLOCK_REALTIME, &raw mut at) };
    at.tv_sec as u64 * 1_000_000_000 + at.tv_nsec as u64
}

/// Sleeps until a point of [`monotonic_ns`].
pub fn sleep_until_ns(deadline: u64) {
    let at = libc::timespec {
        tv_sec: (deadline / 1_000_000_000) as libc::time_t,
        tv_nsec: (deadline % 1_000_000_000) as libc::c_long,
    };
    // SAFETY: reads `at`, writes nothing.
    unsafe {
        libc::clock_nanosleep(libc::CLOCK_MONOTONIC, libc::TIMER_ABSTIME, &raw const at, std::ptr::null_mut())
    };
}

#[repr(C, align(8))]
#[derive(Clone, Copy)]
struct Control([u8; CONTROL]);

/// Buffers for one `recvmmsg`.
pub struct Incoming {
    packets: Vec<[u8; DATAGRAM]>,
    names: Vec<libc::sockaddr_in>,
    control: Vec<Control>,
    vectors: Vec<libc::iovec>,
    headers: Vec<libc::mmsghdr>,
}

impl Incoming {
    /// Datagrams per call.
    pub const BATCH: usize = 64;

    pub fn new() -> Incoming {
        // SAFETY: all-zero bytes are valid for these C structs of numbers and pointers.
        let (name, header): (libc::sockaddr_in, libc::mmsghdr) = unsafe { std::mem::zeroed() };
        let mut incoming = Incoming {
            packets: vec![[0; DATAGRAM]; Self::BATCH],
            names: vec![name; Self::BATCH],
            control: vec![Control([0; CONTROL]); Self::BATCH],
            vectors: Vec::new(),
            headers: vec![header; Self::BATCH],
        };
        for packet in &mut incoming.packets {
            incoming.vectors.push(libc::iovec { iov_base: packet.as_mut_ptr().cast(), iov_len: DATAGRAM });
        }
        incoming
    }

    /// Takes what waits, at most [`Incoming::BATCH`].
    pub fn receive(&mut self, fd: RawFd) -> usize {
        for n in 0..Self::BATCH {
            let header = &mut self.headers[n].msg_hdr;
            header.msg_name = (&raw mut self.names[n]).cast();
            header.msg_namelen = size_of::<libc::sockaddr_in>() as libc::socklen_t;
            header.msg_iov = &raw mut self.vectors[n];
            header.msg_iovlen = 1;
            header.msg_control = (&raw mut self.control[n]).cast();
            header.msg_controllen = CONTROL as _;
        }
        // SAFETY: each header points at buffers of this struct with their true sizes.
        let count = unsafe {
            libc::recvmmsg(
                fd,
                self.headers.as_mut_ptr(),
                Self::BATCH as libc::c_uint,
                libc::MSG_DONTWAIT,
                std::ptr::null_mut(),
            )
        };
        usize::try_from(count).unwrap_or(0)
    }

    /// Bytes, source port and stamp of datagram `n`.
    pub fn datagram(&self, n: usize) -> (&[u8], u16, u64) {
        let len = (self.headers[n].msg_len as usize).min(DATAGRAM);
        // SAFETY: the kernel filled the control buffer of this header.
        let stamp = unsafe {
            let message = libc::CMSG_FIRSTHDR(&raw const self.headers[n].msg_hdr);
            if message.is_null() {
                0
            } else {
                let at = libc::CMSG_DATA(message).cast::<libc::timespec>().read_unaligned();
                at.tv_sec as u64 * 1_000_000_000 + at.tv_nsec as u64
            }
        };
        (&self.packets[n][..len], u16::from_be(self.names[n].sin_port), stamp)
    }
}
