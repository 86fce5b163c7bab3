//! What the fuzz target found, and what it begins with, as an ordinary test.

#[path = "../../../fuzz/src/conversations.rs"]
#[expect(unreachable_pub, reason = "the fuzz crate exports them")]
mod conversations;
#[path = "../../../fuzz/replay.rs"]
mod replay;

#[test]
fn properties_hold_for_the_corpus() {
    replay::replay(&conversations::CONVERSATIONS);
}
