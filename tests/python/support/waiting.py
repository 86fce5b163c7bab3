"""Waiting for a condition, never for a time.

`GUARD_SECONDS` is not an expectation: it only turns a hang into a failure that says what was seen last.
"""

import time

GUARD_SECONDS = 600


def until(probe, accept=bool, what="the condition"):
    """Calls `probe` until `accept` likes what it returns, and returns that."""
    deadline = time.monotonic() + GUARD_SECONDS
    while True:
        seen = probe()
        if accept(seen):
            return seen
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {GUARD_SECONDS} s for {what}; last seen: {seen!r}")
        time.sleep(0.01)
