//! SRTP in both directions, where the SDP agreed on it (RFC 3711, RFC 4568).

use std::borrow::Cow;

use crate::media::SrtpPair;
use crate::media::srtp::{SrtpReceiver, SrtpSender};

/// How the packets of a stream are protected.
#[derive(Default)]
pub(super) enum Protection {
    /// Plain RTP.
    #[default]
    None,
    /// SRTP and SRTCP.
    Srtp(Box<Contexts>),
    /// The agreed keys cannot be used: nothing leaves and nothing is taken, because what was
    /// to be secret must not go in the clear.
    Broken,
}

/// The state of both directions, kept while the keys stay the same.
pub(super) struct Contexts {
    keys: SrtpPair,
    sender: SrtpSender,
    receiver: SrtpReceiver,
}

impl Protection {
    /// Follows the SDP. Keys that did not change keep their rollover and replay state.
    pub fn agree(&mut self, keys: Option<&SrtpPair>) {
        let Some(keys) = keys else {
            *self = Protection::None;
            return;
        };
        if matches!(self, Protection::Srtp(contexts) if contexts.keys == *keys) {
            return;
        }
        let made = SrtpSender::new(&keys.local).and_then(|sender| {
            let receiver = SrtpReceiver::new(&keys.remote)?;
            Ok(Contexts { keys: keys.clone(), sender, receiver })
        });
        *self = made.map_or(Protection::Broken, |contexts| Protection::Srtp(Box::new(contexts)));
    }

    /// The plain RTP packet inside a datagram; None where it is not authentic.
    pub fn open<'a>(&mut self, datagram: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        match self {
            Protection::None => Some(Cow::Borrowed(datagram)),
            Protection::Srtp(contexts) => {
                contexts.receiver.unprotect(datagram).ok().map(|plain| Cow::Owned(plain.into()))
            }
            Protection::Broken => None,
        }
    }

    /// The plain RTCP packet inside a datagram.
    pub fn open_control<'a>(&mut self, datagram: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        match self {
            Protection::None => Some(Cow::Borrowed(datagram)),
            Protection::Srtp(contexts) => {
                contexts.receiver.unprotect_rtcp(datagram).ok().map(|plain| Cow::Owned(plain.into()))
            }
            Protection::Broken => None,
        }
    }

    /// Protects the RTP packet in the first `len` bytes; gives its new length.
    pub fn seal(&mut self, packet: &mut [u8], len: usize) -> Option<usize> {
        match self {
            Protection::None => Some(len),
            Protection::Srtp(contexts) => put(&contexts.sender.protect(&packet[..len]).ok()?, packet),
            Protection::Broken => None,
        }
    }

    /// Protects the RTCP packet in the first `len` bytes; gives its new length.
    pub fn seal_control(&mut self, packet: &mut [u8], len: usize) -> Option<usize> {
        match self {
            Protection::None => Some(len),
            Protection::Srtp(contexts) => put(&contexts.sender.protect_rtcp(&packet[..len]).ok()?, packet),
            Protection::Broken => None,
        }
    }
}

fn put(sealed: &[u8], packet: &mut [u8]) -> Option<usize> {
    packet.get_mut(..sealed.len())?.copy_from_slice(sealed);
    Some(sealed.len())
}
