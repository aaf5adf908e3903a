//! The schema: recognising DiracX's, and creating the same in an empty database.

use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, Connection, FromRow};

use super::backend::{Backend, Flavour, on_backend};
use super::statements::Statement;
use super::{AuthDb, DbError, WritePermit, partitions, statements};
use crate::actor::Actor;
use crate::clock::Timestamp;
use crate::ids::KeyBound;
use crate::partition::{KeyForm, initial_months};
use crate::text;

/// The tables and columns that DiracX 0.7 has.
const TABLES: [(&str, &[&str]); 3] = [
    ("DeviceFlows", &["UserCode", "Status", "CreationTime", "ClientID", "Scope", "DeviceCode", "IDToken"]),
    (
        "AuthorizationFlows",
        &[
            "UUID",
            "Status",
            "ClientID",
            "CreationTime",
            "Scope",
            "CodeChallenge",
            "CodeChallengeMethod",
            "RedirectURI",
            "Code",
            "IDToken",
        ],
    ),
    ("RefreshTokens", &["JTI", "Status", "Scope", "Sub"]),
];

/// The table that is made last, whole with its partitions: where it is, nothing was left undone.
const LAST: &str = "RefreshTokens";

const LOOKING: &str = "looking at the tables";
const CREATING: &str = "creating the tables";

/// What DiracX's tables hold here that DiracX 0.7 did not put there.
///
/// # Examples
/// ```
/// use authdb_shared::db::{ExtraColumn, SchemaFacts};
///
/// let column = ExtraColumn { table: "DeviceFlows".to_owned(), column: "Note".to_owned(), is_required: true };
/// let facts = SchemaFacts { extra_columns: vec![column] };
/// let blocks_logins = facts.extra_columns.iter().any(|column| column.is_required);
/// assert!(blocks_logins, "DiracX does not know the column, and so cannot insert a row");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SchemaFacts {
    /// Columns beyond DiracX's, in DiracX's tables.
    pub extra_columns: Vec<ExtraColumn>,
}

/// A column that DiracX 0.7 does not have: of a newer version, or of somebody's own.
///
/// # Examples
/// ```
/// use authdb_shared::db::ExtraColumn;
///
/// let column = ExtraColumn { table: "RefreshTokens".to_owned(), column: "Origin".to_owned(), is_required: false };
/// assert_eq!(format!("{}.{}", column.table, column.column), "RefreshTokens.Origin");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtraColumn {
    /// The table.
    pub table: String,
    /// The column.
    pub column: String,
    /// Whether it must be given a value, so that what DiracX 0.7 or this library inserts is refused.
    pub is_required: bool,
}

#[derive(FromRow)]
struct ColumnRow {
    table_name: String,
    column_name: String,
    data_type: String,
    is_required: i64,
}

/// Tables with their columns.
type Tables = BTreeMap<String, Vec<ColumnRow>>;

async fn tables(db: &AuthDb) -> Result<Tables, DbError> {
    let columns: Vec<ColumnRow> = db
        .limited(LOOKING, async {
            let mut session = db.reading().await?;
            on_backend!(&mut session, |connection, text| {
                sqlx::query_as(text(statements::COLUMNS)).fetch_all(connection).await
            })
        })
        .await?;
    let mut tables = Tables::new();
    for row in columns {
        tables.entry(row.table_name.clone()).or_default().push(row);
    }
    Ok(tables)
}

/// Accepts a database that holds at least DiracX's tables and columns, and says how its keys are declared.
pub(super) async fn recognise(db: &AuthDb) -> Result<KeyForm, DbError> {
    let tables = tables(db).await?;
    if tables.is_empty() {
        return Err(DbError::Empty { place: db.place().to_owned() });
    }
    let missing: Vec<String> = TABLES
        .iter()
        .flat_map(|(table, columns)| match tables.get(*table) {
            None => vec![format!("table {table}")],
            Some(present) => columns
                .iter()
                .filter(|column| !present.iter().any(|row| row.column_name.eq_ignore_ascii_case(column)))
                .map(|column| format!("column {table}.{column}"))
                .collect(),
        })
        .collect();
    if !missing.is_empty() {
        let found = format!(", and holds {}", names(&tables));
        return Err(DbError::Foreign { place: db.place().to_owned(), missing: missing.join(", "), found });
    }
    // On SQLite the word is only a name.
    let is_native = |row: &ColumnRow| db.can_partition() && row.data_type.eq_ignore_ascii_case("uuid");
    let has_native_keys = TABLES.iter().filter_map(|(table, _)| tables.get(*table)).flatten().any(is_native);
    Ok(if has_native_keys { KeyForm::Dashed } else { KeyForm::Plain })
}

impl AuthDb {
    /// What the schema holds beyond DiracX 0.7's. What it lacks is refused at connect, by name.
    ///
    /// # Errors
    /// If the database cannot be asked.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::SchemaFacts;
    ///
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// # let permit = db.write_permit(&Actor::of_this_process())?;
    /// assert_eq!(db.schema_facts().await?, SchemaFacts::default(), "the tables are as DiracX makes them");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn schema_facts(&self) -> Result<SchemaFacts, DbError> {
        let tables = tables(self).await?;
        let extra = |(table, known): &(&str, &[&str])| {
            let columns = tables.get(*table).into_iter().flatten();
            let unknown = columns.filter(|row| !known.iter().any(|name| row.column_name.eq_ignore_ascii_case(name)));
            unknown
                .map(|row| ExtraColumn {
                    table: (*table).to_owned(),
                    column: row.column_name.clone(),
                    is_required: row.is_required != 0,
                })
                .collect::<Vec<_>>()
        };
        Ok(SchemaFacts { extra_columns: TABLES.iter().flat_map(extra).collect() })
    }
}

fn names(tables: &Tables) -> String {
    let mut shown: Vec<String> = tables.keys().take(5).map(|name| text::harmless(name)).collect();
    if tables.len() > shown.len() {
        shown.push(format!("{} more", tables.len() - shown.len()));
    }
    shown.join(", ")
}

/// Creates the tables as DiracX does, partitions included where the engine has them; goes on where that broke off before.
pub(super) async fn create(db: &AuthDb, now: Timestamp) -> Result<(), DbError> {
    let present = tables(db).await?;
    if !present.is_empty() && !is_unfinished(db, &present).await? {
        return Err(DbError::NotEmpty { place: db.place().to_owned(), found: names(&present) });
    }
    let permit = db.write_permit(&Actor::of_this_process())?;
    let missing = definitions(db, now).into_iter().filter(|(table, _)| !present.contains_key(*table));
    let missing = missing.map(|(_, definition)| definition);
    if let Backend::Sqlite(_) = db.reader {
        return db.limited(CREATING, db.define(&permit, missing.collect())).await;
    }
    for (done, definition) in missing.enumerate() {
        let made = db.run_ddl(None, CREATING, definition).await;
        made.map_err(|error| if done == 0 { error } else { error.after_a_part(db.place()) })?;
    }
    Ok(())
}

/// Whether these are all that a creation made before it broke off: tables of DiracX and no others, whole and empty, without
/// the one that is made last.
async fn is_unfinished(db: &AuthDb, present: &Tables) -> Result<bool, DbError> {
    let is_whole = |(table, columns): (&String, &Vec<ColumnRow>)| {
        let known = TABLES.iter().find(|(name, _)| name == table).map(|(_, known)| *known).unwrap_or_default();
        columns.len() == known.len() && columns.iter().all(|row| known.contains(&row.column_name.as_str()))
    };
    if present.contains_key(LAST) || !present.iter().all(is_whole) {
        return Ok(false);
    }
    for (table, statement) in
        [("DeviceFlows", statements::ANY_DEVICE_FLOW), ("AuthorizationFlows", statements::ANY_AUTHORIZATION_FLOW)]
    {
        if present.contains_key(table) && has_rows(db, statement).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn has_rows(db: &AuthDb, statement: Statement) -> Result<bool, DbError> {
    let rows: i64 = db
        .limited(LOOKING, async {
            let mut session = db.reading().await?;
            on_backend!(&mut session, |connection, text| {
                sqlx::query_scalar(text(statement)).fetch_one(connection).await
            })
        })
        .await?;
    Ok(rows > 0)
}

impl AuthDb {
    /// Makes tables and indexes, at once in `SQLite`. On `MariaDB` and `MySQL` each definition commits by itself.
    pub(super) async fn define(&self, permit: &WritePermit, definitions: Vec<String>) -> Result<(), sqlx::Error> {
        if let Backend::MySql(_) = self.reader {
            let mut connection = self.connect_for_ddl().await?;
            for definition in definitions {
                sqlx::query(AssertSqlSafe(definition)).execute(&mut connection).await?;
            }
            // Each definition has committed by itself: a farewell that fails takes none of them back.
            let _ = connection.close().await;
            return Ok(());
        }
        let mut session = self.writing(permit).await?;
        for definition in definitions {
            on_backend!(&mut session, |connection, _text| {
                sqlx::query(AssertSqlSafe(definition)).execute(connection).await.map(drop)
            })?;
        }
        permit.commit(session).await
    }

    /// `MariaDB` has a `uuid` type since 10.7, and SQLAlchemy uses it from then on.
    fn has_native_uuid(&self) -> bool {
        let mut numbers = self.facts.version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
        let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        self.facts.flavour == Flavour::MariaDb && version >= (10, 7)
    }
}

/// Column by column what SQLAlchemy emits for DiracX 0.7 on this engine, each with its table.
fn definitions(db: &AuthDb, now: Timestamp) -> Vec<(&'static str, String)> {
    let is_sqlite = db.facts.flavour == Flavour::Sqlite;
    let key = if db.has_native_uuid() { "UUID" } else { "CHAR(32)" };
    let default_time = if is_sqlite { "(DATETIME('now'))" } else { "(utc_timestamp())" };
    let mut definitions = vec![
        (
            "DeviceFlows",
            format!(
                "CREATE TABLE DeviceFlows (UserCode VARCHAR(8) NOT NULL, \
                 Status VARCHAR(16) DEFAULT 'PENDING' NOT NULL, CreationTime DATETIME DEFAULT {default_time} NOT NULL, \
                 ClientID VARCHAR(255) NOT NULL, Scope VARCHAR(1024) NOT NULL, DeviceCode VARCHAR(128) NOT NULL, \
                 IDToken JSON, PRIMARY KEY (UserCode), UNIQUE (DeviceCode))"
            ),
        ),
        (
            "AuthorizationFlows",
            format!(
                "CREATE TABLE AuthorizationFlows (UUID {key} NOT NULL, \
                 Status VARCHAR(16) DEFAULT 'PENDING' NOT NULL, ClientID VARCHAR(255) NOT NULL, \
                 CreationTime DATETIME DEFAULT {default_time} NOT NULL, Scope VARCHAR(1024) NOT NULL, \
                 CodeChallenge VARCHAR(255) NOT NULL, CodeChallengeMethod VARCHAR(8) NOT NULL, \
                 RedirectURI VARCHAR(255) NOT NULL, Code VARCHAR(255), IDToken JSON, PRIMARY KEY (UUID))"
            ),
        ),
    ];
    let tokens = format!(
        "CREATE TABLE RefreshTokens (JTI {key} NOT NULL, Status VARCHAR(16) DEFAULT 'CREATED' NOT NULL, \
         Scope VARCHAR(1024) NOT NULL, Sub VARCHAR(256) NOT NULL, PRIMARY KEY (JTI)"
    );
    if is_sqlite {
        definitions.push((LAST, format!("{tokens})")));
        definitions.push((LAST, "CREATE INDEX \"ix_RefreshTokens_Sub\" ON RefreshTokens (Sub)".to_owned()));
        definitions.push((LAST, "CREATE INDEX index_status_sub ON RefreshTokens (Status, Sub)".to_owned()));
    } else {
        let form = if db.has_native_uuid() { KeyForm::Dashed } else { KeyForm::Plain };
        let months = partitions::clause(&initial_months(now), form, Some("p_future"));
        let indexes = "KEY ix_RefreshTokens_Sub (Sub), KEY index_status_sub (Status, Sub)";
        let partitioned = format!("{tokens}, {indexes}) PARTITION BY RANGE COLUMNS (JTI) ({months})");
        definitions.push((LAST, partitioned));
    }
    definitions
}

/// The bound of a month in the form of the key column, for the statements that change partitions.
pub(super) fn quoted(bound: KeyBound, form: KeyForm) -> String {
    format!("'{}'", form.write(bound))
}
