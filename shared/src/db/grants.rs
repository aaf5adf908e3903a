//! The accounts that an installation needs, and the statements that give each what it needs and no more.
//!
//! One table of privileges feeds these statements and the check of an account, so that what is printed and what is asked for
//! cannot differ. A test makes the accounts by exactly these statements and shows that each one counts.

use super::backend::Flavour;
use super::privileges::{HOLDING_PRIVILEGES, JANITOR_PRIVILEGES, OPERATOR_PRIVILEGES, Privilege, VIEWER_PRIVILEGES};
use super::{AuthDb, DbError, partitions};

/// A kind of account.
///
/// # Examples
/// ```
/// use authdb_shared::db::Account;
///
/// assert_eq!(Account::Viewer.name(), "authdb_viewer");
/// assert!(Account::Operator.privileges().len() > Account::Viewer.privileges().len());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Account {
    /// Looks at everything and changes nothing.
    Viewer,
    /// Approves, denies, cancels and revokes, too.
    Operator,
    /// The janitor's.
    Janitor,
}

impl Account {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Operator, Self::Janitor];

    /// What it is called where nobody calls it otherwise.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::Account;
    ///
    /// let names = Account::ALL.map(Account::name);
    /// assert_eq!(names, ["authdb_viewer", "authdb_operator", "authdb_janitor"]);
    /// ```
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Viewer => "authdb_viewer",
            Self::Operator => "authdb_operator",
            Self::Janitor => "authdb_janitor",
        }
    }

    /// What it needs on the tables of the database.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::{Account, JANITOR_PRIVILEGES};
    ///
    /// assert_eq!(Account::Janitor.privileges(), JANITOR_PRIVILEGES);
    /// ```
    #[must_use]
    pub fn privileges(self) -> &'static [Privilege] {
        match self {
            Self::Viewer => VIEWER_PRIVILEGES,
            Self::Operator => OPERATOR_PRIVILEGES,
            Self::Janitor => JANITOR_PRIVILEGES,
        }
    }
}

impl AuthDb {
    /// The GRANT statements for an account, which must be there already, such as `'authdb_viewer'@'%'`. One statement per
    /// table; none on `SQLite`, where whoever can write the file can do everything.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::Account;
    ///
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// assert!(db.grant_statements(Account::Viewer, "AuthDB", "'authdb_viewer'@'%'").is_empty());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn grant_statements(&self, account: Account, database: &str, to: &str) -> Vec<String> {
        statements(self.facts.flavour, account, database, to)
    }

    /// The GRANT statement besides for a janitor that holds months; nothing on `SQLite`, which has none to hold.
    ///
    /// It is for all tables of the database, and there the name is a pattern to the servers: it is escaped, so that
    /// `diracx_auth` does not mean `diracx-auth` as well.
    ///
    /// # Errors
    /// If the server cannot be asked how it reads such names.
    ///
    /// # Examples
    /// ```
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// assert_eq!(db.holding_grant_statement("AuthDB", "'authdb_janitor'@'%'").await?, None);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn holding_grant_statement(&self, database: &str, to: &str) -> Result<Option<String>, DbError> {
        let Some(names) = self.granted_names().await? else { return Ok(None) };
        let words: Vec<&str> = HOLDING_PRIVILEGES.iter().map(|privilege| privilege.what).collect();
        let database = partitions::identifier(&names.write(database));
        Ok(Some(format!("GRANT {} ON {database}.* TO {to}", words.join(", "))))
    }
}

fn statements(flavour: Flavour, account: Account, database: &str, to: &str) -> Vec<String> {
    if flavour == Flavour::Sqlite {
        return Vec::new();
    }
    let mut tables: Vec<(&str, Vec<&str>)> = Vec::new();
    for Privilege { what, table } in account.privileges() {
        match tables.iter_mut().find(|(name, _)| name == table) {
            Some((_, words)) => words.push(what),
            None => tables.push((table, vec![what])),
        }
    }
    let database = partitions::identifier(database);
    let on_table =
        |(table, words): &(&str, Vec<&str>)| format!("GRANT {} ON {database}.{table} TO {to}", words.join(", "));
    let mut statements: Vec<String> = tables.iter().map(on_table).collect();
    // To see who holds the table before it is changed: on MySQL so as not to wait, on MariaDB so as to name them.
    match (account, flavour) {
        (Account::Janitor, Flavour::MySql) => statements.push(format!("GRANT SELECT ON performance_schema.* TO {to}")),
        (Account::Janitor, Flavour::MariaDb) => statements.push(format!("GRANT PROCESS ON *.* TO {to}")),
        _ => {}
    }
    statements
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_table_has_one_statement_and_every_name_is_quoted() {
        let statements = statements(Flavour::MySql, Account::Operator, "dirac`x", "'op'@'%'");
        assert_eq!(statements[0], "GRANT SELECT, UPDATE ON `dirac``x`.DeviceFlows TO 'op'@'%'");
        assert_eq!(statements.len(), 6, "{statements:?}");
    }

    #[test]
    fn only_the_janitor_sees_who_is_connected() {
        let of = |flavour, account| statements(flavour, account, "AuthDB", "'x'@'%'").pop().unwrap_or_default();
        assert_eq!(of(Flavour::MySql, Account::Janitor), "GRANT SELECT ON performance_schema.* TO 'x'@'%'");
        assert_eq!(of(Flavour::MariaDb, Account::Janitor), "GRANT PROCESS ON *.* TO 'x'@'%'");
        assert_eq!(of(Flavour::MariaDb, Account::Viewer), "GRANT SELECT ON `AuthDB`.AdminActions TO 'x'@'%'");
    }
}
