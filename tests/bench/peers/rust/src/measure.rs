//! CPU time, memory, and lines of JSON that say what was measured.

use serde_json::{json, Value};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::Relaxed};

/// The system allocator, counting while COUNTING is set.
pub struct Counting;

static COUNTING: AtomicBool = AtomicBool::new(false);
static LIVE: AtomicI64 = AtomicI64::new(0);
static PEAK: AtomicI64 = AtomicI64::new(0);

fn count(bytes: i64) {
    if COUNTING.load(Relaxed) {
        let live = LIVE.fetch_add(bytes, Relaxed) + bytes;
        PEAK.fetch_max(live, Relaxed);
    }
}

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        System.alloc(layout)
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        System.alloc_zeroed(layout)
    }
    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        count(-(layout.size() as i64));
        System.dealloc(ptr, layout)
    }
    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size as i64 - layout.size() as i64);
        System.realloc(ptr, layout, size)
    }
}

/// Run `work` and return what it left allocated and the most it had allocated.
/// Its result is kept alive until both are read.
pub fn heap<T>(work: impl FnOnce() -> T) -> (i64, i64) {
    LIVE.store(0, Relaxed);
    PEAK.store(0, Relaxed);
    COUNTING.store(true, Relaxed);
    let kept = work();
    COUNTING.store(false, Relaxed);
    drop(kept);
    (LIVE.load(Relaxed), PEAK.load(Relaxed))
}

/// CPU seconds this process has used, all threads together.
pub fn cpu() -> f64 {
    let mut t = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut t) };
    t.tv_sec as f64 + t.tv_nsec as f64 * 1e-9
}

/// How far a step came before its time was up: 0.0 .. 1.0.
pub struct GaveUp(pub f64);

/// Call `step(i)` for i in 0..n, with a look at the clock every `stride`.
pub fn each(
    n: usize,
    stride: usize,
    budget: f64,
    mut step: impl FnMut(usize),
) -> Result<(), GaveUp> {
    let start = cpu();
    for i in 0..n {
        if i % stride == 0 && cpu() - start > budget {
            return Err(GaveUp(i as f64 / n as f64));
        }
        step(i);
    }
    Ok(())
}

/// Where results go: one line of JSON each, flushed at once, so that what was
/// done survives a process that is ended.
pub struct Report {
    pub peer: &'static str,
    pub on: String,
    pub budget: f64, // CPU seconds for one run of one step
}

impl Report {
    fn line(&self, key: &str, name: &str, value: Value, runs: usize) {
        let line = json!({ "peer": self.peer, "on": self.on, "key": key, name: value, "runs": runs });
        println!("{line}");
    }

    pub fn value(&self, key: &str, value: f64) {
        self.line(key, "value", json!(value), 1);
    }

    /// Say that a step begins, so that one that never ends is known by name.
    pub fn start(&self, key: &str) {
        self.line(key, "start", json!(true), 0);
    }

    pub fn gave_up(&self, key: &str, how_far: GaveUp) {
        self.line(key, "gave_up", json!(how_far.0), 1);
    }

    /// Time a step, in ms: `run` returns the CPU seconds of its timed part.
    /// Median of 25 runs; of 5, 3 and 1 when one takes over 0.05, 1 and 4 s.
    pub fn time(&self, key: &str, mut run: impl FnMut() -> Result<f64, GaveUp>) {
        let mut seconds = Vec::new();
        let mut runs = 1;

        self.start(key);
        while seconds.len() < runs {
            match run() {
                Ok(s) => seconds.push(s),
                Err(how_far) => return self.gave_up(key, how_far),
            }
            runs = match seconds[0] {
                s if s > 4.0 => 1,
                s if s > 1.0 => 3,
                s if s > 0.05 => 5,
                _ => 25,
            };
        }
        seconds.sort_by(f64::total_cmp);
        self.line(key, "value", json!(seconds[runs / 2] * 1e3), runs);
    }
}
