//! What an account may do, held against what a program needs: so that a missing privilege is found by day, and not by the
//! step that needs it at night.
//!
//! The servers tell grants as statements (`SHOW GRANTS`). Those by name are read; what comes through a role is not
//! followed, and the answer says so.

use sqlx::{MySqlPool, Row};

use super::backend::Backend;
use super::{AuthDb, DbError, statements};

/// A privilege on a table, such as `DELETE` on `DeviceFlows`.
///
/// # Examples
/// ```
/// use authdb_shared::db::Privilege;
///
/// let privilege = Privilege { what: "DELETE", table: "DeviceFlows" };
/// assert_eq!(privilege.to_string(), "DELETE on DeviceFlows");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Privilege {
    /// The word of the GRANT statement, in capitals.
    pub what: &'static str,
    /// The table; `*` for all of the database.
    pub table: &'static str,
}

impl std::fmt::Display for Privilege {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let table = if self.table == "*" { "the whole database" } else { self.table };
        write!(f, "{} on {table}", self.what)
    }
}

/// What the janitor's account needs: ALTER and DROP on `RefreshTokens` are for its partitions, CREATE and `AdminActions` for
/// making the ledger. Holding months needs more: [`HOLDING_PRIVILEGES`].
///
/// # Examples
/// ```
/// use authdb_shared::db::JANITOR_PRIVILEGES;
///
/// assert!(JANITOR_PRIVILEGES.iter().any(|privilege| privilege.to_string() == "DROP on RefreshTokens"));
/// ```
pub const JANITOR_PRIVILEGES: &[Privilege] = &[
    of("SELECT", "DeviceFlows"),
    of("UPDATE", "DeviceFlows"),
    of("DELETE", "DeviceFlows"),
    of("SELECT", "AuthorizationFlows"),
    of("UPDATE", "AuthorizationFlows"),
    of("DELETE", "AuthorizationFlows"),
    of("SELECT", "RefreshTokens"),
    of("DELETE", "RefreshTokens"),
    of("ALTER", "RefreshTokens"),
    of("DROP", "RefreshTokens"),
    of("SELECT", "JanitorRuns"),
    of("INSERT", "JanitorRuns"),
    of("UPDATE", "JanitorRuns"),
    of("CREATE", "JanitorRuns"),
    of("SELECT", "JanitorLease"),
    of("INSERT", "JanitorLease"),
    of("UPDATE", "JanitorLease"),
    of("CREATE", "JanitorLease"),
    of("INSERT", "AdminActions"),
    of("CREATE", "AdminActions"),
];

/// What the janitor's account needs besides where it holds months (`janitor.hold_dropped`). The tables that they are held in
/// are made when a month is due, so it needs this on all tables of the database.
///
/// # Examples
/// ```
/// use authdb_shared::db::HOLDING_PRIVILEGES;
///
/// assert!(HOLDING_PRIVILEGES.iter().all(|privilege| privilege.table == "*"));
/// ```
pub const HOLDING_PRIVILEGES: &[Privilege] =
    &[of("SELECT", "*"), of("INSERT", "*"), of("CREATE", "*"), of("ALTER", "*"), of("DROP", "*")];

/// What an account needs that looks at everything and changes nothing.
///
/// # Examples
/// ```
/// use authdb_shared::db::VIEWER_PRIVILEGES;
///
/// assert!(VIEWER_PRIVILEGES.iter().all(|privilege| privilege.what == "SELECT"));
/// ```
pub const VIEWER_PRIVILEGES: &[Privilege] = &[
    of("SELECT", "DeviceFlows"),
    of("SELECT", "AuthorizationFlows"),
    of("SELECT", "RefreshTokens"),
    of("SELECT", "JanitorRuns"),
    of("SELECT", "JanitorLease"),
    of("SELECT", "AdminActions"),
];

/// What an account needs that approves, denies, cancels and revokes, and journals it. UPDATE on `JanitorLease` is for the
/// head of the journal's chain.
///
/// # Examples
/// ```
/// use authdb_shared::db::OPERATOR_PRIVILEGES;
///
/// let deletes = OPERATOR_PRIVILEGES.iter().any(|privilege| privilege.what == "DELETE");
/// assert!(!deletes, "whoever ends sessions by hand deletes nothing, and least of all the journal");
/// ```
pub const OPERATOR_PRIVILEGES: &[Privilege] = &[
    of("SELECT", "DeviceFlows"),
    of("UPDATE", "DeviceFlows"),
    of("SELECT", "AuthorizationFlows"),
    of("UPDATE", "AuthorizationFlows"),
    of("SELECT", "RefreshTokens"),
    of("UPDATE", "RefreshTokens"),
    of("SELECT", "JanitorRuns"),
    of("SELECT", "JanitorLease"),
    of("UPDATE", "JanitorLease"),
    of("SELECT", "AdminActions"),
    of("INSERT", "AdminActions"),
];

const fn of(what: &'static str, table: &'static str) -> Privilege {
    Privilege { what, table }
}

/// What an account lacks.
///
/// # Examples
/// ```
/// use authdb_shared::db::MissingPrivileges;
///
/// let nothing = MissingPrivileges::default();
/// assert!(nothing.missing.is_empty() && !nothing.has_roles);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MissingPrivileges {
    /// What no grant by name gives.
    pub missing: Vec<Privilege>,
    /// Whether the account has roles, which may give it after all.
    pub has_roles: bool,
}

impl AuthDb {
    /// Which of these privileges the account lacks on the tables of its database. In `SQLite` nobody lacks any.
    ///
    /// # Errors
    /// If the database cannot be asked.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::JANITOR_PRIVILEGES;
    ///
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// assert!(db.missing_privileges(JANITOR_PRIVILEGES).await?.missing.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn missing_privileges(&self, needed: &[Privilege]) -> Result<MissingPrivileges, DbError> {
        let Backend::MySql(pool) = &self.reader else { return Ok(MissingPrivileges::default()) };
        self.limited("reading what this account may do", async {
            let database: Option<String> = sqlx::query_scalar(statements::DATABASE.mysql).fetch_one(pool).await?;
            let rows = sqlx::query(statements::GRANTS.mysql).fetch_all(pool).await?;
            let grants: Vec<String> = rows.iter().filter_map(|row| row.try_get(0).ok()).collect();
            let names = GrantedNames::of(pool).await?;
            Ok(compare(&grants, &database.unwrap_or_default(), names, needed))
        })
        .await
    }

    /// How this server reads the name of a database before `.*`; `None` for `SQLite`.
    pub(super) async fn granted_names(&self) -> Result<Option<GrantedNames>, DbError> {
        let Backend::MySql(pool) = &self.reader else { return Ok(None) };
        self.limited("reading how names in grants are meant", async { GrantedNames::of(pool).await.map(Some) }).await
    }
}

/// How a server reads the name of a database in a grant on all of its tables. On one table it is always literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GrantedNames {
    /// `_` is any letter, `%` any number of them, unless a backslash is before it.
    Patterns,
    /// As they stand: `MySQL` with `partial_revokes`.
    Literal,
}

impl GrantedNames {
    async fn of(pool: &MySqlPool) -> Result<Self, sqlx::Error> {
        let row = sqlx::query(statements::PARTIAL_REVOKES.mysql).fetch_optional(pool).await?;
        let value: Option<String> = row.map(|row| row.try_get(1)).transpose()?;
        Ok(if value.is_some_and(|value| value == "ON") { Self::Literal } else { Self::Patterns })
    }

    /// What stands in a grant for this database and no other.
    pub(super) fn write(self, database: &str) -> String {
        if self == Self::Literal {
            return database.to_owned();
        }
        let escaped = |letter| ['_', '%', '\\'].contains(&letter);
        database.chars().flat_map(|letter| escaped(letter).then_some('\\').into_iter().chain([letter])).collect()
    }

    fn mean(self, granted: &str, database: &str) -> bool {
        match self {
            Self::Patterns => matches(granted, database),
            Self::Literal => granted == database,
        }
    }
}

fn compare(grants: &[String], database: &str, names: GrantedNames, needed: &[Privilege]) -> MissingPrivileges {
    let read: Vec<Grant<'_>> = grants.iter().filter_map(|grant| Grant::read(grant)).collect();
    let has = |needed: &Privilege| read.iter().any(|grant| grant.gives(needed, database, names));
    MissingPrivileges {
        missing: needed.iter().filter(|needed| !has(needed)).copied().collect(),
        has_roles: read.len() < grants.len(),
    }
}

/// `GRANT words ON database.table TO …`
struct Grant<'a> {
    words: Vec<&'a str>,
    database: String,
    table: String,
}

impl<'a> Grant<'a> {
    /// `None` for a role, which is granted ON nothing.
    fn read(grant: &'a str) -> Option<Self> {
        let (words, rest) = grant.strip_prefix("GRANT ")?.split_once(" ON ")?;
        let (place, _) = rest.split_once(" TO ")?;
        let (database, table) = place.rsplit_once('.')?;
        let name = |quoted: &str| quoted.trim_matches('`').replace("``", "`");
        let words = words.split(", ").map(str::trim).collect();
        Some(Self { words, database: name(database), table: name(table) })
    }

    fn gives(&self, needed: &Privilege, database: &str, names: GrantedNames) -> bool {
        let names = if self.table == "*" { names } else { GrantedNames::Literal };
        let is_here = self.database == "*" || names.mean(&self.database, database);
        let is_this = self.table == "*" || self.table.eq_ignore_ascii_case(needed.table);
        let is_enough = |word: &&str| *word == needed.what || *word == "ALL PRIVILEGES" || *word == "ALL";
        is_here && is_this && self.words.iter().any(is_enough)
    }
}

/// Whether a name fits a pattern of a grant: `_` is any letter, `%` any number of them, unless a backslash is before it.
fn matches(pattern: &str, name: &str) -> bool {
    let mut letters = pattern.chars();
    match letters.next() {
        None => name.is_empty(),
        Some('\\') => letters
            .next()
            .is_some_and(|escaped| name.strip_prefix(escaped).is_some_and(|rest| matches(letters.as_str(), rest))),
        Some('%') => (0..=name.len()).filter_map(|at| name.get(at..)).any(|rest| matches(letters.as_str(), rest)),
        Some(letter) => {
            let mut rest = name.chars();
            rest.next()
                .is_some_and(|next| (letter == '_' || letter == next) && matches(letters.as_str(), rest.as_str()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEEDED: [Privilege; 2] = [of("SELECT", "DeviceFlows"), of("DELETE", "DeviceFlows")];

    fn missing(grants: &[&str]) -> Vec<String> {
        let grants: Vec<String> = grants.iter().map(|grant| (*grant).to_owned()).collect();
        compare(&grants, "diracx_auth", GrantedNames::Patterns, &NEEDED)
            .missing
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn grants_of_every_width_are_read() {
        assert!(missing(&["GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` WITH GRANT OPTION"]).is_empty());
        assert!(missing(&["GRANT SELECT, INSERT, DELETE ON `diracx\\_auth`.* TO `janitor`@`%`"]).is_empty());
        assert!(missing(&["GRANT SELECT, DELETE ON `diracx_auth`.`DeviceFlows` TO `janitor`@`%`"]).is_empty());
        assert!(missing(&["GRANT SELECT, DELETE ON `dirac%`.* TO `janitor`@`%`"]).is_empty());
    }

    #[test]
    fn what_is_granted_elsewhere_or_on_columns_alone_is_missing() {
        let both = ["SELECT on DeviceFlows", "DELETE on DeviceFlows"];
        assert_eq!(missing(&["GRANT USAGE ON *.* TO `janitor`@`%`"]), both);
        assert_eq!(missing(&["GRANT ALL PRIVILEGES ON `diracx_jobs`.* TO `janitor`@`%`"]), both);
        assert_eq!(missing(&["GRANT SELECT, DELETE ON `diracx_auth`.`RefreshTokens` TO `janitor`@`%`"]), both);
        assert_eq!(missing(&["GRANT SELECT (`UserCode`), DELETE ON `diracx_auth`.* TO `j`@`%`"]), both[..1]);
    }

    #[test]
    fn roles_are_said_and_not_followed() {
        let grants = ["GRANT `janitors`@`%` TO `janitor`@`%`".to_owned()];
        assert!(compare(&grants, "diracx_auth", GrantedNames::Patterns, &NEEDED).has_roles);
    }

    #[test]
    fn a_name_is_written_so_that_it_means_itself_alone() {
        assert_eq!(GrantedNames::Patterns.write("a_b%c\\d"), "a\\_b\\%c\\\\d");
        assert_eq!(GrantedNames::Literal.write("a_b%"), "a_b%", "a backslash would be part of the name");
        for database in ["a_b", "a%b", "a\\b", "ab"] {
            for names in [GrantedNames::Patterns, GrantedNames::Literal] {
                let written = names.write(database);
                assert!(names.mean(&written, database), "{written}");
                assert!(!names.mean(&written, "axb"), "{written}");
            }
        }
    }

    #[test]
    fn a_name_is_no_pattern_beside_a_table_or_where_revokes_may_be_partial() {
        let all = vec!["GRANT SELECT, DELETE ON `diracx_auth`.* TO `j`@`%`".to_owned()];
        let missing = |grants: &[String], names| compare(grants, "diracx-auth", names, &NEEDED).missing.len();
        assert_eq!(missing(&all, GrantedNames::Patterns), 0);
        assert_eq!(missing(&all, GrantedNames::Literal), 2);
        let one = vec!["GRANT SELECT, DELETE ON `diracx_auth`.`DeviceFlows` TO `j`@`%`".to_owned()];
        assert_eq!(missing(&one, GrantedNames::Patterns), 2);
    }
}
