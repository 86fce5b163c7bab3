//! What the fuzz targets of values found, and what they begin with, as an ordinary test.

#[path = "../../../fuzz/replay.rs"]
mod replay;
#[path = "../../../fuzz/src/values.rs"]
#[expect(unreachable_pub, reason = "the fuzz crate exports them")]
mod values;

#[test]
fn properties_hold_for_the_corpus() {
    replay::replay(&values::VALUES);
}
