//! One run of one command, in a process of its own: what it took and what it left on disk.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::Bench;

/// What one run took.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measured {
    /// Seconds.
    pub(super) wall: f64,
    /// Seconds of all cores, user and system.
    pub(super) cpu: f64,
    /// Bytes of the largest resident set.
    pub(super) memory: f64,
    /// Bytes that the result takes on disk.
    pub(super) disk: f64,
}

impl Measured {
    pub(super) fn to_json(self) -> Value {
        json!({ "wallSeconds": self.wall, "cpuSeconds": self.cpu, "memoryBytes": self.memory, "diskBytes": self.disk })
    }
}

/// Runs a command that leaves its result in `folder`. A Python script does the waiting, because only the parent of a
/// process is told what it used.
pub(super) fn measure(bench: &Bench, folder: &Path, command: &[String]) -> Result<Measured> {
    // What earlier runs left to be written back is not this one's.
    ensure!(Command::new("sync").status()?.success(), "sync failed");
    let log = bench.scratch.join("log");
    let output = Command::new(&bench.python)
        .arg(bench.scripts.join("measure.py"))
        .arg(&log)
        .args(command)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("starting {}", bench.python.display()))?;
    ensure!(output.status.success(), "measure.py failed");
    let said: Value = serde_json::from_slice(&output.stdout).context("reading what measure.py says")?;
    let number = |name: &str| said[name].as_f64().with_context(|| format!("measure.py says no {name}"));
    if said["code"] != 0 {
        let said = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
        anyhow::bail!("{} failed:\n{said}", command.join(" "));
    }
    Ok(Measured { wall: number("wall")?, cpu: number("cpu")?, memory: number("memory")?, disk: taken(folder)? as f64 })
}

/// What a command prints, which must succeed. Not measured.
pub(super) fn ask(command: &[String]) -> Result<String> {
    let output = Command::new(&command[0])
        .args(&command[1..])
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("starting {}", command[0]))?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{} failed: {errors}", command.join(" "));
    Ok(String::from_utf8(output.stdout)?)
}

/// Bytes that a folder's files take on disk, which is more than they hold where space is kept back and less where they
/// have holes. Files that go away meanwhile count as nothing.
pub(super) fn taken(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let entry = entry?;
        let Ok(file) = entry.metadata() else { continue };
        bytes += if file.is_dir() { taken(&entry.path())? } else { file.blocks() * 512 };
    }
    Ok(bytes)
}
