//! io_uring: one datagram each of many sockets with one system call, both ways.
//!
//! A tick of a session is one datagram in and one out. As system calls of their own each pays
//! for the way into the kernel, which together is a tenth of what the kernel does for a tick.
//!
//! Nothing stays with the kernel between two calls: every request says `MSG_DONTWAIT`, and
//! [`Ring::run`] comes back when all are done. So a closed socket needs no care, and a worker
//! without a ring (old kernel, forbidden by the container) does the same one by one.

use std::io;
use std::os::fd::AsRawFd;

use io_uring::{IoUring, opcode, squeue, types};
use socket2::{SockAddr, Socket};

use super::socket::Batch;
use crate::base::Mono;
use crate::media::rtp::MAX_PACKET;

/// Sockets that are served by one call: what is in hand at once stays in the processor's
/// first-level cache beside the sessions.
pub(super) const PLACES: usize = 32;

/// A packet on its way out.
struct Letter {
    packet: [u8; MAX_PACKET],
    to: Option<SockAddr>,
}

/// One worker's ring.
pub(super) struct Ring {
    uring: IoUring,
    incoming: Box<Batch<PLACES>>,
    outgoing: Vec<Letter>,
    /// Requests that were put down since the last run.
    open: usize,
    /// One bit per place: asked for a datagram, and got one.
    asked: u32,
    got: u32,
}

impl Ring {
    /// The calling thread is the only one that may use it.
    pub fn new() -> io::Result<Ring> {
        // Both options are known from Linux 6.1 on, as is an address beside a plain send:
        // older kernels refuse here.
        let uring = IoUring::builder().setup_single_issuer().setup_defer_taskrun().build(PLACES as u32)?;
        let outgoing = (0..PLACES).map(|_| Letter { packet: [0; MAX_PACKET], to: None }).collect();
        Ok(Ring { uring, incoming: Batch::new(), outgoing, open: 0, asked: 0, got: 0 })
    }

    /// Asks for one datagram of each of these, and takes what is there.
    pub fn receive<'a>(&mut self, sockets: impl Iterator<Item = (usize, &'a Socket)>) -> io::Result<()> {
        (self.asked, self.got) = (0, 0);
        for (place, socket) in sockets {
            let header = self.incoming.ready(place);
            let entry = opcode::RecvMsg::new(types::Fd(socket.as_raw_fd()), header)
                .flags(libc::MSG_DONTWAIT as u32)
                .build();
            self.asked |= 1 << place;
            self.put(place, entry);
        }
        let Ring { incoming, got, .. } = self;
        let (incoming, got) = (&mut **incoming, got);
        let mut came = [None; PLACES];
        let done = run(&mut self.uring, &mut self.open, |place, result| {
            came[place] = u32::try_from(result).ok();
        });
        for (place, length) in came.into_iter().enumerate() {
            if let Some(length) = length {
                incoming.came(place, length);
                *got |= 1 << place;
            }
        }
        done
    }

    /// Whether a datagram came at `place`; None where none was asked for.
    pub fn came(&self, place: usize) -> Option<bool> {
        let has = |bits: u32| bits >> place & 1 == 1;
        has(self.asked).then(|| has(self.got))
    }

    /// The datagram that came at `place`; see [`Batch::datagram`].
    pub fn datagram(
        &self,
        place: usize,
        now: Mono,
        offset_ns: i64,
    ) -> Option<(&[u8], std::net::SocketAddr, Mono)> {
        self.incoming.datagram(place, now, offset_ns)
    }

    /// To which address of ours it came; see [`Batch::destination`].
    pub fn destination(&self, place: usize) -> Option<std::net::IpAddr> {
        self.incoming.destination(place)
    }

    /// A packet for [`Ring::send`], one a place; `to` is None where the socket is tied to its peer.
    pub fn post(&mut self, place: usize, socket: &Socket, packet: &[u8], to: Option<&SockAddr>) {
        let Letter { packet: room, to: address } = &mut self.outgoing[place];
        let len = packet.len().min(MAX_PACKET);
        room[..len].copy_from_slice(&packet[..len]);
        let mut send = opcode::Send::new(types::Fd(socket.as_raw_fd()), room.as_ptr(), len as u32)
            .flags(libc::MSG_NOSIGNAL | libc::MSG_DONTWAIT);
        if let Some(to) = to {
            let address = address.insert(to.clone());
            send = send.dest_addr(address.as_ptr().cast()).dest_addr_len(address.len());
        }
        let entry = send.build();
        self.put(place, entry);
    }

    /// Sends what was posted; tells the places whose packet the kernel did not take.
    pub fn send(&mut self, mut failed: impl FnMut(usize)) -> io::Result<()> {
        run(&mut self.uring, &mut self.open, |place, result| {
            if result < 0 {
                failed(place);
            }
        })
    }

    fn put(&mut self, place: usize, entry: squeue::Entry) {
        // SAFETY: the entry points into `incoming` or `outgoing`, which live on the heap as long
        // as the ring does, and `run` comes back only when the kernel is done with it.
        let put = unsafe { self.uring.submission().push(&entry.user_data(place as u64)) };
        // There is an entry for each place, and each is used once before a run.
        debug_assert!(put.is_ok());
        self.open += usize::from(put.is_ok());
    }
}

/// Has all requests done; tells the place and the result of each.
fn run(uring: &mut IoUring, open: &mut usize, mut done: impl FnMut(usize, i32)) -> io::Result<()> {
    while *open > 0 {
        match uring.submit_and_wait(*open) {
            Err(e) if e.kind() != io::ErrorKind::Interrupted => return Err(e),
            _ => {}
        }
        for completion in uring.completion() {
            *open -= 1;
            done(completion.user_data() as usize, completion.result());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, SocketAddr, UdpSocket};

    /// None where the system forbids rings: workers do without then, and so do these tests.
    fn ring() -> Option<Ring> {
        Ring::new().inspect_err(|e| eprintln!("no io_uring here: {e}")).ok()
    }

    fn socket() -> Socket {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        socket.set_nonblocking(true).unwrap();
        socket.into()
    }

    fn address(socket: &Socket) -> SocketAddr {
        socket.local_addr().unwrap().as_socket().unwrap()
    }

    #[test]
    fn every_place_gets_its_own_datagram_or_none_and_none_is_waited_for() {
        let Some(mut ring) = ring() else { return };
        let ours: Vec<Socket> = (0..PLACES).map(|_| socket()).collect();
        let peers: Vec<Socket> = (0..PLACES).map(|_| socket()).collect();
        for round in 0..100 {
            // One in three is not posted, one in five not asked.
            for place in (0..PLACES).filter(|place| (place + round) % 3 != 0) {
                let packet = vec![(place + round) as u8; 12 + place * 40];
                let to = SockAddr::from(address(&ours[place]));
                ring.post(place, &peers[place], &packet, Some(&to));
            }
            ring.send(|place| panic!("{place} was not sent")).unwrap();
            let asked = |place: &usize| (place + round) % 5 != 0;
            let sockets = (0..PLACES).filter(asked).map(|place| (place, &ours[place]));
            ring.receive(sockets).unwrap();
            for place in 0..PLACES {
                let sent = (place + round) % 3 != 0;
                assert_eq!(ring.came(place), asked(&place).then_some(sent), "{place} of {round}");
                if ring.came(place) == Some(true) {
                    let (bytes, from, _) = ring.datagram(place, Mono(1), 0).unwrap();
                    assert_eq!(bytes, vec![(place + round) as u8; 12 + place * 40]);
                    assert_eq!(from, address(&peers[place]));
                } else if sent {
                    // What was not asked for waits, and is taken here.
                    assert!(ours[place].recv(&mut [std::mem::MaybeUninit::new(0); 8]).is_ok());
                }
            }
        }
    }

    #[test]
    fn a_packet_that_the_kernel_does_not_take_is_told_with_its_place() {
        let Some(mut ring) = ring() else { return };
        let (ours, gone, there) = (socket(), socket(), socket());
        let closed = address(&gone);
        drop(gone);
        ours.connect(&closed.into()).unwrap();
        let mut failed = Vec::new();
        for _ in 0..4 {
            ring.post(3, &ours, b"tied", None);
            ring.post(9, &there, b"free", Some(&address(&there).into()));
            ring.send(|place| failed.push(place)).unwrap();
        }
        // Each ICMP answer costs the packet after it.
        assert_eq!(failed, [3, 3]);
    }
}
