//! The allocator, and the one setting of it that a small memory budget needs.
//!
//! It keeps freed pages for a second before the system gets them back. With a budget of gigabytes that is lost in it; with
//! one of 100 MiB it is half of it. The setting is read from the environment before the program's first line, and a
//! program cannot change it later without unsafe code. So with a small budget the program starts itself again in its own
//! place: the same process, a millisecond later.

use std::env;
use std::os::unix::process::CommandExt;
use std::process::Command;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How long freed pages are kept, in milliseconds: long enough to cost a load nothing, measured.
const DELAY: (&str, &str) = ("MIMALLOC_PURGE_DELAY", "250");

/// A budget in bytes from which on the allocator's own delay does not matter.
const LARGE: u64 = 1 << 30;

/// Sees to it that a process with this memory budget gives back soon what it has freed. Nothing else may have begun yet:
/// the program may start from its first line again.
pub(crate) fn suit(budget: u64) {
    let (name, value) = DELAY;
    // Set by us before, or by the user.
    if budget >= LARGE || env::var_os(name).is_some() {
        return;
    }
    let Ok(program) = env::current_exe() else { return };
    let mut args = env::args_os();
    let mut command = Command::new(program);
    if let Some(name) = args.next() {
        command.arg0(name);
    }
    // It only comes back if that cannot be done, a program that was replaced while it started for instance. More memory is
    // no reason not to work.
    let _ = command.args(args).env(name, value).exec();
}
