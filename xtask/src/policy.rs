//! The dependency policy: what may be built into the server, from where, and why it is there.
//!
//! Read from `cargo metadata` of the committed lock: every crate's licence is permissive, every crate comes from the
//! public registry or from this repository, no crate is there in two versions without a reason written below, and
//! each direct dependency has a row in `ARCHITECTURE.md` that says why it was chosen.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Command,
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// Licences that ask for no more than keeping their text. Exceptions (`WITH …`) only widen what they allow.
const ALLOWED_LICENCES: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
    "bzip2-1.0.6",
];

/// Crates that are there in two versions, each with the reason why that cannot be helped today.
const ALLOWED_DUPLICATES: &[(&str, &str)] = &[
    ("base64", "the Prometheus exporter is one release behind the HTTP stack"),
    ("crypto-common", "comes with the two versions of digest"),
    ("digest", "crc-fast, below the S3 client, has not moved to the new hash traits"),
    ("getrandom", "ring, rand 0.9 and rand 0.10 each ask for their own"),
    ("hashbrown", "an internal table of dashmap, quick_cache and indexmap"),
    ("lz4_flex", "the embedded engine is one release behind our segments"),
    ("quick-xml", "the RDF/XML reader and the S3 client read XML with different releases"),
    ("rand", "the RDF family is pinned to 0.9, the S3 client has moved on"),
    ("rand_core", "comes with the two versions of rand"),
    ("spin", "flume and crc-fast, below the engine and the S3 client"),
    ("syn", "build-time only: some derive macros have not moved to 3"),
    ("winnow", "build of the TOML reader: its parser and its front move apart"),
];

/// The registry, in the form in which `cargo metadata` names it.
const REGISTRY_PREFIX: &str = "registry+";

/// Everything that the policy refuses, one line each.
pub(crate) fn check(root: &Path) -> Result<Vec<String>> {
    let metadata = metadata(root)?;
    let packages = built(&metadata)?;
    let architecture = std::fs::read_to_string(root.join("ARCHITECTURE.md"))?;
    let mut findings = licences(&packages);
    findings.extend(sources(&packages));
    findings.extend(duplicates(&packages));
    findings.extend(reasons(&packages, &architecture));
    Ok(findings)
}

/// A crate of the build.
#[derive(Debug)]
struct Package<'a> {
    name: &'a str,
    version: &'a str,
    licence: Option<&'a str>,
    /// `None` for the crates of this workspace.
    source: Option<&'a str>,
    /// Names of what it asks for directly.
    asks: Vec<&'a str>,
}

fn metadata(root: &Path) -> Result<Value> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["metadata", "--locked", "--format-version", "1", "--filter-platform", "x86_64-unknown-linux-gnu"])
        .current_dir(root)
        .output()
        .context("running cargo metadata")?;
    ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The packages that the resolved graph really holds (metadata also lists those of other platforms).
fn built(metadata: &Value) -> Result<Vec<Package<'_>>> {
    let ids = |pointer: &str| metadata.pointer(pointer).and_then(Value::as_array).context("metadata without a graph");
    let resolved: BTreeSet<&str> = ids("/resolve/nodes")?.iter().filter_map(|node| node["id"].as_str()).collect();
    ids("/packages")?
        .iter()
        .filter(|package| package["id"].as_str().is_some_and(|id| resolved.contains(id)))
        .map(|package| {
            Ok(Package {
                name: package["name"].as_str().context("a package without a name")?,
                version: package["version"].as_str().context("a package without a version")?,
                licence: package["license"].as_str(),
                source: package["source"].as_str(),
                asks: package["dependencies"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(|dependency| dependency["name"].as_str())
                    .collect(),
            })
        })
        .collect()
}

fn licences(packages: &[Package<'_>]) -> Vec<String> {
    let refused = packages.iter().filter(|package| !package.licence.is_some_and(is_permissive));
    refused
        .map(|package| {
            let licence = package.licence.unwrap_or("no licence");
            format!("{} {}: {licence} is not on the list of permissive licences", package.name, package.version)
        })
        .collect()
}

fn sources(packages: &[Package<'_>]) -> Vec<String> {
    packages
        .iter()
        .filter_map(|package| Some((package, package.source?)))
        .filter(|(_, source)| !source.starts_with(REGISTRY_PREFIX))
        .map(|(package, source)| format!("{} {}: comes from {source}, not the registry", package.name, package.version))
        .collect()
}

fn duplicates(packages: &[Package<'_>]) -> Vec<String> {
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in packages {
        versions.entry(package.name).or_default().push(package.version);
    }
    let is_excused = |name: &str| ALLOWED_DUPLICATES.iter().any(|(excused, _)| *excused == name);
    let unexcused = versions
        .iter()
        .filter(|(name, versions)| versions.len() > 1 && !is_excused(name))
        .map(|(name, versions)| format!("{name}: in versions {} at once, without a reason", versions.join(", ")));
    let stale = ALLOWED_DUPLICATES
        .iter()
        .filter(|(name, _)| versions.get(name).is_none_or(|versions| versions.len() < 2))
        .map(|(name, _)| format!("{name}: no longer a duplicate, take it off the list"));
    unexcused.chain(stale).collect()
}

/// Direct dependencies that `ARCHITECTURE.md` gives no reason for: each needs a table row that begins with its name,
/// alone or among others of its family.
fn reasons(packages: &[Package<'_>], architecture: &str) -> Vec<String> {
    let reasoned: BTreeSet<&str> = architecture
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split_once(" |"))
        .flat_map(|(names, _)| names.split(", "))
        .map(|name| name.trim_matches('`'))
        .collect();
    let own: BTreeSet<&str> =
        packages.iter().filter(|package| package.source.is_none()).map(|package| package.name).collect();
    let direct: BTreeSet<&str> = packages
        .iter()
        .filter(|package| package.source.is_none())
        .flat_map(|package| &package.asks)
        .copied()
        .filter(|name| !own.contains(name))
        .collect();
    direct
        .difference(&reasoned)
        .map(|name| format!("{name}: ARCHITECTURE.md, \"Dependencies and why\", has no row for it"))
        .collect()
}

/// Whether a licence expression can be met with permissive licences alone. Reads SPDX (`AND` binds tighter than `OR`,
/// parentheses, `WITH`) and the older `A/B` for "either".
fn is_permissive(expression: &str) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words = spaced.split_whitespace().peekable();
    let permissive = either(&mut words);
    permissive && words.next().is_none()
}

type Words<'a, 'b> = &'b mut std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn either(words: Words<'_, '_>) -> bool {
    let mut permissive = all(words);
    while words.next_if_eq(&"OR").is_some() {
        permissive |= all(words);
    }
    permissive
}

fn all(words: Words<'_, '_>) -> bool {
    let mut permissive = licence(words);
    while words.next_if_eq(&"AND").is_some() {
        permissive &= licence(words);
    }
    permissive
}

fn licence(words: Words<'_, '_>) -> bool {
    match words.next() {
        Some("(") => {
            let permissive = either(words);
            permissive && words.next() == Some(")")
        }
        Some(name) => {
            if words.next_if_eq(&"WITH").is_some() {
                words.next();
            }
            ALLOWED_LICENCES.contains(&name)
        }
        None => false,
    }
}

#[cfg(test)]
mod tests;
