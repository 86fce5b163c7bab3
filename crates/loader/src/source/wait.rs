//! Waiting on a worker thread for something on the runtime, with an eye on a cancel token.

use std::time::Duration;

use store::CancelToken;
use tokio::runtime::Handle;

/// How often a wait looks at its token.
const GLANCE: Duration = Duration::from_millis(5);

/// The outcome of `work`, or `None` as soon as `cancel` is pulled; the work is dropped then, its sockets with it.
///
/// The calling thread must not be one of the runtime's own.
pub(super) fn unless_cancelled<T>(runtime: &Handle, cancel: &CancelToken, work: impl Future<Output = T>) -> Option<T> {
    runtime.block_on(async {
        tokio::select! {
            biased;
            () = pulled(cancel) => None,
            outcome = work => Some(outcome),
        }
    })
}

async fn pulled(cancel: &CancelToken) {
    while !cancel.is_cancelled() {
        tokio::time::sleep(GLANCE).await;
    }
}
