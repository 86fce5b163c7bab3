//! What the fuzz target found, and what it begins with, as an ordinary test.

#[path = "../../../fuzz/src/queries.rs"]
#[expect(unreachable_pub, reason = "the fuzz crate exports it")]
mod queries;
#[path = "../../../fuzz/replay.rs"]
mod replay;

#[test]
fn the_property_holds_for_the_corpus() {
    replay::replay(&[("cypher", queries::cypher)]);
}
