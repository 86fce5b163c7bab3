//! See [`fuzz::bolt_json`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::bolt_json(data));
