//! A bound on the memory that some work may hold.

/// Does the work, and checks that it never holds more than so many bytes at once. Only this thread's memory counts.
#[track_caller]
pub(super) fn bounded<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    let mut result = None;
    let held = allocation_counter::measure(|| result = Some(work())).bytes_max;
    assert!(held <= bytes as u64, "{held} bytes were held at once, of which at most {bytes} are allowed");
    result.expect("the work is done")
}
