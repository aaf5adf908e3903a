//! The keys of the three tables, and the bounds that cut a table of `UUIDv7` keys by time.
//!
//! A key read from the database is kept as it is stored, even when it is malformed, so that its row can be shown and
//! acted on; what it *means* (a UUID, a time) is worked out beside it.
//!
//! | key | of | what it is |
//! | --- | --- | --- |
//! | [`UserCode`] | `DeviceFlows` | letters that a person reads out (RFC 8628 section 6.1) |
//! | [`FlowId`] | `AuthorizationFlows` | a `UUIDv7` (RFC 9562 section 5.7) |
//! | [`Jti`] | `RefreshTokens` | a `UUIDv7` too, and the `jti` claim of the token (RFC 7519 section 4.1.7) |
//! | [`Subject`] | an index of `RefreshTokens` | whose token it is |
//!
//! What a person types is read by `read` or `new`, which refuse what can be no key; what a row holds is taken by
//! `from_stored`, which refuses nothing. A [`KeyBound`] is not a key but the beginning of an instant among the keys.

mod bound;
mod key;
mod subject;
mod user_code;

pub use bound::KeyBound;
pub use key::{FlowId, Jti, KeyError};
pub use subject::{Subject, SubjectError};
pub use user_code::{USER_CODE_ALPHABET, USER_CODE_LENGTH, UserCode, UserCodeError};
