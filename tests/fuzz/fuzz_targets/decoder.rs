#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| pipegen_fuzz::run("decoder", bytes));
