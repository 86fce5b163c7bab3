//! What the fuzz targets of this crate found, and what they begin with, as an ordinary test.

#[path = "../../../fuzz/src/doors.rs"]
#[expect(unreachable_pub, reason = "the fuzz crate exports them")]
mod doors;
#[path = "../../../fuzz/replay.rs"]
mod replay;

#[test]
fn properties_hold_for_the_corpus() {
    replay::replay(&doors::DOORS);
}
