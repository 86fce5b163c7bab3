//! How the memory budget is shared out.

/// What a process needs beside its budget's shares, however small the budget is: measured, with what the allocator keeps
/// at hand.
const FIXED: u64 = 40 << 20;

/// Bytes of decoded blocks that are cached: an eighth of the budget, and less of a small one, most of which is fixed.
pub(crate) fn cache(memory: u64) -> u64 {
    (memory / 8).min(memory.saturating_sub(FIXED) / 6).max(memory / 16)
}

/// What a load may take: two fifths of what is left of the budget beside the fixed part. The rest is for the cache, the
/// delta, what is parsed and merged.
pub(crate) fn load(memory: u64) -> u64 {
    (memory.saturating_sub(FIXED) / 5 * 2).max(memory / 8)
}
