//! A text of the journal as it is found.
//!
//! A row that was changed by hand may hold bytes that are no text, or nothing. It must not hide the other rows, and the
//! check of the chain must be able to name it, so reading it never fails.

use sqlx::error::BoxDynError;
use sqlx::mysql::{MySql, MySqlValueRef};
use sqlx::sqlite::{Sqlite, SqliteValueRef};
use sqlx::{Database, Decode, Type, ValueRef};

/// A text; what is none becomes replacement characters, which no longer fit the row's hash.
pub(super) struct StoredText(String);

impl StoredText {
    fn of_bytes(bytes: &[u8]) -> Self {
        Self(String::from_utf8_lossy(bytes).into_owned())
    }

    fn nothing() -> Self {
        Self(char::REPLACEMENT_CHARACTER.to_string())
    }
}

impl From<StoredText> for String {
    fn from(text: StoredText) -> Self {
        text.0
    }
}

/// Every type is accepted; what is no text becomes one when it is decoded.
impl<DB: Database> Type<DB> for StoredText
where
    String: Type<DB>,
{
    fn type_info() -> DB::TypeInfo {
        <String as Type<DB>>::type_info()
    }

    fn compatible(_: &DB::TypeInfo) -> bool {
        true
    }
}

impl Decode<'_, MySql> for StoredText {
    fn decode(value: MySqlValueRef<'_>) -> Result<Self, BoxDynError> {
        if value.is_null() {
            return Ok(Self::nothing());
        }
        <&[u8] as Decode<MySql>>::decode(value).map(Self::of_bytes)
    }
}

impl Decode<'_, Sqlite> for StoredText {
    fn decode(value: SqliteValueRef<'_>) -> Result<Self, BoxDynError> {
        if value.is_null() {
            return Ok(Self::nothing());
        }
        <&[u8] as Decode<Sqlite>>::decode(value).map(Self::of_bytes)
    }
}
