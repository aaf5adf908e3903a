//! Indexes and collations: what the statements of this crate are quick by, and what they compare by.

use sqlx::{FromRow, Row};

use super::backend::{Backend, on_backend};
use super::{AuthDb, DbError, statements};

/// An index that DiracX makes, and that lists and revocations depend on.
struct Needed {
    table: &'static str,
    columns: &'static [&'static str],
    is_unique: bool,
}

const NEEDED: [Needed; 6] = [
    Needed { table: "DeviceFlows", columns: &["UserCode"], is_unique: true },
    Needed { table: "DeviceFlows", columns: &["DeviceCode"], is_unique: true },
    Needed { table: "AuthorizationFlows", columns: &["UUID"], is_unique: true },
    Needed { table: "RefreshTokens", columns: &["JTI"], is_unique: true },
    Needed { table: "RefreshTokens", columns: &["Sub"], is_unique: false },
    Needed { table: "RefreshTokens", columns: &["Status", "Sub"], is_unique: false },
];

#[derive(FromRow)]
struct IndexRow {
    table_name: String,
    index_name: String,
    is_unique: i64,
    column_name: Option<String>,
}

/// A text column with its character set, in which not every letter may exist.
///
/// # Examples
/// ```
/// use authdb_shared::db::TextColumn;
///
/// let (charset, collation) = ("latin1".to_owned(), "latin1_swedish_ci".to_owned());
/// let column = TextColumn { column: "RefreshTokens.Sub".to_owned(), charset, collation };
/// assert!(!column.takes_every_letter());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextColumn {
    /// `Table.Column`.
    pub column: String,
    /// The character set.
    pub charset: String,
    /// The collation, by which it is compared and sorted.
    pub collation: String,
}

impl TextColumn {
    /// Whether every name can be stored in it.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::TextColumn;
    ///
    /// let (charset, collation) = ("utf8mb4".to_owned(), "utf8mb4_0900_ai_ci".to_owned());
    /// assert!(TextColumn { column: "DeviceFlows.Scope".to_owned(), charset, collation }.takes_every_letter());
    /// ```
    #[must_use]
    pub fn takes_every_letter(&self) -> bool {
        self.charset == "utf8mb4"
    }
}

impl AuthDb {
    /// The indexes that DiracX makes and this database lacks, such as `RefreshTokens (Status, Sub)`. They are known by their
    /// columns: what an index is called says nothing.
    ///
    /// # Errors
    /// If the database cannot be asked.
    ///
    /// # Examples
    /// ```
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// assert!(db.missing_indexes().await?.is_empty(), "these tables were made just now");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn missing_indexes(&self) -> Result<Vec<String>, DbError> {
        let rows: Vec<IndexRow> = self
            .limited("looking at the indexes", async {
                let mut session = self.reading().await?;
                on_backend!(&mut session, |connection, text| {
                    sqlx::query_as(text(statements::INDEXES)).fetch_all(connection).await
                })
            })
            .await?;
        Ok(NEEDED.iter().filter(|needed| !needed.is_met(&rows)).map(ToString::to_string).collect())
    }

    /// The text columns of DiracX's tables on `MariaDB` and `MySQL`; none on `SQLite`, which has one way to compare.
    ///
    /// # Errors
    /// If the database cannot be asked.
    ///
    /// # Examples
    /// ```
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// let narrow = db.text_columns().await?.into_iter().filter(|column| !column.takes_every_letter()).count();
    /// assert_eq!(narrow, 0);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn text_columns(&self) -> Result<Vec<TextColumn>, DbError> {
        let Backend::MySql(pool) = &self.reader else { return Ok(Vec::new()) };
        self.limited("looking at the collations", async {
            let rows: Vec<(String, String, String, String)> =
                sqlx::query_as(statements::COLLATIONS.mysql).fetch_all(pool).await?;
            let column = |(table, column, charset, collation)| TextColumn {
                column: format!("{table}.{column}"),
                charset,
                collation,
            };
            Ok(rows.into_iter().map(column).collect())
        })
        .await
    }

    /// By what the connections are encrypted, such as `TLS_AES_256_GCM_SHA384`; none if they are not, or if there is no
    /// server.
    ///
    /// # Errors
    /// If the database cannot be asked.
    ///
    /// # Examples
    /// ```
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// assert_eq!(db.cipher().await?, None, "a file has no connection to encrypt");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn cipher(&self) -> Result<Option<String>, DbError> {
        let Backend::MySql(pool) = &self.reader else { return Ok(None) };
        self.limited("asking how the connection is encrypted", async {
            let row = sqlx::query(statements::CIPHER.mysql).fetch_optional(pool).await?;
            let cipher = row.and_then(|row| row.try_get::<String, _>(1).ok());
            Ok(cipher.filter(|cipher| !cipher.is_empty()).map(|cipher| crate::text::harmless(&cipher)))
        })
        .await
    }
}

impl Needed {
    fn is_met(&self, rows: &[IndexRow]) -> bool {
        let of_table = || rows.iter().filter(|row| row.table_name.eq_ignore_ascii_case(self.table));
        of_table().any(|first| {
            let columns: Vec<&str> = of_table()
                .filter(|row| row.index_name == first.index_name)
                .filter_map(|row| row.column_name.as_deref())
                .collect();
            let begins_so = columns.len() >= self.columns.len()
                && columns.iter().zip(self.columns).all(|(one, two)| one.eq_ignore_ascii_case(two));
            // A unique index on more columns lets each of them come twice.
            let is_unique_enough = !self.is_unique || (first.is_unique != 0 && columns.len() == self.columns.len());
            begins_so && is_unique_enough
        })
    }
}

impl std::fmt::Display for Needed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let unique = if self.is_unique { "unique " } else { "" };
        write!(f, "{unique}{} ({})", self.table, self.columns.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(columns: &[&str], is_unique: i64) -> Vec<IndexRow> {
        let row = |column: &&str| IndexRow {
            table_name: "refreshtokens".to_owned(),
            index_name: "anything".to_owned(),
            is_unique,
            column_name: Some((*column).to_owned()),
        };
        columns.iter().map(row).collect()
    }

    #[test]
    fn an_index_serves_for_the_columns_it_begins_with() {
        let (by_sub, by_status) = (&NEEDED[4], &NEEDED[5]);
        assert!(by_sub.is_met(&rows(&["Sub", "Status"], 0)));
        assert!(!by_sub.is_met(&rows(&["Status", "Sub"], 0)));
        assert!(by_status.is_met(&rows(&["Status", "Sub"], 0)));
        assert!(!by_status.is_met(&rows(&["Status"], 0)));
    }

    #[test]
    fn a_key_on_more_columns_keeps_no_single_one_unique() {
        let key = &NEEDED[3];
        assert!(key.is_met(&rows(&["JTI"], 1)));
        assert!(!key.is_met(&rows(&["JTI"], 0)));
        assert!(!key.is_met(&rows(&["JTI", "Sub"], 1)));
    }
}
