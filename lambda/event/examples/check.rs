//! Checks records, one a line of standard input: prints each event's place and what would become of it now. Fails if one would be
//! refused.

#![expect(clippy::print_stdout, reason = "that is what it is for")]

use std::io::{self, BufRead};
use std::process::ExitCode;

use chrono::{TimeDelta, Utc};
use pipegen_event::decode;

fn main() -> io::Result<ExitCode> {
    let mut is_good = true;
    for (line, number) in io::stdin().lock().split(b'\n').zip(1..) {
        let line = line?;
        for event in decode(&line, Utc::now(), TimeDelta::days(7)) {
            let place = event.index;
            match event.outcome {
                Ok(event) => {
                    println!("{number}:{place}: accepted: {} of {}", event.change.event_type(), event.supplier);
                }
                Err(rejection) => {
                    is_good = false;
                    println!("{number}:{place}: {rejection}");
                }
            }
        }
    }
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
