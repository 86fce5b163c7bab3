//! See [`fuzz::gremlin_csv`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::gremlin_csv(data));
