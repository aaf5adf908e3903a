//! On `RefreshTokens`, whose key begins with its time and which is partitioned by it.

use super::{Statement, both, statements};

statements! {
    /// Binds: lower bound, upper bound, 1 for CREATED only, key pattern, pattern, limit.
    TOKENS = Statement {
        sqlite: "SELECT JTI AS jti, Status AS status, Scope AS scope, Sub AS subject FROM RefreshTokens \
                 WHERE JTI >= ? AND JTI < ? AND (? = 0 OR Status = 'CREATED') \
                 AND (JTI LIKE ? ESCAPE '!' OR concat_ws(char(10), Status, Sub, Scope) LIKE ? ESCAPE '!') \
                 ORDER BY JTI DESC LIMIT ?",
        mysql: "SELECT JTI AS jti, Status AS status, Scope AS scope, Sub AS subject FROM RefreshTokens \
                WHERE JTI >= ? AND JTI < ? AND (? = 0 OR Status = 'CREATED') \
                AND (REPLACE(CONVERT(JTI USING utf8mb4), '-', '') LIKE ? ESCAPE '!' \
                OR CONVERT(CONCAT_WS(CHAR(10 USING utf8mb4), Status, Sub, Scope) USING utf8mb4) LIKE ? ESCAPE '!') \
                ORDER BY JTI DESC LIMIT ?",
    };

    /// Binds: lower bound, key pattern, pattern, limit. Keys that are no `UUIDv7`, or from the future.
    TOKENS_BEYOND = Statement {
        sqlite: "SELECT JTI AS jti, Status AS status, Scope AS scope, Sub AS subject FROM RefreshTokens \
                 WHERE JTI >= ? \
                 AND (JTI LIKE ? ESCAPE '!' OR concat_ws(char(10), Status, Sub, Scope) LIKE ? ESCAPE '!') \
                 ORDER BY JTI LIMIT ?",
        mysql: "SELECT JTI AS jti, Status AS status, Scope AS scope, Sub AS subject FROM RefreshTokens \
                WHERE JTI >= ? AND (REPLACE(CONVERT(JTI USING utf8mb4), '-', '') LIKE ? ESCAPE '!' \
                OR CONVERT(CONCAT_WS(CHAR(10 USING utf8mb4), Status, Sub, Scope) USING utf8mb4) LIKE ? ESCAPE '!') \
                ORDER BY JTI LIMIT ?",
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
    /// Only `UUIDv7` keys are counted: another key that happens to sort into the range says nothing about its age. Subjects
    /// are told apart by the bytes of the column; converting them first would more than double the time.
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
                GROUP BY CAST(Sub AS BINARY) HAVING live > 0 \
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

    /// Binds: after, upper bound, limit. The next keys of old months, where no partition can be dropped.
    DUE_TOKENS = both(
        "SELECT JTI AS row_key, CASE WHEN SUBSTR(REPLACE(JTI, '-', ''), 13, 1) = '7' THEN 1 ELSE 0 END AS is_due \
         FROM RefreshTokens WHERE JTI > ? AND JTI < ? ORDER BY JTI LIMIT ?",
    );

    /// Binds: after, last. Keys that are no `UUIDv7` stay: their age is unknown.
    PURGE_TOKENS = both(
        "DELETE FROM RefreshTokens WHERE JTI > ? AND JTI <= ? AND SUBSTR(REPLACE(JTI, '-', ''), 13, 1) = '7'",
    );

    /// Binds: key, subject, scope. DiracX's `insert_refresh_token`.
    INSERT_TOKEN = both("INSERT INTO RefreshTokens (JTI, Sub, Scope) VALUES (?, ?, ?)");

    /// Binds: key. DiracX's `get_refresh_token`.
    LOCK_TOKEN = Statement {
        sqlite: "SELECT JTI AS jti, Status AS status, Scope AS scope, Sub AS subject FROM RefreshTokens WHERE JTI = ?",
        mysql: "SELECT JTI AS jti, Status AS status, Scope AS scope, Sub AS subject FROM RefreshTokens WHERE JTI = ? \
                FOR UPDATE",
    };

    /// Binds: key. DiracX's `revoke_refresh_token`.
    SET_TOKEN_REVOKED = both("UPDATE RefreshTokens SET Status = 'REVOKED' WHERE JTI = ?");

    /// Binds: after, limit. The next tokens of everybody by key.
    NEXT_TOKENS = both(
        "SELECT JTI AS jti, Status AS status, Scope AS scope, Sub AS subject FROM RefreshTokens WHERE JTI > ? \
         ORDER BY JTI LIMIT ?",
    );

    /// Binds: subject, subject, after, limit. The next tokens of a subject by key that are not REVOKED.
    NEXT_TOKENS_OF_SUBJECT = Statement {
        sqlite: "SELECT JTI AS jti, Status AS status, Scope AS scope, Sub AS subject FROM RefreshTokens \
                 WHERE Sub = ? AND Sub = ? AND JTI > ? AND Status <> 'REVOKED' ORDER BY JTI LIMIT ?",
        mysql: "SELECT JTI AS jti, Status AS status, Scope AS scope, Sub AS subject FROM RefreshTokens \
                WHERE Sub = ? AND CAST(CONVERT(Sub USING utf8mb4) AS BINARY) = CAST(? AS BINARY) AND JTI > ? \
                AND Status <> 'REVOKED' ORDER BY JTI LIMIT ?",
    };
}
