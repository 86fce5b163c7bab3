//! See [`fuzz::cypher`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::cypher(data));
