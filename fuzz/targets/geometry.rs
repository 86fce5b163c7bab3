//! See [`fuzz::geometry`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::geometry(data));
