#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| pipegen_fuzz::run("ingest_request", bytes));
