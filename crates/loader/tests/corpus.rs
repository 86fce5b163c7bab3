//! What the fuzz targets found, and what they begin with, as an ordinary test.

#[path = "../../../fuzz/src/properties.rs"]
#[expect(unreachable_pub, reason = "the fuzz crate exports them")]
mod properties;
#[path = "../../../fuzz/replay.rs"]
mod replay;

#[test]
fn properties_hold_for_the_corpus() {
    replay::replay(&properties::ALL);
}
