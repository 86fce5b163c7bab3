//! See [`fuzz::literal_term`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::literal_term(data));
