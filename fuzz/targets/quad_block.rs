//! See [`fuzz::quad_block`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::quad_block(data));
