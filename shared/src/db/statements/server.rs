//! About the server and the schema.

use super::{Statement, statements};

statements! {
    /// The database's UTC time, to the millisecond because keys are dated so.
    NOW = Statement {
        sqlite: "SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')",
        mysql: "SELECT UTC_TIMESTAMP(3)",
    };

    /// The partitions of `RefreshTokens` in the order of their bounds; one row of nulls where it has none.
    PARTITIONS = Statement {
        sqlite: "",
        mysql: "SELECT CAST(PARTITION_NAME AS CHAR) AS name, CAST(PARTITION_DESCRIPTION AS CHAR) AS description, \
                CAST(PARTITION_METHOD AS CHAR) AS method, CAST(PARTITION_EXPRESSION AS CHAR) AS expression, \
                CAST(SUBPARTITION_NAME AS CHAR) AS subpartition, \
                CAST(TABLE_ROWS AS SIGNED) AS `rows`, CAST(DATA_LENGTH + INDEX_LENGTH AS SIGNED) AS bytes \
                FROM information_schema.PARTITIONS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'RefreshTokens' \
                ORDER BY PARTITION_ORDINAL_POSITION",
    };

    /// How the key column is declared: it decides how bounds are written.
    KEY_TYPE = Statement {
        sqlite: "",
        mysql: "SELECT CAST(DATA_TYPE AS CHAR) FROM information_schema.COLUMNS \
                WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'RefreshTokens' AND COLUMN_NAME = 'JTI'",
    };

    /// Every column of every table of the database.
    COLUMNS = Statement {
        sqlite: "SELECT m.name AS table_name, c.name AS column_name FROM sqlite_schema AS m \
                 JOIN pragma_table_info(m.name) AS c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite!_%' ESCAPE '!' \
                 LIMIT 10000",
        mysql: "SELECT CAST(TABLE_NAME AS CHAR) AS table_name, CAST(COLUMN_NAME AS CHAR) AS column_name \
                FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() LIMIT 10000",
    };

    /// The database's character set, the account, and whether the server takes writes.
    SESSION_FACTS = Statement {
        sqlite: "",
        mysql: "SELECT CAST(@@character_set_database AS CHAR) AS charset, \
                CAST(@@collation_database AS CHAR) AS collation, CAST(CURRENT_USER() AS CHAR) AS account, \
                CAST(@@global.read_only AS SIGNED) AS is_read_only",
    };

    /// The isolation of this session, which the servers call by two names.
    ISOLATION = Statement {
        sqlite: "",
        mysql: "SHOW SESSION VARIABLES WHERE Variable_name IN ('transaction_isolation', 'tx_isolation')",
    };

    /// What this account may do.
    GRANTS = Statement { sqlite: "", mysql: "SHOW GRANTS" };

    /// The state of a Galera node; without rows or with a size of 0 elsewhere.
    GALERA_STATUS = Statement { sqlite: "", mysql: "SHOW GLOBAL STATUS LIKE 'wsrep%'" };
}
