//! Calls memory before it is needed.
//!
//! With 1,000 calls a worker's sessions are larger than the processor's second-level cache,
//! so each would begin its tick by waiting for memory. While one session is in its system
//! calls the next one's lines can come.

/// Bytes of a cache line.
const LINE: usize = 64;

/// Asks for every cache line of `value`, which need not be there yet; changes nothing.
#[inline]
pub(super) fn prefetch<T: ?Sized>(value: &T) {
    let start = std::ptr::from_ref(value).cast::<i8>();
    for at in (0..size_of_val(value)).step_by(LINE) {
        line(start.wrapping_add(at));
    }
}

#[cfg(target_arch = "x86_64")]
#[inline]
fn line(at: *const i8) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    // SAFETY: a prefetch is a hint: it neither reads nor writes as far as the program can
    // tell, and it faults on no address.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(at) };
}

#[cfg(not(target_arch = "x86_64"))]
#[inline]
fn line(_at: *const i8) {}
