//! What a figure was measured on, and when.

use std::{fs, process::Command, thread};

use serde_json::{Value, json};

/// For the record.
pub(super) fn describe() -> Value {
    json!({
        "date": said("date", &["+%F"]),
        "commit": said("git", &["rev-parse", "--short", "HEAD"]),
        "processor": processor(),
        "cores": cores(),
        "memoryBytes": memory(),
        "kernel": said("uname", &["-sr"]),
    })
}

/// For people.
pub(super) fn sentence() -> String {
    format!(
        "{}, commit {}: {} cores ({}), {:.0} GiB of memory, {}.",
        said("date", &["+%F"]),
        said("git", &["rev-parse", "--short", "HEAD"]),
        cores(),
        processor(),
        memory() as f64 / f64::from(1 << 30),
        said("uname", &["-sr"]),
    )
}

fn said(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output();
    let text = output.ok().and_then(|output| String::from_utf8(output.stdout).ok());
    text.map_or_else(|| "unknown".to_owned(), |text| text.trim().to_owned())
}

fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let named = text.lines().find(|line| line.starts_with("model name")).and_then(|line| line.split_once(": "));
    named.map_or_else(|| std::env::consts::ARCH.to_owned(), |(_, name)| name.trim().to_owned())
}

/// Bytes; 0 where the system does not tell.
fn memory() -> u64 {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let total = text.lines().find_map(|line| line.strip_prefix("MemTotal:")?.trim().strip_suffix(" kB")?.parse().ok());
    total.map_or(0, |kib: u64| kib * 1024)
}
