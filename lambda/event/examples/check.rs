//! Checks records, one on each line of standard input: prints for each event its line and index, and whether it would
//! be accepted now, by the default horizon. Fails if one would be rejected.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the output is its purpose")]

use std::io::{self, BufRead};
use std::process::ExitCode;

use chrono::{TimeDelta, Utc};
use pipegen_event::decode;

/// The horizon of a stack whose settings do not change it.
const DEFAULT_HORIZON: TimeDelta = TimeDelta::days(7);

fn main() -> io::Result<ExitCode> {
    // The lines on standard output are one for each event.
    eprintln!("an event may arrive up to {} days after its time", DEFAULT_HORIZON.num_days());
    let mut all_accepted = true;
    for (line, number) in io::stdin().lock().split(b'\n').zip(1..) {
        let line = line?;
        for event in decode(&line, Utc::now(), DEFAULT_HORIZON) {
            let index = event.index;
            match event.outcome {
                Ok(event) => {
                    println!("{number}:{index}: accepted: {} of {}", event.change.event_type(), event.supplier);
                }
                Err(rejection) => {
                    all_accepted = false;
                    println!("{number}:{index}: {rejection}");
                }
            }
        }
    }
    Ok(if all_accepted { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
