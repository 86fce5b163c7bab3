//! What lints cannot see: every file says what it is for, the map is true, arrows point down, nothing names a
//! machine.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use anyhow::{Context, Result, ensure};

/// The floor of each crate, doubled, since the map has halves. A crate may import only from lower floors; two on one
/// floor never import each other.
const FLOORS: &[(&str, u8)] = &[
    ("model", 0),
    ("auth", 1),
    ("geometry", 1),
    ("store", 2),
    ("exec", 3),
    ("loader", 4),
    ("sparql", 4),
    ("cypher", 4),
    ("bolt", 5),
    ("server", 6),
    ("halimede", 8),
    ("xtask", 0),
];

/// Text that must stand in no file: folders of one machine, and hosts of package registries (clients know them).
/// Put together from halves so that this file does not name them either.
const STRAY: &[(&str, &str)] = &[
    ("/wor", "k/"),
    ("/roo", "t/"),
    ("registry.npm", "js.org"),
    ("pypi.", "org"),
    ("files.python", "hosted.org"),
    ("index.cra", "tes.io"),
    ("static.cra", "tes.io"),
    ("deb.deb", "ian.org"),
    ("arti", "factory"),
];

/// Everything untidy in the repository's tracked files, one line each.
pub(crate) fn check(root: &Path) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    for name in tracked(root)? {
        let Ok(bytes) = fs::read(root.join(&name)) else {
            continue;
        };
        // Only text can be untidy; samples in other encodings are there on purpose.
        let Ok(text) = String::from_utf8(bytes) else {
            continue;
        };
        findings.extend(file(&name, &text));
    }
    findings.extend(map(root)?);
    Ok(findings)
}

fn tracked(root: &Path) -> Result<Vec<String>> {
    let output = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .context("running git")?;
    ensure!(output.status.success(), "git ls-files: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?.split_terminator('\0').map(str::to_owned).collect())
}

/// What is untidy in one file.
fn file(name: &str, text: &str) -> Vec<String> {
    let mut findings = Vec::new();
    let is_rust = name.rsplit_once('.').is_some_and(|(_, extension)| extension == "rs");
    if is_rust && !text.starts_with("//! ") {
        findings.push(format!("{name}: does not open with `//!` and what it is for"));
    }
    if name.ends_with("/mod.rs") {
        findings.push(format!("{name}: a module is name.rs with name/ beside it"));
    }
    for (number, line) in (1..).zip(text.lines()) {
        for (head, tail) in STRAY {
            if line.match_indices(head).any(|(at, _)| line[at + head.len()..].starts_with(tail)) {
                findings.push(format!("{name}:{number}: names {head}{tail}"));
            }
        }
    }
    findings
}

/// Whether every crate is on the map of `ARCHITECTURE.md` and imports only downward.
fn map(root: &Path) -> Result<Vec<String>> {
    let architecture = fs::read_to_string(root.join("ARCHITECTURE.md"))?;
    let mut findings = Vec::new();
    for (name, manifest) in manifests(root)? {
        if !architecture.contains(&format!("| `{name}`")) {
            findings.push(format!("{name}: not on the map in ARCHITECTURE.md"));
        }
        findings.extend(arrows(&name, &manifest));
    }
    Ok(findings)
}

fn manifests(root: &Path) -> Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(root.join("crates"))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        found.insert(name, fs::read_to_string(entry.path().join("Cargo.toml"))?);
    }
    found.insert("xtask".to_owned(), fs::read_to_string(root.join("xtask/Cargo.toml"))?);
    Ok(found)
}

/// Dependencies of one manifest that do not point to a lower floor.
fn arrows(name: &str, manifest: &str) -> Vec<String> {
    let floor = |name: &str| FLOORS.iter().find(|(crate_name, _)| *crate_name == name).map(|(_, floor)| *floor);
    let Some(own) = floor(name) else {
        return vec![format!("{name}: has no floor yet; give it one in xtask/src/tidy.rs")];
    };
    let mut section = "";
    let mut findings = Vec::new();
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            section = line;
        } else if section.ends_with("dependencies]") {
            let dependency = line.split(['.', ' ', '=']).next().unwrap_or_default();
            if floor(dependency).is_some_and(|other| other >= own) {
                findings.push(format!("{name}: imports {dependency}, which is not on a lower floor"));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::{arrows, file};

    #[test]
    fn a_rust_file_opens_with_what_it_is_for() {
        assert!(file("a.rs", "//! Counts sheep.\n").is_empty());
        assert_eq!(file("a.rs", "use std::fs;\n").len(), 1);
        assert!(file("a.py", "import os\n").is_empty());
    }

    #[test]
    fn stray_paths_are_found_with_their_line() {
        let text = format!("fine\nsee /roo{}folder\n", "t/");
        assert!(file("a.md", &text)[0].starts_with("a.md:2:"));
    }

    #[test]
    fn arrows_point_down() {
        assert!(arrows("store", "[dependencies]\nmodel.workspace = true\n").is_empty());
        assert_eq!(arrows("store", "[dependencies]\nloader.workspace = true\n").len(), 1);
        assert_eq!(arrows("loader", "[dev-dependencies]\nsparql = { path = \"../sparql\" }\n").len(), 1);
        assert!(arrows("store", "[features]\nserver = []\n").is_empty());
        assert_eq!(arrows("attic", "[dependencies]\n").len(), 1);
    }
}
