//! What this machine has: the memory that a process may use.

use std::fs;
use std::path::Path;

use crate::size::ByteSize;

/// Taken for the machine's memory where it cannot be read.
const UNKNOWN: u64 = 4 << 30;

/// The least budget that still loads at a good speed.
const LEAST: u64 = 64 << 20;

/// The default of `--memory`: a quarter of what this process may use.
pub(crate) fn default_memory() -> ByteSize {
    ByteSize((memory() / 4).max(LEAST))
}

/// The machine's memory, or the limit of the control group that holds this process if that is less.
fn memory() -> u64 {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| total(&text));
    let limits = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
    let limit = limits.iter().find_map(|path| group_limit(Path::new(path)));
    machine.into_iter().chain(limit).min().unwrap_or(UNKNOWN)
}

/// `MemTotal` of `/proc/meminfo`, in bytes.
fn total(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim_end().parse().ok()?;
    kib.checked_mul(1024)
}

/// A control group's limit in bytes; `None` if there is none (`max`).
fn group_limit(path: &Path) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meminfo_is_read() {
        assert_eq!(total("MemTotal:       16384 kB\nMemFree: 1 kB\n"), Some(16 << 20));
        assert_eq!(total("MemFree: 1 kB\n"), None);
        assert_eq!(total("MemTotal: many kB\n"), None);
    }

    #[test]
    fn a_default_is_always_found() {
        assert!(default_memory().0 >= LEAST);
    }
}
