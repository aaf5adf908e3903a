//! About the server and the schema.

use super::{Statement, both, statements};

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

    /// The tables that are called like a held month. Names are compared as the server folds them.
    HELD_TABLES = Statement {
        sqlite: "",
        mysql: "SELECT CAST(TABLE_NAME AS CHAR) AS name, CAST(TABLE_COMMENT AS CHAR) AS comment, \
                CAST(COALESCE(CREATE_OPTIONS, '') LIKE '%partitioned%' AS SIGNED) AS is_partitioned, \
                CAST(COALESCE(TABLE_ROWS, 0) AS SIGNED) AS estimated_rows, \
                CAST(COALESCE(DATA_LENGTH + INDEX_LENGTH, 0) AS SIGNED) AS bytes FROM information_schema.TABLES \
                WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE' \
                AND LOWER(TABLE_NAME) LIKE 'janitorheld!_%' ESCAPE '!' LIMIT 1000",
    };

    /// Binds: name.
    TABLE_BY_NAME = Statement {
        sqlite: "",
        mysql: "SELECT CAST(TABLE_NAME AS CHAR) AS name, CAST(TABLE_COMMENT AS CHAR) AS comment, \
                CAST(COALESCE(CREATE_OPTIONS, '') LIKE '%partitioned%' AS SIGNED) AS is_partitioned, \
                CAST(COALESCE(TABLE_ROWS, 0) AS SIGNED) AS estimated_rows, \
                CAST(COALESCE(DATA_LENGTH + INDEX_LENGTH, 0) AS SIGNED) AS bytes FROM information_schema.TABLES \
                WHERE TABLE_SCHEMA = DATABASE() AND LOWER(TABLE_NAME) = LOWER(?) LIMIT 1",
    };

    /// Binds: name. How its columns are declared, in their order.
    COLUMNS_OF_TABLE = Statement {
        sqlite: "",
        mysql: "SELECT CAST(COLUMN_NAME AS CHAR) AS name, CAST(COLUMN_TYPE AS CHAR) AS column_type, \
                CAST(IS_NULLABLE AS CHAR) AS nullable, CAST(COLLATION_NAME AS CHAR) AS collation \
                FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND LOWER(TABLE_NAME) = LOWER(?) \
                ORDER BY ORDINAL_POSITION LIMIT 1000",
    };

    /// Every column of every table of the database, with its type, and whether an INSERT must name it.
    COLUMNS = Statement {
        sqlite: "SELECT m.name AS table_name, c.name AS column_name, c.type AS data_type, \
                 c.\"notnull\" AND c.dflt_value IS NULL AS is_required FROM sqlite_schema AS m \
                 JOIN pragma_table_info(m.name) AS c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite!_%' ESCAPE '!' \
                 LIMIT 10000",
        mysql: "SELECT CAST(TABLE_NAME AS CHAR) AS table_name, CAST(COLUMN_NAME AS CHAR) AS column_name, \
                CAST(DATA_TYPE AS CHAR) AS data_type, \
                CAST(IS_NULLABLE = 'NO' AND COLUMN_DEFAULT IS NULL AND EXTRA = '' AS SIGNED) AS is_required \
                FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() LIMIT 10000",
    };

    /// Whether there is a row.
    ANY_DEVICE_FLOW = both("SELECT COUNT(*) FROM (SELECT 1 FROM DeviceFlows LIMIT 1) AS t");

    /// Whether there is a row.
    ANY_AUTHORIZATION_FLOW = both("SELECT COUNT(*) FROM (SELECT 1 FROM AuthorizationFlows LIMIT 1) AS t");

    /// Every index of the three tables, a row per column.
    INDEXES = Statement {
        sqlite: "SELECT m.name AS table_name, l.name AS index_name, l.\"unique\" AS is_unique, i.name AS column_name \
                 FROM sqlite_schema AS m JOIN pragma_index_list(m.name) AS l JOIN pragma_index_info(l.name) AS i \
                 WHERE m.type = 'table' AND m.name IN ('DeviceFlows', 'AuthorizationFlows', 'RefreshTokens') \
                 ORDER BY m.name, l.name, i.seqno LIMIT 1000",
        mysql: "SELECT CAST(TABLE_NAME AS CHAR) AS table_name, CAST(INDEX_NAME AS CHAR) AS index_name, \
                CAST(NON_UNIQUE = 0 AS SIGNED) AS is_unique, CAST(COLUMN_NAME AS CHAR) AS column_name \
                FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() \
                AND TABLE_NAME IN ('DeviceFlows', 'AuthorizationFlows', 'RefreshTokens') \
                ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX LIMIT 1000",
    };

    /// How the text columns of the three tables compare.
    COLLATIONS = Statement {
        sqlite: "",
        mysql: "SELECT CAST(TABLE_NAME AS CHAR) AS table_name, CAST(COLUMN_NAME AS CHAR) AS column_name, \
                CAST(CHARACTER_SET_NAME AS CHAR) AS charset, CAST(COLLATION_NAME AS CHAR) AS collation \
                FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND COLLATION_NAME IS NOT NULL \
                AND TABLE_NAME IN ('DeviceFlows', 'AuthorizationFlows', 'RefreshTokens') \
                ORDER BY TABLE_NAME, ORDINAL_POSITION LIMIT 1000",
    };

    /// By what this connection is encrypted; an empty value if it is not.
    CIPHER = Statement { sqlite: "", mysql: "SHOW SESSION STATUS LIKE 'Ssl_cipher'" };

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

    /// Whether threads of `MySQL`'s own write its redo log; no row on `MariaDB`.
    LOG_WRITERS = Statement { sqlite: "", mysql: "SHOW GLOBAL VARIABLES LIKE 'innodb_log_writer_threads'" };

    /// What this account may do.
    GRANTS = Statement { sqlite: "", mysql: "SHOW GRANTS" };

    /// Whether names of databases in grants are literal; no row on `MariaDB`, which has no such setting.
    PARTIAL_REVOKES = Statement { sqlite: "", mysql: "SHOW GLOBAL VARIABLES LIKE 'partial_revokes'" };

    /// The database of this connection.
    DATABASE = Statement { sqlite: "", mysql: "SELECT CAST(DATABASE() AS CHAR)" };

    /// How busy the server is.
    LOAD = Statement {
        sqlite: "",
        mysql: "SHOW GLOBAL STATUS WHERE Variable_name IN ('Threads_running', 'wsrep_flow_control_paused_ns', \
                'Rpl_semi_sync_master_wait_sessions', 'Rpl_semi_sync_source_wait_sessions')",
    };

    /// The state of a Galera node; without rows or with a size of 0 elsewhere.
    GALERA_STATUS = Statement { sqlite: "", mysql: "SHOW GLOBAL STATUS LIKE 'wsrep%'" };

    /// Whether the server keeps account of who holds a table.
    LOCK_INSTRUMENT = Statement {
        sqlite: "",
        mysql: "SELECT COUNT(*) FROM performance_schema.setup_instruments \
                WHERE NAME = 'wait/lock/metadata/sql/mdl' AND ENABLED = 'YES'",
    };

    /// Who holds `RefreshTokens`, and the shape of the last statement of each.
    TABLE_HOLDERS = Statement {
        sqlite: "",
        mysql: "SELECT CAST(t.PROCESSLIST_ID AS SIGNED) AS connection, CAST(MAX(t.PROCESSLIST_USER) AS CHAR) AS user, \
                CAST(MAX(t.PROCESSLIST_HOST) AS CHAR) AS host, CAST(MAX(t.PROCESSLIST_TIME) AS SIGNED) AS seconds, \
                CAST(MAX(t.PROCESSLIST_COMMAND) AS CHAR) AS command, \
                CAST(MAX(LEFT(s.DIGEST_TEXT, 1000)) AS CHAR) AS statement \
                FROM performance_schema.metadata_locks AS m \
                JOIN performance_schema.threads AS t ON t.THREAD_ID = m.OWNER_THREAD_ID \
                LEFT JOIN performance_schema.events_statements_current AS s ON s.THREAD_ID = t.THREAD_ID \
                WHERE m.OBJECT_TYPE = 'TABLE' AND m.OBJECT_SCHEMA = DATABASE() AND m.OBJECT_NAME = 'RefreshTokens' \
                AND m.LOCK_STATUS = 'GRANTED' AND t.PROCESSLIST_ID <> CONNECTION_ID() \
                GROUP BY t.PROCESSLIST_ID ORDER BY seconds DESC LIMIT 3",
    };

    /// Open transactions of this database, and of connections without one, the oldest first; not those by which a Galera
    /// node applies what others have changed.
    OPEN_TRANSACTIONS_HERE = Statement {
        sqlite: "",
        mysql: "SELECT CAST(p.ID AS SIGNED) AS connection, CAST(p.USER AS CHAR) AS user, CAST(p.HOST AS CHAR) AS host, \
                CAST(p.TIME AS SIGNED) AS seconds, CAST(p.COMMAND AS CHAR) AS command, \
                CAST(LEFT(p.INFO, 1000) AS CHAR) AS statement FROM information_schema.INNODB_TRX AS x \
                JOIN information_schema.PROCESSLIST AS p ON p.ID = x.TRX_MYSQL_THREAD_ID \
                WHERE p.ID <> CONNECTION_ID() AND p.USER <> 'system user' AND COALESCE(p.DB = DATABASE(), 1) \
                ORDER BY x.TRX_STARTED LIMIT 3",
    };

    /// Open transactions, those of this database and the oldest first.
    OPEN_TRANSACTIONS = Statement {
        sqlite: "",
        mysql: "SELECT CAST(p.ID AS SIGNED) AS connection, CAST(p.USER AS CHAR) AS user, CAST(p.HOST AS CHAR) AS host, \
                CAST(p.TIME AS SIGNED) AS seconds, CAST(p.COMMAND AS CHAR) AS command, \
                CAST(LEFT(p.INFO, 1000) AS CHAR) AS statement FROM information_schema.INNODB_TRX AS x \
                JOIN information_schema.PROCESSLIST AS p ON p.ID = x.TRX_MYSQL_THREAD_ID \
                WHERE p.ID <> CONNECTION_ID() \
                ORDER BY COALESCE(p.DB = DATABASE(), 0) DESC, x.TRX_STARTED LIMIT 3",
    };
}
