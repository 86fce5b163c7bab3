//! Open files: as many as the server has promised connections, and room for its own.
//!
//! A login shell often allows 1,024, which the default number of connections alone would use up. The process may raise that
//! by itself as far as the hard limit goes; beyond it, it says what is missing.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files of the store and of loads, with room to spare.
const OWN_FILES: u64 = 4_096;

/// Makes the process's limit large enough for that many connections, if it may.
pub(crate) fn provide(connections: u64) {
    let wanted = connections + OWN_FILES;
    let limit = getrlimit(Resource::Nofile);
    let Some(current) = limit.current.filter(|current| *current < wanted) else { return };
    let possible = limit.maximum.map_or(wanted, |most| most.min(wanted));
    let raised = Rlimit { current: Some(possible), maximum: limit.maximum };
    let now = if possible > current && setrlimit(Resource::Nofile, raised).is_ok() { possible } else { current };
    if now < wanted {
        tracing::warn!(
            limit = now,
            wanted,
            "too few files may be open for all connections: raise the limit (ulimit -n)"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_raised_as_far_as_it_goes_and_never_lowered() {
        let before = getrlimit(Resource::Nofile);
        provide(1);
        let after = getrlimit(Resource::Nofile);
        assert_eq!(after.maximum, before.maximum);
        let wanted = before.maximum.map_or(1 + OWN_FILES, |most| most.min(1 + OWN_FILES));
        assert!(after.current.is_none_or(|current| current >= wanted), "{after:?}");
        assert!(
            after.current.is_none_or(|current| before.current.is_some_and(|before| current >= before)),
            "{after:?}"
        );
    }
}
