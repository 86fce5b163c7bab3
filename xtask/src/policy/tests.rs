//! Tables for the licence expressions, the two-version rule and the reasons.

use super::{Package, duplicates, is_permissive, reasons, sources};

#[test]
fn licence_expressions_are_read_as_spdx() {
    let table = [
        ("MIT", true),
        ("MIT OR Apache-2.0", true),
        ("MIT/Apache-2.0", true),
        ("Apache-2.0 OR GPL-2.0-only", true),
        ("GPL-2.0-only OR Apache-2.0", true),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("MIT AND GPL-3.0-only", false),
        ("MIT AND (GPL-3.0-only OR ISC)", true),
        ("(MIT OR Apache-2.0) AND GPL-3.0-only", false),
        ("MPL-2.0", false),
        ("(MIT", false),
        ("MIT )", false),
        ("", false),
    ];
    for (expression, permissive) in table {
        assert_eq!(is_permissive(expression), permissive, "{expression}");
    }
}

fn package(name: &'static str, version: &'static str, source: Option<&'static str>) -> Package<'static> {
    Package { name, version, licence: Some("MIT"), source, asks: Vec::new() }
}

#[test]
fn a_second_version_needs_a_reason() {
    let registry = Some("registry+somewhere");
    let twice = [package("left-pad", "1.0.0", registry), package("left-pad", "2.0.0", registry)];
    assert!(duplicates(&twice).iter().any(|finding| finding.starts_with("left-pad: in versions 1.0.0, 2.0.0")));
}

#[test]
fn a_crate_from_elsewhere_is_refused() {
    let packages = [package("fork", "0.1.0", Some("git+ssh://host/fork")), package("own", "0.1.0", None)];
    assert_eq!(sources(&packages).len(), 1);
}

#[test]
fn a_direct_dependency_needs_a_row() {
    let mut own = package("own", "0.1.0", None);
    own.asks = vec!["known", "cousin", "unknown"];
    let findings = reasons(&[own], "| crate | why |\n| `known`, `cousin` | it is needed |\n");
    assert_eq!(findings.len(), 1);
    assert!(findings[0].starts_with("unknown:"), "{findings:?}");
}
