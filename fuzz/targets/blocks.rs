//! See [`fuzz::blocks`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::blocks(data));
