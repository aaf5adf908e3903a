//! Every statement on DiracX's tables, in one place, so that each can be read, explained and prepared by a test on every
//! engine.
//!
//! Rules that hold for all of them: no list without a LIMIT, no OFFSET, no write without its guard in the WHERE clause.
//! On `MariaDB` and `MySQL` text is compared case- and accent-insensitively by default and may be latin1; where identity
//! matters, bytes of the utf8mb4 form are compared beside the indexed comparison.

use super::backend::both;

/// A statement in both dialects; an empty text means that the engine has no use for it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Statement {
    pub(super) sqlite: &'static str,
    pub(super) mysql: &'static str,
}

macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $statement:expr;)+) => {
        $($(#[$doc])* pub(super) const $name: Statement = $statement;)+

        /// All of them, by name.
        pub(super) const ALL: &[(&str, Statement)] = &[$((stringify!($name), $name)),+];
    };
}

statements! {
    /// The database's UTC time, to the millisecond because keys are dated so.
    NOW = Statement {
        sqlite: "SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')",
        mysql: "SELECT UTC_TIMESTAMP(3)",
    };

    /// Binds: code pattern, pattern ×2, pending cut-off, ready cut-off, pending cut-off, limit.
    ///
    /// The table has no index on time or status, so the whole of it is read, without locks and under the time limit.
    DEVICE_FLOWS = Statement {
        sqlite: "SELECT UserCode AS user_code, Status AS status, CreationTime AS created, ClientID AS client_id, \
                 Scope AS scope, \
                 CASE WHEN json_valid(IDToken) THEN CAST(json_extract(IDToken, '$.sub') AS TEXT) END AS sub \
                 FROM DeviceFlows \
                 WHERE UserCode LIKE ? ESCAPE '!' OR ClientID LIKE ? ESCAPE '!' OR Scope LIKE ? ESCAPE '!' \
                 ORDER BY CASE WHEN Status = 'PENDING' AND CreationTime > ? THEN 0 \
                 WHEN Status = 'READY' AND CreationTime > ? THEN 1 ELSE 2 END, \
                 CASE WHEN Status = 'PENDING' AND CreationTime > ? THEN CreationTime END, \
                 CreationTime DESC, UserCode LIMIT ?",
        mysql: "SELECT UserCode AS user_code, Status AS status, CreationTime AS created, ClientID AS client_id, \
                Scope AS scope, JSON_VALUE(IDToken, '$.sub') AS sub \
                FROM DeviceFlows \
                WHERE CONVERT(UserCode USING utf8mb4) LIKE ? ESCAPE '!' \
                OR CONVERT(ClientID USING utf8mb4) LIKE ? ESCAPE '!' OR CONVERT(Scope USING utf8mb4) LIKE ? ESCAPE '!' \
                ORDER BY CASE WHEN Status = 'PENDING' AND CreationTime > ? THEN 0 \
                WHEN Status = 'READY' AND CreationTime > ? THEN 1 ELSE 2 END, \
                CASE WHEN Status = 'PENDING' AND CreationTime > ? THEN CreationTime END, \
                CreationTime DESC, UserCode LIMIT ?",
    };

    /// Binds: user code.
    DEVICE_FLOW = Statement {
        sqlite: "SELECT UserCode AS user_code, Status AS status, CreationTime AS created, ClientID AS client_id, \
                 Scope AS scope, \
                 CASE WHEN json_valid(IDToken) THEN CAST(json_extract(IDToken, '$.sub') AS TEXT) END AS sub \
                 FROM DeviceFlows WHERE UserCode = ?",
        mysql: "SELECT UserCode AS user_code, Status AS status, CreationTime AS created, ClientID AS client_id, \
                Scope AS scope, JSON_VALUE(IDToken, '$.sub') AS sub FROM DeviceFlows WHERE UserCode = ?",
    };

    /// Binds: ID token, user code, cut-off. DiracX's `device_flow_insert_id_token`.
    APPROVE_DEVICE_FLOW = both(
        "UPDATE DeviceFlows SET IDToken = ?, Status = 'READY' \
         WHERE UserCode = ? AND Status = 'PENDING' AND CreationTime > ?",
    );

    /// Binds: user code.
    DENY_DEVICE_FLOW =
        both("UPDATE DeviceFlows SET Status = 'ERROR' WHERE UserCode = ? AND Status IN ('PENDING', 'READY')");

    /// Binds: key pattern, pattern ×3, upper bound, limit. Newest first by key: the young end of the table only.
    AUTHORIZATION_FLOWS = Statement {
        sqlite: "SELECT UUID AS id, Status AS status, CreationTime AS created, ClientID AS client_id, Scope AS scope, \
                 RedirectURI AS redirect_uri, \
                 CASE WHEN json_valid(IDToken) THEN CAST(json_extract(IDToken, '$.sub') AS TEXT) END AS sub \
                 FROM AuthorizationFlows \
                 WHERE (UUID LIKE ? ESCAPE '!' OR ClientID LIKE ? ESCAPE '!' OR Scope LIKE ? ESCAPE '!' \
                 OR RedirectURI LIKE ? ESCAPE '!') AND UUID < ? ORDER BY UUID DESC LIMIT ?",
        mysql: "SELECT UUID AS id, Status AS status, CreationTime AS created, ClientID AS client_id, Scope AS scope, \
                RedirectURI AS redirect_uri, JSON_VALUE(IDToken, '$.sub') AS sub \
                FROM AuthorizationFlows \
                WHERE (REPLACE(CONVERT(UUID USING utf8mb4), '-', '') LIKE ? ESCAPE '!' \
                OR CONVERT(ClientID USING utf8mb4) LIKE ? ESCAPE '!' OR CONVERT(Scope USING utf8mb4) LIKE ? ESCAPE '!' \
                OR CONVERT(RedirectURI USING utf8mb4) LIKE ? ESCAPE '!') AND UUID < ? ORDER BY UUID DESC LIMIT ?",
    };

    /// Binds: key pattern, pattern ×3, lower bound, limit. Keys that are no `UUIDv7`, or from the future.
    AUTHORIZATION_FLOWS_BEYOND = Statement {
        sqlite: "SELECT UUID AS id, Status AS status, CreationTime AS created, ClientID AS client_id, Scope AS scope, \
                 RedirectURI AS redirect_uri, \
                 CASE WHEN json_valid(IDToken) THEN CAST(json_extract(IDToken, '$.sub') AS TEXT) END AS sub \
                 FROM AuthorizationFlows \
                 WHERE (UUID LIKE ? ESCAPE '!' OR ClientID LIKE ? ESCAPE '!' OR Scope LIKE ? ESCAPE '!' \
                 OR RedirectURI LIKE ? ESCAPE '!') AND UUID >= ? ORDER BY UUID LIMIT ?",
        mysql: "SELECT UUID AS id, Status AS status, CreationTime AS created, ClientID AS client_id, Scope AS scope, \
                RedirectURI AS redirect_uri, JSON_VALUE(IDToken, '$.sub') AS sub \
                FROM AuthorizationFlows \
                WHERE (REPLACE(CONVERT(UUID USING utf8mb4), '-', '') LIKE ? ESCAPE '!' \
                OR CONVERT(ClientID USING utf8mb4) LIKE ? ESCAPE '!' OR CONVERT(Scope USING utf8mb4) LIKE ? ESCAPE '!' \
                OR CONVERT(RedirectURI USING utf8mb4) LIKE ? ESCAPE '!') AND UUID >= ? ORDER BY UUID LIMIT ?",
    };

    /// Binds: key.
    AUTHORIZATION_FLOW_STATUS = both("SELECT Status FROM AuthorizationFlows WHERE UUID = ?");

    /// Binds: key.
    CANCEL_AUTHORIZATION_FLOW =
        both("UPDATE AuthorizationFlows SET Status = 'ERROR' WHERE UUID = ? AND Status IN ('PENDING', 'READY')");

    /// Binds: lower bound, upper bound, 1 for CREATED only, key pattern, pattern ×2, limit.
    TOKENS = Statement {
        sqlite: "SELECT JTI AS jti, Status AS status, Scope AS scope, Sub AS subject FROM RefreshTokens \
                 WHERE JTI >= ? AND JTI < ? AND (? = 0 OR Status = 'CREATED') \
                 AND (JTI LIKE ? ESCAPE '!' OR Sub LIKE ? ESCAPE '!' OR Scope LIKE ? ESCAPE '!') \
                 ORDER BY JTI DESC LIMIT ?",
        mysql: "SELECT JTI AS jti, Status AS status, Scope AS scope, Sub AS subject FROM RefreshTokens \
                WHERE JTI >= ? AND JTI < ? AND (? = 0 OR Status = 'CREATED') \
                AND (REPLACE(CONVERT(JTI USING utf8mb4), '-', '') LIKE ? ESCAPE '!' \
                OR CONVERT(Sub USING utf8mb4) LIKE ? ESCAPE '!' OR CONVERT(Scope USING utf8mb4) LIKE ? ESCAPE '!') \
                ORDER BY JTI DESC LIMIT ?",
    };

    /// Binds: subject, subject, limit. Every token of one subject, by the index on it, newest first.
    TOKENS_OF_SUBJECT = Statement {
        sqlite: "SELECT JTI AS jti, Status AS status, Scope AS scope, Sub AS subject FROM RefreshTokens \
                 WHERE Sub = ? AND Sub = ? ORDER BY JTI DESC LIMIT ?",
        mysql: "SELECT JTI AS jti, Status AS status, Scope AS scope, Sub AS subject FROM RefreshTokens \
                WHERE Sub = ? AND CAST(CONVERT(Sub USING utf8mb4) AS BINARY) = CAST(? AS BINARY) \
                ORDER BY JTI DESC LIMIT ?",
    };

    /// Binds: key.
    TOKEN = both("SELECT JTI AS jti, Status AS status, Scope AS scope, Sub AS subject FROM RefreshTokens WHERE JTI = ?");

    /// Binds: key.
    REVOKE_TOKEN = both("UPDATE RefreshTokens SET Status = 'REVOKED' WHERE JTI = ? AND Status = 'CREATED'");

    /// Binds: subject, subject, limit. One batch of a revocation, by the index on status and subject.
    REVOKE_TOKENS_OF_SUBJECT = Statement {
        sqlite: "UPDATE RefreshTokens SET Status = 'REVOKED' WHERE JTI IN \
                 (SELECT JTI FROM RefreshTokens WHERE Status = 'CREATED' AND Sub = ? AND Sub = ? LIMIT ?)",
        mysql: "UPDATE RefreshTokens SET Status = 'REVOKED' WHERE Status = 'CREATED' AND Sub = ? \
                AND CAST(CONVERT(Sub USING utf8mb4) AS BINARY) = CAST(? AS BINARY) LIMIT ?",
    };

    /// Binds: lower bound, upper bound, pattern, limit.
    ///
    /// Only `UUIDv7` keys are counted: another key that happens to sort into the range says nothing about its age.
    SUBJECTS = Statement {
        sqlite: "SELECT MIN(Sub) AS subject, COUNT(CASE WHEN Status = 'CREATED' THEN 1 END) AS live, \
                 COUNT(CASE WHEN Status <> 'CREATED' THEN 1 END) AS revoked, \
                 MIN(CASE WHEN Status = 'CREATED' THEN JTI END) AS first, \
                 MAX(CASE WHEN Status = 'CREATED' THEN JTI END) AS last \
                 FROM RefreshTokens WHERE JTI >= ? AND JTI < ? \
                 AND SUBSTR(REPLACE(JTI, '-', ''), 13, 1) = '7' AND Sub LIKE ? ESCAPE '!' \
                 GROUP BY Sub HAVING live > 0 ORDER BY live DESC, subject LIMIT ?",
        mysql: "SELECT MIN(Sub) AS subject, COUNT(CASE WHEN Status = 'CREATED' THEN 1 END) AS live, \
                COUNT(CASE WHEN Status <> 'CREATED' THEN 1 END) AS revoked, \
                MIN(CASE WHEN Status = 'CREATED' THEN JTI END) AS first, \
                MAX(CASE WHEN Status = 'CREATED' THEN JTI END) AS last \
                FROM RefreshTokens WHERE JTI >= ? AND JTI < ? \
                AND SUBSTR(REPLACE(JTI, '-', ''), 13, 1) = '7' AND CONVERT(Sub USING utf8mb4) LIKE ? ESCAPE '!' \
                GROUP BY CAST(CONVERT(Sub USING utf8mb4) AS BINARY) HAVING live > 0 \
                ORDER BY live DESC, subject LIMIT ?",
    };

    /// Binds: subject, subject, limit. How many a revocation of a subject would change.
    COUNT_CREATED_OF_SUBJECT = Statement {
        sqlite: "SELECT COUNT(*) FROM \
                 (SELECT 1 FROM RefreshTokens WHERE Status = 'CREATED' AND Sub = ? AND Sub = ? LIMIT ?) AS t",
        mysql: "SELECT COUNT(*) FROM (SELECT 1 FROM RefreshTokens WHERE Status = 'CREATED' AND Sub = ? \
                AND CAST(CONVERT(Sub USING utf8mb4) AS BINARY) = CAST(? AS BINARY) LIMIT ?) AS t",
    };

    /// Binds: lower bound, upper bound, limit.
    COUNT_TOKENS =
        both("SELECT COUNT(*) FROM (SELECT 1 FROM RefreshTokens WHERE JTI >= ? AND JTI < ? LIMIT ?) AS t");

    /// Binds: bound, limit. The newest keys below a bound.
    NEWEST_KEYS = both("SELECT JTI FROM RefreshTokens WHERE JTI < ? ORDER BY JTI DESC LIMIT ?");

    /// Binds: bound, limit. The lowest keys from a bound on.
    KEYS_BEYOND = both("SELECT JTI FROM RefreshTokens WHERE JTI >= ? ORDER BY JTI LIMIT ?");

    /// Binds: cut-off, after, limit. The next device flows by key, and which of them are due; read without a lock.
    DUE_DEVICE_FLOWS_TO_EXPIRE = both(
        "SELECT UserCode AS row_key, CASE WHEN Status IN ('PENDING', 'READY') AND CreationTime < ? THEN 1 ELSE 0 END \
         AS is_due FROM DeviceFlows WHERE UserCode > ? ORDER BY UserCode LIMIT ?",
    );

    /// Binds: after, last, cut-off.
    EXPIRE_DEVICE_FLOWS = both(
        "UPDATE DeviceFlows SET Status = 'ERROR' WHERE UserCode > ? AND UserCode <= ? \
         AND Status IN ('PENDING', 'READY') AND CreationTime < ?",
    );

    /// Binds: cut-off, after, limit.
    DUE_DEVICE_FLOWS_TO_PURGE = both(
        "SELECT UserCode AS row_key, CASE WHEN CreationTime < ? THEN 1 ELSE 0 END AS is_due \
         FROM DeviceFlows WHERE UserCode > ? ORDER BY UserCode LIMIT ?",
    );

    /// Binds: after, last, cut-off.
    PURGE_DEVICE_FLOWS = both("DELETE FROM DeviceFlows WHERE UserCode > ? AND UserCode <= ? AND CreationTime < ?");

    /// Binds: cut-off, after, upper bound, limit. The bound keeps the young end of the table out of the scan.
    DUE_AUTHORIZATION_FLOWS_TO_EXPIRE = both(
        "SELECT UUID AS row_key, CASE WHEN Status IN ('PENDING', 'READY') AND CreationTime < ? THEN 1 ELSE 0 END \
         AS is_due FROM AuthorizationFlows WHERE UUID > ? AND UUID < ? ORDER BY UUID LIMIT ?",
    );

    /// Binds: after, last, cut-off.
    EXPIRE_AUTHORIZATION_FLOWS = both(
        "UPDATE AuthorizationFlows SET Status = 'ERROR' WHERE UUID > ? AND UUID <= ? \
         AND Status IN ('PENDING', 'READY') AND CreationTime < ?",
    );

    /// Binds: cut-off, after, upper bound, limit.
    DUE_AUTHORIZATION_FLOWS_TO_PURGE = both(
        "SELECT UUID AS row_key, CASE WHEN CreationTime < ? THEN 1 ELSE 0 END AS is_due \
         FROM AuthorizationFlows WHERE UUID > ? AND UUID < ? ORDER BY UUID LIMIT ?",
    );

    /// Binds: after, last, cut-off.
    PURGE_AUTHORIZATION_FLOWS =
        both("DELETE FROM AuthorizationFlows WHERE UUID > ? AND UUID <= ? AND CreationTime < ?");

    /// Binds: after, upper bound, limit. The next keys of old months, where no partition can be dropped.
    DUE_TOKENS = both(
        "SELECT JTI AS row_key, CASE WHEN SUBSTR(REPLACE(JTI, '-', ''), 13, 1) = '7' THEN 1 ELSE 0 END AS is_due \
         FROM RefreshTokens WHERE JTI > ? AND JTI < ? ORDER BY JTI LIMIT ?",
    );

    /// Binds: after, last. Keys that are no `UUIDv7` stay: their age is unknown.
    PURGE_TOKENS = both(
        "DELETE FROM RefreshTokens WHERE JTI > ? AND JTI <= ? AND SUBSTR(REPLACE(JTI, '-', ''), 13, 1) = '7'",
    );

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
}
