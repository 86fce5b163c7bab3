//! Running a child process while its output passes through and its closing lines are counted.

use std::{
    ffi::OsStr,
    io::{BufRead, BufReader, Read, Write},
    process::Stdio,
    sync::Mutex,
};

use anyhow::{Context, Result};

use crate::tally::Tally;

/// What a step came to.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) success: bool,
    pub(crate) tally: Tally,
}

impl Outcome {
    /// A step that could not run: one failure.
    pub(crate) fn failed() -> Self {
        Self { success: false, tally: Tally { failed: 1, ..Tally::default() } }
    }

    /// A check of the gate's own: passes when it found nothing, else prints what it found.
    pub(crate) fn of_findings(findings: &[String]) -> Self {
        for finding in findings {
            println!("{finding}");
        }
        if findings.is_empty() { Self::passed_one() } else { Self::failed() }
    }

    fn passed_one() -> Self {
        Self { success: true, tally: Tally { passed: 1, ..Tally::default() } }
    }
}

/// A child process to run from the root of the repository, without standard input.
pub(crate) struct Command(std::process::Command);

impl Command {
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        let mut command = std::process::Command::new(program);
        command.stdin(Stdio::null()).env("NO_COLOR", "1").env("CARGO_TERM_COLOR", "never");
        Self(command)
    }

    pub(crate) fn cargo(args: &[&str]) -> Self {
        let mut command = Self::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())).args(args);
        // What Cargo has told us of this package: ring watches it, and would be built anew with all that stands on it.
        command.0.env_remove("CARGO_MANIFEST_DIR");
        command
    }

    pub(crate) fn args(mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.0.args(args);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.0.env(name, value);
        self
    }

    pub(crate) fn current_dir(mut self, folder: impl AsRef<std::path::Path>) -> Self {
        self.0.current_dir(folder);
        self
    }

    /// Runs a tool that counts no tests: success is one test passed.
    pub(crate) fn run_as_one_test(self) -> Result<Outcome> {
        let outcome = self.run_counting()?;
        Ok(if outcome.success { Outcome::passed_one() } else { Outcome::failed() })
    }

    /// Runs a test runner and counts by its closing lines. A runner that failed without counting a failure (it did
    /// not compile, it crashed) counts as one.
    pub(crate) fn run_counting(self) -> Result<Outcome> {
        let (success, mut tally) = self.stream()?;
        if !success && tally.failed == 0 {
            tally.failed = 1;
        }
        Ok(Outcome { success: success && tally.failed == 0, tally })
    }

    /// Runs a preparation that must succeed.
    pub(crate) fn run_or_fail(self) -> Result<()> {
        let shown = format!("{:?}", self.0);
        let (success, _) = self.stream()?;
        anyhow::ensure!(success, "{shown} failed");
        Ok(())
    }

    fn stream(mut self) -> Result<(bool, Tally)> {
        let mut child = self
            .0
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting {}", self.0.get_program().display()))?;
        let (out, err) = (child.stdout.take(), child.stderr.take());
        let tally = Mutex::new(Tally::default());
        std::thread::scope(|scope| {
            if let Some(err) = err {
                scope.spawn(|| pass_through(err, std::io::stderr(), &tally));
            }
            if let Some(out) = out {
                pass_through(out, std::io::stdout(), &tally);
            }
        });
        let status = child.wait()?;
        let tally = tally.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        Ok((status.success(), tally))
    }
}

/// Copies lines as they come and adds up what the closing ones say. Stops quietly when either end is gone.
fn pass_through(from: impl Read, mut to: impl Write, tally: &Mutex<Tally>) {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    while let Ok(read) = from.read_until(b'\n', &mut line) {
        if read == 0 || to.write_all(&line).and_then(|()| to.flush()).is_err() {
            return;
        }
        if let Some(counted) = Tally::of_line(&String::from_utf8_lossy(&line)) {
            *tally.lock().unwrap_or_else(std::sync::PoisonError::into_inner) += counted;
        }
        line.clear();
    }
}
