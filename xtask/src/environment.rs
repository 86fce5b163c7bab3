//! Where things are, and the environments that wire tests and benches need: made once, kept in the user's cache.
//!
//! Nothing is written into the repository but `node_modules`, which Node's module resolution wants beside the code.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use crate::runner::Command;

/// The places a gate run works with.
pub(crate) struct Environment {
    /// The repository; every step runs from here.
    pub(crate) root: PathBuf,
    target: PathBuf,
    cache: PathBuf,
}

impl Environment {
    /// Finds the repository and the cache, and makes the repository the current folder.
    pub(crate) fn find() -> Result<Self> {
        // Asked at run time: what was compiled in may name another clone, one that shared this target folder.
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR").context("run this through `cargo xtask`")?;
        let root = Path::new(&manifest).parent().context("xtask has no parent folder")?.to_owned();
        std::env::set_current_dir(&root)?;
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |dir| root.join(dir));
        let home = std::env::var_os("HOME").map_or_else(std::env::temp_dir, PathBuf::from);
        let cache = std::env::var_os("XDG_CACHE_HOME").map_or_else(|| home.join(".cache"), PathBuf::from);
        Ok(Self { root, target, cache: cache.join("halimede") })
    }

    /// Whether `cargo nextest` is installed; `cargo test` serves otherwise.
    pub(crate) fn has_nextest() -> bool {
        std::process::Command::new("cargo")
            .args(["nextest", "--version"])
            .output()
            .is_ok_and(|output| output.status.success())
    }

    /// Builds the server under test and names the binary. It is the one that the Rust tests made: built by itself, its
    /// dependencies would have other features, and be compiled a second time.
    pub(crate) fn build_server(&self) -> Result<PathBuf> {
        Command::cargo(&["test", "--locked", "--workspace", "--no-run", "--quiet"]).run_or_fail()?;
        Ok(self.target.join("debug/halimede"))
    }

    /// Builds the binary with a profile of Cargo's (`bench` is `release` by another name), and names it.
    pub(crate) fn build_optimised(&self, profile: &str) -> Result<PathBuf> {
        let build = ["build", "--locked", "--package", "halimede", "--quiet", "--profile", profile];
        Command::cargo(&build).run_or_fail()?;
        let folder = if profile == "bench" { "release" } else { profile };
        Ok(self.target.join(folder).join("halimede"))
    }

    /// A folder of the cache.
    pub(crate) fn cached(&self, name: &str) -> PathBuf {
        self.cache.join(name)
    }

    /// Builds the client of the Rust SDK that the Python tests drive, and names the binary.
    pub(crate) fn build_rust_sdk_client(&self) -> Result<PathBuf> {
        self.rust_sdk_cargo("build").args(["--quiet"]).run_or_fail()?;
        Ok(self.target.join("rust-sdk/debug/halimede-rust-sdk-client"))
    }

    /// Cargo on the Rust SDK's own workspace, in a target folder of its own.
    pub(crate) fn rust_sdk_cargo(&self, verb: &str) -> Command {
        Command::cargo(&[verb, "--locked", "--manifest-path", "tests/rust-sdk/Cargo.toml", "--target-dir"])
            .args([self.target.join("rust-sdk")])
    }

    /// The interpreter of the wire tests' Python environment.
    pub(crate) fn python(&self) -> Result<PathBuf> {
        self.python_with("python", "tests/python/requirements.txt")
    }

    /// The interpreter of a Python environment, which is made anew when the pinned requirements changed.
    pub(crate) fn python_with(&self, name: &str, requirements: &str) -> Result<PathBuf> {
        let wanted = fs::read_to_string(self.root.join(requirements))?;
        let folder = self.cache.join(name);
        let (interpreter, stamp) = (folder.join("bin/python"), folder.join("requirements.txt"));
        if fs::read_to_string(&stamp).is_ok_and(|made| made == wanted) && interpreter.is_file() {
            return Ok(interpreter);
        }
        println!("making the Python environment in {}", folder.display());
        Command::new("python3").args(["-m", "venv", "--clear"]).args([&folder]).run_or_fail()?;
        Command::new(&interpreter)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r"])
            .args([requirements])
            .run_or_fail()?;
        fs::write(&stamp, wanted)?;
        Ok(interpreter)
    }

    /// Installs the pinned Node packages beside the tests that import them, unless they are there.
    pub(crate) fn install_node_modules(&self) -> Result<()> {
        let folder = self.root.join("tests/js");
        let (lock, stamp) = (folder.join("package-lock.json"), folder.join("node_modules/.installed-lock.json"));
        let wanted = fs::read_to_string(&lock)?;
        if fs::read_to_string(&stamp).is_ok_and(|made| made == wanted) {
            return Ok(());
        }
        Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel", "error"])
            .current_dir(&folder)
            .run_or_fail()?;
        fs::write(&stamp, wanted)?;
        Ok(())
    }
}
