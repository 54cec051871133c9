//! A session's two sockets, and reading and writing them with few system calls.

use std::io;
use std::net::{IpAddr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::AsRawFd;

use socket2::{Domain, Protocol, SockAddr, Socket, Type};

use crate::base::Mono;

/// Expedited Forwarding (RFC 3246), as voice is marked (RFC 4594): DSCP 46 in the upper six bits.
const TOS_EF: u32 = 46 << 2;

/// Receive buffer asked of the kernel: about 1.5 s of packets, more than any stall that the
/// jitter buffer could bridge.
const RECEIVE_BUFFER: usize = 64 * 1024;

/// Send buffer asked of the kernel: a tick sends one packet.
const SEND_BUFFER: usize = 16 * 1024;

/// The sockets of one session.
pub(super) struct Pair {
    pub rtp: Socket,
    pub rtcp: Socket,
    pub port: u16,
    /// Bound to every address of ours. Tied to a peer, the kernel chooses one of them, and the peer may
    /// be sending to another: while it is not tied, each datagram says to which it came.
    wild: bool,
}

impl Pair {
    /// Binds RTP to `port` and RTCP to the next.
    pub fn bind(address: IpAddr, port: u16) -> io::Result<Pair> {
        let wild = address.is_unspecified();
        let pair = Pair { rtp: bind(address, port)?, rtcp: bind(address, port + 1)?, port, wild };
        pair.tell_destinations(true);
        Ok(pair)
    }

    /// Whether it must be known to which address of ours a peer sends before the socket is tied to it.
    pub fn asks_destination(&self) -> bool {
        self.wild
    }

    /// Has datagrams say to which of our addresses they came. Where that cannot be had, none does, and
    /// the socket is never tied.
    fn tell_destinations(&self, wanted: bool) {
        if !self.wild {
            return;
        }
        let is_v4 = self.rtp.local_addr().is_ok_and(|address| address.is_ipv4());
        let (level, name) = if is_v4 {
            (libc::IPPROTO_IP, libc::IP_PKTINFO)
        } else {
            (libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO)
        };
        let value = libc::c_int::from(wanted);
        // SAFETY: passes the address and size of `value`, which outlives the call.
        unsafe {
            libc::setsockopt(
                self.rtp.as_raw_fd(),
                level,
                name,
                (&raw const value).cast(),
                size_of::<libc::c_int>() as libc::socklen_t,
            )
        };
    }

    /// Ties the RTP socket to `peer`: the kernel looks its route up once instead of for each
    /// packet, and drops what others send. `came_to` is the address of ours to which the peer sends, where
    /// that is asked. False where that cannot be, or would be at another of our addresses.
    pub fn tie(&self, peer: &SockAddr, came_to: Option<IpAddr>) -> bool {
        if self.wild && came_to.is_none() || self.rtp.connect(peer).is_err() {
            return false;
        }
        let chosen = self.rtp.local_addr().ok().and_then(|address| address.as_socket()).map(|own| own.ip());
        if self.wild && chosen.map(|ip| ip.to_canonical()) != came_to {
            self.untie();
            return false;
        }
        self.tell_destinations(false);
        true
    }

    /// The RTP socket takes packets of anybody again.
    pub fn untie(&self) {
        let nobody = libc::sockaddr { sa_family: libc::AF_UNSPEC as _, sa_data: [0; 14] };
        // SAFETY: passes the address and size of `nobody`, which outlives the call. The family
        // says that the socket is bound as before and loses its peer's address (connect(2)); that
        // cannot fail for a UDP socket.
        unsafe {
            libc::connect(
                self.rtp.as_raw_fd(),
                &raw const nobody,
                size_of::<libc::sockaddr>() as libc::socklen_t,
            )
        };
        self.tell_destinations(true);
    }
}

fn bind(address: IpAddr, port: u16) -> io::Result<Socket> {
    let domain = if address.is_ipv4() { Domain::IPV4 } else { Domain::IPV6 };
    let socket = Socket::new(domain, Type::DGRAM.nonblocking(), Some(Protocol::UDP))?;
    socket.bind(&SocketAddr::new(address, port).into())?;
    // A host that refuses the mark still carries the call.
    let _ = if address.is_ipv4() { socket.set_tos_v4(TOS_EF) } else { socket.set_tclass_v6(TOS_EF) };
    socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
    socket.set_send_buffer_size(SEND_BUFFER)?;
    let on: libc::c_int = 1;
    // SAFETY: passes the address and size of `on`, which outlives the call.
    let stamped = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_TIMESTAMPNS,
            (&raw const on).cast(),
            size_of::<libc::c_int>() as libc::socklen_t,
        )
    };
    if stamped != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(socket)
}

/// Sends without blocking. A full send buffer or an ICMP error of an earlier packet costs
/// this packet, as the network may at any time. `to` is None where the socket is tied to its peer.
pub(super) fn send(socket: &Socket, packet: &[u8], to: Option<&SockAddr>) -> bool {
    // SAFETY: passes the address and length of `packet` and of `to`, which outlive the call, or
    // null for no address. For the bare system call see `Batch::receive`.
    let sent = unsafe {
        libc::syscall(
            libc::SYS_sendto,
            socket.as_raw_fd(),
            packet.as_ptr(),
            packet.len(),
            libc::MSG_NOSIGNAL | libc::MSG_DONTWAIT,
            to.map_or(std::ptr::null(), SockAddr::as_ptr),
            to.map_or(0, SockAddr::len),
        )
    };
    sent >= 0
}

/// Largest datagram taken: an Ethernet MTU. Longer ones are cut and fail their checks.
const DATAGRAM: usize = 1_500;

/// Datagrams of one socket per system call: one is due per tick, more after a gap in the network.
pub(super) const BATCH: usize = 4;

/// Room for control messages with a timestamp and a destination.
const CONTROL: usize = 96;

/// Room for `N` datagrams with their sources and stamps.
///
/// Reads a socket dry with one system call in the usual case. Plain `recv` needs two: the one
/// that gives the packet and one that says there is no more.
pub(super) struct Batch<const N: usize> {
    packets: [[u8; DATAGRAM]; N],
    names: [libc::sockaddr_storage; N],
    control: [Control; N],
    vectors: [libc::iovec; N],
    headers: [libc::mmsghdr; N],
}

/// Control messages must be aligned as their header is.
#[repr(C, align(8))]
#[derive(Clone, Copy)]
struct Control([u8; CONTROL]);

impl<const N: usize> Batch<N> {
    /// Boxed, because the headers point into it.
    pub fn new() -> Box<Batch<N>> {
        // SAFETY: all-zero bytes are valid for every field: byte arrays and C structs of
        // numbers and pointers, which are set before each use.
        let zeroed = || unsafe { std::mem::zeroed() };
        let mut batch = Box::new(Batch {
            packets: [[0; DATAGRAM]; N],
            names: [zeroed(); N],
            control: [Control([0; CONTROL]); N],
            vectors: [libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 0 }; N],
            // SAFETY: as above.
            headers: unsafe { std::mem::zeroed() },
        });
        let batch_ref = &mut *batch;
        for n in 0..N {
            batch_ref.vectors[n] =
                libc::iovec { iov_base: batch_ref.packets[n].as_mut_ptr().cast(), iov_len: DATAGRAM };
            let header = &mut batch_ref.headers[n].msg_hdr;
            header.msg_name = (&raw mut batch_ref.names[n]).cast();
            header.msg_iov = &raw mut batch_ref.vectors[n];
            header.msg_iovlen = 1;
            header.msg_control = (&raw mut batch_ref.control[n]).cast();
        }
        batch
    }

    /// Makes place `n` ready for a datagram. The header stays where it is as long as the batch
    /// does, and points into it.
    pub fn ready(&mut self, n: usize) -> *mut libc::msghdr {
        let header = &mut self.headers[n].msg_hdr;
        header.msg_namelen = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
        header.msg_controllen = CONTROL as _;
        header
    }

    /// A datagram of `length` bytes has come to place `n`.
    pub fn came(&mut self, n: usize, length: u32) {
        self.headers[n].msg_len = length;
    }

    /// Takes what waits, at most `most` of `N` datagrams; [`Batch::is_full`] tells whether
    /// more may wait. Errors (ICMP answers to what we sent) read as nothing.
    ///
    /// The kernel looks again after each datagram until there is none or `most` are read, so
    /// asking for one where one is expected spares that look, and with it a sixth of the call.
    pub fn receive(&mut self, socket: &Socket, most: usize) -> usize {
        if most == 1 {
            return self.receive_one(socket);
        }
        for n in 0..N {
            self.ready(n);
        }
        // The bare system call: the C library's function is a cancellation point, whose
        // bookkeeping costs 2 % of the thread.
        // SAFETY: each header points at its own name, vector and control buffer inside this
        // box, with their true sizes.
        let count = unsafe {
            libc::syscall(
                libc::SYS_recvmmsg,
                socket.as_raw_fd(),
                self.headers.as_mut_ptr(),
                most.min(N) as libc::c_uint,
                libc::MSG_DONTWAIT,
                std::ptr::null_mut::<libc::timespec>(),
            )
        };
        usize::try_from(count).unwrap_or(0)
    }

    /// The same for one datagram.
    fn receive_one(&mut self, socket: &Socket) -> usize {
        let header = self.ready(0);
        // SAFETY: as in `receive`, for the first header.
        let length =
            unsafe { libc::syscall(libc::SYS_recvmsg, socket.as_raw_fd(), header, libc::MSG_DONTWAIT) };
        let Ok(length) = u32::try_from(length) else { return 0 };
        self.came(0, length);
        1
    }

    /// Whether `count` datagrams filled the batch.
    pub const fn is_full(count: usize) -> bool {
        count == N
    }

    /// Datagram `n` of the last `receive`: its bytes, its source, and its arrival on the
    /// monotonic clock (`offset_ns` from [`super::clock::stamp_offset_ns`]), never after `now`.
    pub fn datagram(&self, n: usize, now: Mono, offset_ns: i64) -> Option<(&[u8], SocketAddr, Mono)> {
        let source = address(&self.names[n])?;
        let arrival = stamp_ns(&self.headers[n].msg_hdr)
            .and_then(|stamp| u64::try_from((stamp + offset_ns) / 1_000).ok())
            .map_or(now, |at| Mono(at).min(now));
        let len = (self.headers[n].msg_len as usize).min(DATAGRAM);
        Some((&self.packets[n][..len], source, arrival))
    }

    /// To which address of ours datagram `n` came, where the socket says so.
    pub fn destination(&self, n: usize) -> Option<IpAddr> {
        destination(&self.headers[n].msg_hdr)
    }
}

fn stamp_ns(header: &libc::msghdr) -> Option<i64> {
    // SAFETY: the type says that a timespec follows.
    let stamp: libc::timespec = unsafe { control(header, libc::SOL_SOCKET, libc::SCM_TIMESTAMPNS) }?;
    Some(stamp.tv_sec * 1_000_000_000 + stamp.tv_nsec)
}

fn destination(header: &libc::msghdr) -> Option<IpAddr> {
    // SAFETY: the type says which struct follows.
    unsafe {
        if let Some(info) = control::<libc::in_pktinfo>(header, libc::IPPROTO_IP, libc::IP_PKTINFO) {
            return Some(IpAddr::V4(u32::from_be(info.ipi_addr.s_addr).into()));
        }
        let info: libc::in6_pktinfo = control(header, libc::IPPROTO_IPV6, libc::IPV6_PKTINFO)?;
        Some(IpAddr::V6(info.ipi6_addr.s6_addr.into()).to_canonical())
    }
}

/// What a control message of that kind holds.
///
/// # Safety
/// The kernel filled the header, and a `T` follows a message of that kind.
unsafe fn control<T>(header: &libc::msghdr, level: libc::c_int, kind: libc::c_int) -> Option<T> {
    // SAFETY: the kernel filled `msg_control` and `msg_controllen` of this header; both macros give null
    // where no whole message is there, and the caller says what follows.
    unsafe {
        let mut message = libc::CMSG_FIRSTHDR(header);
        while !message.is_null() {
            if (*message).cmsg_level == level && (*message).cmsg_type == kind {
                return Some(libc::CMSG_DATA(message).cast::<T>().read_unaligned());
            }
            message = libc::CMSG_NXTHDR(header, message);
        }
        None
    }
}

/// The kernel's form of an address; IPv4 inside IPv6 becomes plain IPv4.
fn address(name: &libc::sockaddr_storage) -> Option<SocketAddr> {
    match libc::c_int::from(name.ss_family) {
        libc::AF_INET => {
            // SAFETY: the family says which struct the storage holds; it is large and aligned enough.
            let v4 = unsafe { &*(&raw const *name).cast::<libc::sockaddr_in>() };
            let ip = u32::from_be(v4.sin_addr.s_addr).into();
            Some(SocketAddrV4::new(ip, u16::from_be(v4.sin_port)).into())
        }
        libc::AF_INET6 => {
            // SAFETY: as above.
            let v6 = unsafe { &*(&raw const *name).cast::<libc::sockaddr_in6>() };
            let ip = std::net::Ipv6Addr::from(v6.sin6_addr.s6_addr);
            let port = u16::from_be(v6.sin6_port);
            Some(match ip.to_ipv4_mapped() {
                Some(v4) => SocketAddrV4::new(v4, port).into(),
                None => SocketAddrV6::new(ip, port, 0, v6.sin6_scope_id).into(),
            })
        }
        _ => None,
    }
}
