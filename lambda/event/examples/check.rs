//! Checks records, one on each line of standard input: prints for each event its line and index, and whether it would
//! be accepted now. Fails if one would be rejected.

#![expect(clippy::print_stdout, reason = "the output is its purpose")]

use std::io::{self, BufRead};
use std::process::ExitCode;

use chrono::{TimeDelta, Utc};
use pipegen_event::decode;

fn main() -> io::Result<ExitCode> {
    let mut all_accepted = true;
    for (line, number) in io::stdin().lock().split(b'\n').zip(1..) {
        let line = line?;
        for event in decode(&line, Utc::now(), TimeDelta::days(7)) {
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
