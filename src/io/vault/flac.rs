//! Recordings as FLAC (RFC 9639), and FLAC as the WAV it was made from, byte by byte.
//!
//! Frames have 4,096 samples, 0.5 s; a seek table names one frame in 20, so that a part in the middle is
//! found without decoding what is before it. The codecs of telephony leave 8,000 Hz and 16 bit.

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use claxon::frame::FrameReader;
use claxon::input::BufferedReader;
use flacenc::bitsink::ByteSink;
use flacenc::component::{BitRepr, MetadataBlockData, Stream, StreamInfo};
use flacenc::error::Verify;
use flacenc::source::{Context, Fill, FrameBuf};

use super::file::seek_to;

/// Samples per channel of a frame.
const FRAME: usize = 4_096;
/// Frames between two points of the seek table.
const FRAMES_A_POINT: u64 = 20;
/// Bytes of a point of the seek table.
const POINT: usize = 18;
const SEEK_TABLE: u8 = 3;
/// Bytes of the header of a recording.
pub const WAV_HEADER: usize = 44;
/// Hz of every recording.
const RATE: u32 = 8_000;

fn invalid(text: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text.into())
}

/// What the header of a recording says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shape {
    channels: u16,
    /// Bytes of sound.
    sound: u32,
}

impl Shape {
    /// The header of every recording of ours of that shape.
    fn header(self) -> [u8; WAV_HEADER] {
        let align = 2 * self.channels;
        let mut header = [0; WAV_HEADER];
        let mut at = 0;
        for part in [
            &b"RIFF"[..],
            &(self.sound.saturating_add(WAV_HEADER as u32 - 8)).to_le_bytes(),
            b"WAVEfmt ",
            &16u32.to_le_bytes(),
            &1u16.to_le_bytes(),
            &self.channels.to_le_bytes(),
            &RATE.to_le_bytes(),
            &(RATE * u32::from(align)).to_le_bytes(),
            &align.to_le_bytes(),
            &16u16.to_le_bytes(),
            b"data",
            &self.sound.to_le_bytes(),
        ] {
            header[at..at + part.len()].copy_from_slice(part);
            at += part.len();
        }
        header
    }

    /// Of a WAV of that many bytes with that header; None where it could not be made again from its
    /// samples alone.
    fn of(header: &[u8; WAV_HEADER], bytes: u64) -> Option<Shape> {
        let channels = u16::from_le_bytes([header[22], header[23]]);
        let sound = u32::try_from(bytes.checked_sub(WAV_HEADER as u64)?).ok()?;
        let shape = Shape { channels, sound };
        let whole = (1..=2).contains(&channels) && sound.is_multiple_of(2 * u32::from(channels));
        (whole && shape.header() == *header).then_some(shape)
    }

    fn align(self) -> usize {
        2 * usize::from(self.channels)
    }

    /// Per channel.
    fn samples(self) -> u64 {
        u64::from(self.sound) / self.align() as u64
    }

    fn points(self) -> u64 {
        self.samples().div_ceil(FRAME as u64).div_ceil(FRAMES_A_POINT)
    }
}

/// Bytes before the first frame of what [`encode`] makes of a WAV of that length, at most: known before
/// the first sample is seen.
pub(super) fn head_bytes(wav: u64) -> usize {
    let samples = wav.saturating_sub(WAV_HEADER as u64) / 2;
    let points = samples.div_ceil(FRAME as u64).div_ceil(FRAMES_A_POINT);
    42 + 4 + usize::try_from(points).unwrap_or(usize::MAX / 64) * POINT
}

/// Encodes the WAV of `bytes` bytes. What is written begins with a placeholder, in whose place the header
/// that is given back belongs.
///
/// # Errors
/// `InvalidData`: the file is none of ours, so that FLAC would lose something of it.
pub(super) fn encode(wav: &mut impl Read, bytes: u64, out: &mut impl Write) -> io::Result<Vec<u8>> {
    let mut header = [0; WAV_HEADER];
    wav.read_exact(&mut header).map_err(|_| invalid("it is shorter than a header"))?;
    let shape = Shape::of(&header, bytes).ok_or_else(|| {
        invalid("it is no WAV of 16 bit at 8000 Hz with one or two channels and nothing else in it")
    })?;
    let odd = |what: &str, error: &dyn std::fmt::Debug| io::Error::other(format!("{what}: {error:?}"));
    let channels = usize::from(shape.channels);
    let config = flacenc::config::Encoder::default().into_verified().map_err(|e| odd("encoder", &e))?;
    let mut info = StreamInfo::new(RATE as usize, channels, 16).map_err(|e| odd("stream", &e))?;
    info.set_block_sizes(FRAME, FRAME)
        .and_then(|()| info.set_frame_sizes(0, 0))
        .map_err(|e| odd("stream", &e))?;
    let frames = FrameBuf::with_size(channels, FRAME).map_err(|e| odd("frame", &e))?;
    let mut filled = (frames, Context::new(16, channels));
    out.write_all(&head(&info, &vec![0; usize::try_from(shape.points()).unwrap_or(0) * POINT])?)?;
    let (mut left, mut number, mut offset) = (shape.sound as usize, 0u64, 0u64);
    let mut sizes = (usize::MAX, 0);
    let (mut block, mut table, mut sink) = (vec![0; FRAME * shape.align()], Vec::new(), ByteSink::new());
    while left > 0 {
        let part = &mut block[..left.min(FRAME * shape.align())];
        wav.read_exact(part)?;
        left -= part.len();
        filled.fill_le_bytes(part, 2).map_err(|e| odd("samples", &e))?;
        let place = usize::try_from(number).map_err(io::Error::other)?;
        let frame = flacenc::encode_fixed_size_frame(&config, &filled.0, place, &info)
            .map_err(|e| odd("frame", &e))?;
        sink.clear();
        frame.write(&mut sink).map_err(|e| odd("frame", &e))?;
        if number.is_multiple_of(FRAMES_A_POINT) {
            table.extend((number * FRAME as u64).to_be_bytes());
            table.extend(offset.to_be_bytes());
            table.extend(((part.len() / shape.align()) as u16).to_be_bytes());
        }
        let size = sink.as_slice().len();
        sizes = (sizes.0.min(size), sizes.1.max(size));
        out.write_all(sink.as_slice())?;
        offset += size as u64;
        number += 1;
    }
    // Of nothing both are 0, which stands for unknown.
    info.set_frame_sizes(sizes.0.min(sizes.1), sizes.1).map_err(|e| odd("stream", &e))?;
    info.set_total_samples(usize::try_from(shape.samples()).map_err(io::Error::other)?);
    info.set_md5_digest(&filled.1.md5_digest());
    head(&info, &table)
}

/// Everything before the first frame.
fn head(info: &StreamInfo, table: &[u8]) -> io::Result<Vec<u8>> {
    let odd = |error: &dyn std::fmt::Debug| io::Error::other(format!("the header of FLAC: {error:?}"));
    let mut stream = Stream::with_stream_info(info.clone());
    if !table.is_empty() {
        stream.add_metadata_block(MetadataBlockData::new_unknown(SEEK_TABLE, table).map_err(|e| odd(&e))?);
    }
    let mut sink = ByteSink::new();
    stream.write(&mut sink).map_err(|e| odd(&e))?;
    Ok(sink.into_inner())
}

/// The WAV that a FLAC was made from.
pub(super) struct FlacAsWav<R: Read + Seek> {
    /// None after a failure, which says so once and for all.
    frames: Option<FrameReader<BufferedReader<R>>>,
    header: [u8; WAV_HEADER],
    shape: Shape,
    /// First sample and offset of the frames that the seek table names.
    points: Vec<(u64, u64)>,
    /// Where the first frame begins.
    first: u64,
    /// The first sample of the next frame.
    next: u64,
    /// The frame that was decoded last: its first sample, its bytes as in the WAV.
    held: (u64, Vec<u8>),
    at: u64,
}

impl<R: Read + Seek> FlacAsWav<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// `InvalidData`: it is no FLAC of a recording.
    pub fn new(mut flac: R) -> io::Result<FlacAsWav<R>> {
        flac.seek(SeekFrom::Start(0))?;
        let mut mark = [0; 4];
        flac.read_exact(&mut mark)?;
        if mark != *b"fLaC" {
            return Err(invalid("it is no FLAC"));
        }
        let (mut shape, mut points, mut first, mut last) = (None, Vec::new(), 4, false);
        while !last {
            let mut head = [0; 4];
            flac.read_exact(&mut head)?;
            last = head[0] & 0x80 != 0;
            let mut body = vec![0; u32::from_be_bytes([0, head[1], head[2], head[3]]) as usize];
            flac.read_exact(&mut body)?;
            first += 4 + body.len() as u64;
            match head[0] & 0x7F {
                0 => shape = Some(stream_info(&body)?),
                SEEK_TABLE => points = body.as_chunks::<POINT>().0.iter().map(point).collect(),
                _ => {}
            }
        }
        let shape = shape.ok_or_else(|| invalid("it has no stream info"))?;
        let frames = Some(FrameReader::new(BufferedReader::new(flac)));
        let (header, held) = (shape.header(), (0, Vec::new()));
        Ok(FlacAsWav { frames, header, shape, points, first, next: 0, held, at: 0 })
    }

    /// Bytes of the WAV.
    pub fn length(&self) -> u64 {
        WAV_HEADER as u64 + u64::from(self.shape.sound)
    }

    /// What it reads from.
    #[cfg(test)]
    pub fn into_inner(mut self) -> io::Result<R> {
        Ok(self.take_frames()?.into_inner().into_inner())
    }

    /// Decodes the frame with that sample, if it is not held.
    fn hold(&mut self, sample: u64) -> io::Result<()> {
        let samples = |held: &[u8]| (held.len() / self.shape.align()) as u64;
        if (self.held.0..self.held.0 + samples(&self.held.1)).contains(&sample) {
            return Ok(());
        }
        let point = self.points.iter().rfind(|(first, _)| *first <= sample).copied().unwrap_or((0, 0));
        // On the way from here, unless the table knows a shorter one.
        if sample < self.next || point.0 > self.next {
            let mut flac = self.take_frames()?.into_inner().into_inner();
            flac.seek(SeekFrom::Start(self.first + point.1))?;
            self.frames = Some(FrameReader::new(BufferedReader::new(flac)));
            self.next = point.0;
        }
        loop {
            self.decode()?;
            if sample < self.next {
                return Ok(());
            }
        }
    }

    fn take_frames(&mut self) -> io::Result<FrameReader<BufferedReader<R>>> {
        self.frames.take().ok_or_else(|| invalid("an earlier part of it could not be decoded"))
    }

    fn decode(&mut self) -> io::Result<()> {
        let mut frames = self.take_frames()?;
        // The decoder counts on arithmetic that damaged bits can overflow, and looks at checksums last.
        let decoded = catch_unwind(AssertUnwindSafe(|| frames.read_next_or_eof(Vec::new())))
            .map_err(|_| invalid("a frame is damaged"))?;
        let block = decoded.map_err(|error| match error {
            claxon::Error::IoError(error) => error,
            other => invalid(format!("a frame cannot be decoded: {other}")),
        })?;
        let block = block.ok_or_else(|| invalid("it ends before its last sample"))?;
        if block.channels() != u32::from(self.shape.channels) || block.duration() == 0 {
            return Err(invalid("a frame is of another form than the header says"));
        }
        let (mut bytes, length) = (std::mem::take(&mut self.held.1), block.duration());
        bytes.clear();
        for n in 0..length {
            for channel in 0..block.channels() {
                let sample = i16::try_from(block.sample(channel, n))
                    .map_err(|_| invalid("a sample of over 16 bit"))?;
                bytes.extend(sample.to_le_bytes());
            }
        }
        self.held = (self.next, bytes);
        self.next += u64::from(length);
        self.frames = Some(frames);
        Ok(())
    }
}

fn stream_info(body: &[u8]) -> io::Result<Shape> {
    let bytes: [u8; 34] = body.try_into().map_err(|_| invalid("its stream info is cut off"))?;
    let packed = u64::from_be_bytes([
        bytes[10], bytes[11], bytes[12], bytes[13], bytes[14], bytes[15], bytes[16], bytes[17],
    ]);
    let (rate, channels, bits) = (packed >> 44, (packed >> 41 & 7) + 1, (packed >> 36 & 31) + 1);
    let samples = packed & 0xF_FFFF_FFFF;
    if rate != u64::from(RATE) || bits != 16 || channels > 2 {
        return Err(invalid(format!("{channels} channels of {bits} bit at {rate} Hz are no recording")));
    }
    let sound =
        u32::try_from(samples * 2 * channels).map_err(|_| invalid("it is longer than a WAV can be"))?;
    Ok(Shape { channels: channels as u16, sound })
}

fn point(bytes: &[u8; POINT]) -> (u64, u64) {
    let number = |from: usize| bytes[from..from + 8].iter().fold(0, |n, byte| n << 8 | u64::from(*byte));
    (number(0), number(8))
}

impl<R: Read + Seek> Read for FlacAsWav<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let align = self.shape.align() as u64;
        let from = if let Some(left) = self.header.get(usize::try_from(self.at).unwrap_or(usize::MAX)..)
            && !left.is_empty()
        {
            left
        } else if self.at >= self.length() {
            &[]
        } else {
            let place = self.at - WAV_HEADER as u64;
            self.hold(place / align)?;
            let skipped = usize::try_from(place - self.held.0 * align).map_err(io::Error::other)?;
            &self.held.1[skipped..]
        };
        let taken = from.len().min(out.len());
        out[..taken].copy_from_slice(&from[..taken]);
        self.at += taken as u64;
        Ok(taken)
    }
}

impl<R: Read + Seek> Seek for FlacAsWav<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = seek_to(self.at, self.length(), to)?;
        Ok(self.at)
    }
}
