//! What takes seconds to start and is left as it is, for all tests that run at the same time.
//!
//! A plain static is never dropped, and its folder would stay. This one keeps its value only while a test holds it; the
//! next test makes another.

use std::sync::{Arc, Mutex, PoisonError, Weak};

/// A value that tests hold in common.
#[derive(Debug)]
pub struct InCommon<T>(Mutex<Weak<T>>);

impl<T> InCommon<T> {
    /// Nothing yet.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it is made for statics, which need a constant")]
    pub const fn new() -> Self {
        Self(Mutex::new(Weak::new()))
    }

    /// What another test holds, or else what `make` makes; who comes meanwhile waits for that.
    pub fn hold(&self, make: impl FnOnce() -> T) -> Arc<T> {
        // A test whose `make` panicked has failed by that; the next may be luckier.
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = held.upgrade() {
            return value;
        }
        let value = Arc::new(make());
        *held = Arc::downgrade(&value);
        value
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::InCommon;

    #[test]
    fn a_value_lasts_as_long_as_somebody_holds_it() {
        static NUMBER: InCommon<u32> = InCommon::new();
        let first = NUMBER.hold(|| 1);
        let second = NUMBER.hold(|| 2);
        assert!(Arc::ptr_eq(&first, &second));
        drop((first, second));
        assert_eq!(*NUMBER.hold(|| 3), 3);
    }
}
