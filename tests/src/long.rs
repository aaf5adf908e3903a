//! The full forms of tests that stand in every run in a short form.
//!
//! Faults that come at random moments are met by trying often. A run of the tests tries a few times, so that it stays
//! short; `tests/run --long` tries as often as the figures in `tests/README.md` say.

use std::env;

/// Asks for the full forms where it is `1`.
pub const LONG: &str = "AUTHDB_TEST_LONG";

/// Whether this run has the full forms.
#[must_use]
pub fn is_long() -> bool {
    env::var(LONG).is_ok_and(|value| value == "1")
}

/// What the short form takes, or the full one.
#[must_use]
pub fn sized<T>(short: T, long: T) -> T {
    if is_long() { long } else { short }
}
