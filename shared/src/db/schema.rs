//! The schema: recognising DiracX's, and creating the same in an empty database.

use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, FromRow};

use super::backend::{Backend, Flavour, on_backend};
use super::{AuthDb, DbError, partitions, statements};
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

const LOOKING: &str = "looking at the tables";
const CREATING: &str = "creating the tables";

#[derive(FromRow)]
struct ColumnRow {
    table_name: String,
    column_name: String,
}

/// Tables with their columns.
type Tables = BTreeMap<String, Vec<String>>;

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
    for ColumnRow { table_name, column_name } in columns {
        tables.entry(table_name).or_default().push(column_name);
    }
    Ok(tables)
}

/// Accepts a database that holds at least DiracX's tables and columns.
pub(super) async fn recognise(db: &AuthDb) -> Result<(), DbError> {
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
                .filter(|column| !present.iter().any(|name| name.eq_ignore_ascii_case(column)))
                .map(|column| format!("column {table}.{column}"))
                .collect(),
        })
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let found = format!(", and holds {}", names(&tables));
    Err(DbError::Foreign { place: db.place().to_owned(), missing: missing.join(", "), found })
}

fn names(tables: &Tables) -> String {
    let mut shown: Vec<String> = tables.keys().take(5).map(|name| text::harmless(name)).collect();
    if tables.len() > shown.len() {
        shown.push(format!("{} more", tables.len() - shown.len()));
    }
    shown.join(", ")
}

/// Creates the tables as DiracX does, partitions included where the engine has them.
pub(super) async fn create(db: &AuthDb, now: Timestamp) -> Result<(), DbError> {
    let present = tables(db).await?;
    if !present.is_empty() {
        return Err(DbError::NotEmpty { place: db.place().to_owned(), found: names(&present) });
    }
    let permit = db.write_permit()?;
    db.limited(CREATING, async {
        let mut session = db.writing(&permit).await?;
        for statement in definitions(db) {
            on_backend!(&mut session, |connection, _text| {
                sqlx::query(AssertSqlSafe(statement)).execute(connection).await.map(drop)
            })?;
        }
        session.commit().await
    })
    .await?;
    if let Backend::MySql(_) = db.reader {
        let form = if db.has_native_uuid() { KeyForm::Dashed } else { KeyForm::Plain };
        let months = initial_months(now);
        let clause = partitions::clause(&months, form, Some("p_future"));
        let statement = format!("ALTER TABLE RefreshTokens PARTITION BY RANGE COLUMNS (JTI) ({clause})");
        db.run_ddl(CREATING, statement).await?;
    }
    Ok(())
}

impl AuthDb {
    /// `MariaDB` has a `uuid` type since 10.7, and SQLAlchemy uses it from then on.
    fn has_native_uuid(&self) -> bool {
        let mut numbers = self.facts.version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
        let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        self.facts.flavour == Flavour::MariaDb && version >= (10, 7)
    }
}

/// Column by column what SQLAlchemy emits for DiracX 0.7 on this engine.
fn definitions(db: &AuthDb) -> Vec<String> {
    let is_sqlite = db.facts.flavour == Flavour::Sqlite;
    let key = if db.has_native_uuid() { "UUID" } else { "CHAR(32)" };
    let now = if is_sqlite { "(DATETIME('now'))" } else { "(utc_timestamp())" };
    let mut definitions = vec![
        format!(
            "CREATE TABLE DeviceFlows (UserCode VARCHAR(8) NOT NULL, Status VARCHAR(16) DEFAULT 'PENDING' NOT NULL, \
             CreationTime DATETIME DEFAULT {now} NOT NULL, ClientID VARCHAR(255) NOT NULL, \
             Scope VARCHAR(1024) NOT NULL, DeviceCode VARCHAR(128) NOT NULL, IDToken JSON, \
             PRIMARY KEY (UserCode), UNIQUE (DeviceCode))"
        ),
        format!(
            "CREATE TABLE AuthorizationFlows (UUID {key} NOT NULL, Status VARCHAR(16) DEFAULT 'PENDING' NOT NULL, \
             ClientID VARCHAR(255) NOT NULL, CreationTime DATETIME DEFAULT {now} NOT NULL, \
             Scope VARCHAR(1024) NOT NULL, CodeChallenge VARCHAR(255) NOT NULL, \
             CodeChallengeMethod VARCHAR(8) NOT NULL, RedirectURI VARCHAR(255) NOT NULL, Code VARCHAR(255), \
             IDToken JSON, PRIMARY KEY (UUID))"
        ),
    ];
    let tokens = format!(
        "CREATE TABLE RefreshTokens (JTI {key} NOT NULL, Status VARCHAR(16) DEFAULT 'CREATED' NOT NULL, \
         Scope VARCHAR(1024) NOT NULL, Sub VARCHAR(256) NOT NULL, PRIMARY KEY (JTI)"
    );
    if is_sqlite {
        definitions.push(format!("{tokens})"));
        definitions.push("CREATE INDEX \"ix_RefreshTokens_Sub\" ON RefreshTokens (Sub)".to_owned());
        definitions.push("CREATE INDEX index_status_sub ON RefreshTokens (Status, Sub)".to_owned());
    } else {
        definitions.push(format!("{tokens}, KEY ix_RefreshTokens_Sub (Sub), KEY index_status_sub (Status, Sub))"));
    }
    definitions
}

/// The bound of a month in the form of the key column, for the statements that change partitions.
pub(super) fn quoted(bound: KeyBound, form: KeyForm) -> String {
    format!("'{}'", form.write(bound))
}
