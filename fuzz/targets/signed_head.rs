//! See [`fuzz::signed_head`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::signed_head(data));
