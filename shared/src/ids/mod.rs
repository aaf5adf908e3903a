//! The keys of the three tables, and the bounds that cut a table of `UUIDv7` keys by time.
//!
//! A key read from the database is kept as it is stored, even when it is malformed, so that its row can be shown and
//! acted on; what it *means* (a UUID, a time) is worked out beside it.

mod bound;
mod key;
mod subject;
mod user_code;

pub use bound::KeyBound;
pub use key::{FlowId, Jti, KeyError};
pub use subject::{Subject, SubjectError};
pub use user_code::{USER_CODE_ALPHABET, USER_CODE_LENGTH, UserCode, UserCodeError};
