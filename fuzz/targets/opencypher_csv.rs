//! See [`fuzz::opencypher_csv`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::opencypher_csv(data));
