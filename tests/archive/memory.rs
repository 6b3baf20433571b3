//! A month needs no more memory than an hour.

use std::io::Read as _;
use std::process::Stdio;

use chrono::TimeDelta;
use procfs::process::Process;

use crate::kept::{Kept, Record, record};

/// The records of an object, about 1 MiB of them, and the objects of a month.
const RECORDS: u64 = 500;
const OBJECTS: u64 = 50;
/// The memory by which runs may differ, in KiB: threads are not exact. All objects are 30 MiB.
const NOISE: u64 = 4 * 1024;
/// Makes glibc give freed memory back (mallopt(3)). By default, 2.36 keeps it for each thread: up to 30 MiB more than
/// the program holds, and more the longer it runs.
const FREED_IS_RETURNED: [(&str, &str); 2] = [("MALLOC_ARENA_MAX", "1"), ("MALLOC_MMAP_THRESHOLD_", "131072")];

/// Returns the records of an object with text that compresses badly.
fn records(object: u64) -> Vec<Record> {
    let text = |number: u64| -> String {
        let mut state = number + 1;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(b'0' + u8::try_from((state >> 33) % 75).unwrap())
        };
        (0..2000).map(|_| next()).collect()
    };
    let number = |place: u64| object * RECORDS + place;
    (0..RECORDS)
        .map(|place| {
            let mut record = record(number(place), text(number(place)));
            // More objects in an hour than are read ahead.
            let hour: TimeDelta = TimeDelta::hours((object / 10).try_into().unwrap());
            record.arrived_at = "2020-11-01T05:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap() + hour;
            record
        })
        .collect()
}

/// Runs a command that writes everything or a summary, and returns the most memory that it had, in KiB.
fn peak(kept: &Kept, arguments: &[&str]) -> u64 {
    let mut command = kept.command(arguments);
    let mut child = command.envs(FREED_IS_RETURNED).stdout(Stdio::piped()).spawn().unwrap();
    let process = Process::new(child.id().try_into().unwrap()).unwrap();
    let (mut output, mut buffer, mut bytes) = (child.stdout.take().unwrap(), vec![0; 256 * 1024], 0);
    let peak = std::thread::scope(|scope| {
        // Until it has ended: then there is no memory to ask for.
        let watcher = scope.spawn(|| {
            let mut most = 0;
            while let Some(memory) = process.status().ok().and_then(|status| status.vmhwm) {
                most = memory.max(most);
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
            most
        });
        loop {
            match output.read(&mut buffer).unwrap() {
                0 => break,
                read => bytes += read,
            }
        }
        assert!(child.wait().unwrap().success(), "{arguments:?}");
        watcher.join().unwrap()
    });
    assert!(bytes > 0 && peak > 0);
    peak
}

#[test]
fn a_month_needs_no_more_memory_than_an_hour() {
    let kept = Kept::new();
    for object in 0..OBJECTS {
        let records = records(object);
        kept.archive(&records);
        let last = records.last().unwrap();
        kept.reject(&[(last, 0, &last.data, "invalid_json", "not JSON")]);
    }
    for command in ["get", "verify"] {
        let hour = peak(&kept, &["archive", command, "--to", "2020-11-01T06:00:00Z"]);
        let month = peak(&kept, &["archive", command]);
        println!("{command}: {hour} KiB for an hour, {month} KiB for all");
        assert!(month < hour + NOISE, "{command}: {hour} KiB for an hour, {month} KiB for all");
    }
}
