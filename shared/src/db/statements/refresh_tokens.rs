//! On `RefreshTokens`, whose key begins with its time and which is partitioned by it.

use super::{Statement, both, statements};

statements! {
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

    /// The same for `MySQL`, which takes a quarter less to compare bytes than words of its collations, and to sort tokens and
    /// add up neighbours, as `SQL_BIG_RESULT` asks it to, than to keep the sums in a temporary table. `MariaDB` takes
    /// longer that way.
    SUBJECTS_BY_BYTES = Statement {
        sqlite: "",
        mysql: "SELECT SQL_BIG_RESULT MIN(Sub) AS subject, \
                COUNT(CASE WHEN CAST(Status AS BINARY) = 'CREATED' THEN 1 END) AS live, \
                COUNT(CASE WHEN CAST(Status AS BINARY) <> 'CREATED' THEN 1 END) AS revoked, \
                CONVERT(MIN(CASE WHEN CAST(Status AS BINARY) = 'CREATED' \
                THEN CAST(CONVERT(JTI USING utf8mb4) AS BINARY) END) USING utf8mb4) AS first, \
                CONVERT(MAX(CASE WHEN CAST(Status AS BINARY) = 'CREATED' \
                THEN CAST(CONVERT(JTI USING utf8mb4) AS BINARY) END) USING utf8mb4) AS last \
                FROM RefreshTokens WHERE JTI >= ? AND JTI < ? \
                AND SUBSTR(REPLACE(CAST(CONVERT(JTI USING utf8mb4) AS BINARY), '-', ''), 13, 1) = '7' \
                AND CONVERT(Sub USING utf8mb4) LIKE ? ESCAPE '!' \
                GROUP BY CAST(Sub AS BINARY) HAVING live > 0 \
                ORDER BY live DESC, subject LIMIT ?",
    };

    /// Binds: lower bound, upper bound, subject, subject. The same for one subject, whether or not anything of it is live; one
    /// row, without a name where there is nothing.
    SUBJECT_LATELY = Statement {
        sqlite: "SELECT MIN(Sub) AS subject, COUNT(CASE WHEN Status = 'CREATED' THEN 1 END) AS live, \
                 COUNT(CASE WHEN Status <> 'CREATED' THEN 1 END) AS revoked, \
                 MIN(CASE WHEN Status = 'CREATED' THEN JTI END) AS first, \
                 MAX(CASE WHEN Status = 'CREATED' THEN JTI END) AS last \
                 FROM RefreshTokens WHERE JTI >= ? AND JTI < ? \
                 AND SUBSTR(REPLACE(JTI, '-', ''), 13, 1) = '7' AND Sub = ? AND Sub = ?",
        mysql: "SELECT MIN(Sub) AS subject, COUNT(CASE WHEN Status = 'CREATED' THEN 1 END) AS live, \
                COUNT(CASE WHEN Status <> 'CREATED' THEN 1 END) AS revoked, \
                MIN(CASE WHEN Status = 'CREATED' THEN JTI END) AS first, \
                MAX(CASE WHEN Status = 'CREATED' THEN JTI END) AS last \
                FROM RefreshTokens WHERE JTI >= ? AND JTI < ? \
                AND SUBSTR(REPLACE(JTI, '-', ''), 13, 1) = '7' AND Sub = ? \
                AND CAST(CONVERT(Sub USING utf8mb4) AS BINARY) = CAST(? AS BINARY)",
    };

    /// Binds: lower bound, upper bound, most tokens of one session, limit. Subjects without a token that is not REVOKED in a
    /// range, who had more than one session in it: by their scopes, or by how many tokens there are. Whether two scopes differ
    /// is told by the least and the greatest: servers that count different ones take several times as long.
    ENDED_SUBJECTS = Statement {
        sqlite: "SELECT MIN(Sub) AS subject, COUNT(*) AS tokens, MAX(JTI) AS last, \
                 COUNT(CASE WHEN COALESCE(Status, '') <> 'REVOKED' THEN 1 END) AS others, \
                 MIN(Scope) AS one_scope, MAX(Scope) AS another_scope \
                 FROM RefreshTokens WHERE JTI >= ? AND JTI < ? AND SUBSTR(REPLACE(JTI, '-', ''), 13, 1) = '7' \
                 AND Sub IS NOT NULL GROUP BY Sub HAVING others = 0 AND (one_scope <> another_scope OR tokens > ?) \
                 ORDER BY tokens DESC, subject LIMIT ?",
        mysql: "SELECT MIN(Sub) AS subject, COUNT(*) AS tokens, MAX(JTI) AS last, \
                COUNT(CASE WHEN COALESCE(Status, '') <> 'REVOKED' THEN 1 END) AS others, \
                MIN(CAST(Scope AS BINARY)) AS one_scope, MAX(CAST(Scope AS BINARY)) AS another_scope \
                FROM RefreshTokens WHERE JTI >= ? AND JTI < ? AND SUBSTR(REPLACE(JTI, '-', ''), 13, 1) = '7' \
                AND Sub IS NOT NULL GROUP BY CAST(Sub AS BINARY) \
                HAVING others = 0 AND (one_scope <> another_scope OR tokens > ?) \
                ORDER BY tokens DESC, subject LIMIT ?",
    };

    /// Binds: subject, subject, limit. How many a revocation of a subject would change.
    COUNT_CREATED_OF_SUBJECT = Statement {
        sqlite: "SELECT COUNT(*) FROM \
                 (SELECT 1 FROM RefreshTokens WHERE Status = 'CREATED' AND Sub = ? AND Sub = ? LIMIT ?) AS t",
        mysql: "SELECT COUNT(*) FROM (SELECT 1 FROM RefreshTokens WHERE Status = 'CREATED' AND Sub = ? \
                AND CAST(CONVERT(Sub USING utf8mb4) AS BINARY) = CAST(? AS BINARY) LIMIT ?) AS t",
    };

    /// Binds: lower bound, upper bound, subject, subject, limit. How many of a subject's tokens can still be refreshed.
    COUNT_LIVE_OF_SUBJECT = Statement {
        sqlite: "SELECT COUNT(*) FROM (SELECT 1 FROM RefreshTokens WHERE JTI >= ? AND JTI < ? \
                 AND SUBSTR(REPLACE(JTI, '-', ''), 13, 1) = '7' AND Status = 'CREATED' AND Sub = ? AND Sub = ? \
                 LIMIT ?) AS t",
        mysql: "SELECT COUNT(*) FROM (SELECT 1 FROM RefreshTokens WHERE JTI >= ? AND JTI < ? \
                AND SUBSTR(REPLACE(JTI, '-', ''), 13, 1) = '7' AND Status = 'CREATED' AND Sub = ? \
                AND CAST(CONVERT(Sub USING utf8mb4) AS BINARY) = CAST(? AS BINARY) LIMIT ?) AS t",
    };

    /// Binds: lower bound, subject, subject, limit. The newest of a subject's tokens that can still be refreshed.
    ///
    /// A maximum, not the first of an order: for the sake of an order by key, the servers would read the tokens of
    /// everybody to find out that there are none of this subject.
    NEWEST_CREATED_OF_SUBJECT = Statement {
        sqlite: "SELECT MAX(JTI) FROM (SELECT JTI FROM RefreshTokens WHERE JTI >= ? \
                 AND SUBSTR(REPLACE(JTI, '-', ''), 13, 1) = '7' AND Status = 'CREATED' AND Sub = ? AND Sub = ? \
                 LIMIT ?) AS t",
        mysql: "SELECT CAST(MAX(JTI) AS CHAR) FROM (SELECT JTI FROM RefreshTokens WHERE JTI >= ? \
                AND SUBSTR(REPLACE(JTI, '-', ''), 13, 1) = '7' AND Status = 'CREATED' AND Sub = ? \
                AND CAST(CONVERT(Sub USING utf8mb4) AS BINARY) = CAST(? AS BINARY) LIMIT ?) AS t",
    };

    /// Binds: lower bound, upper bound, limit.
    COUNT_TOKENS =
        both("SELECT COUNT(*) FROM (SELECT 1 FROM RefreshTokens WHERE JTI >= ? AND JTI < ? LIMIT ?) AS t");

    /// Binds: bound, limit. The newest keys below a bound.
    NEWEST_KEYS = both("SELECT JTI FROM RefreshTokens WHERE JTI < ? ORDER BY JTI DESC LIMIT ?");

    /// Binds: bound, limit. The lowest keys from a bound on.
    KEYS_BEYOND = both("SELECT JTI FROM RefreshTokens WHERE JTI >= ? ORDER BY JTI LIMIT ?");

    /// Binds: bound, bound. The lowest `UUIDv7` between two bounds: the oldest of them.
    OLDEST_DATED_KEY = both(
        "SELECT JTI FROM RefreshTokens WHERE JTI >= ? AND JTI < ? AND SUBSTR(REPLACE(JTI, '-', ''), 13, 1) = '7' \
         AND SUBSTR(REPLACE(JTI, '-', ''), 17, 1) IN ('8', '9', 'a', 'b', 'A', 'B') ORDER BY JTI LIMIT 1",
    );

    /// Binds: bound, bound. The highest `UUIDv7` between two bounds: the newest of them.
    NEWEST_DATED_KEY = both(
        "SELECT JTI FROM RefreshTokens WHERE JTI >= ? AND JTI < ? AND SUBSTR(REPLACE(JTI, '-', ''), 13, 1) = '7' \
         AND SUBSTR(REPLACE(JTI, '-', ''), 17, 1) IN ('8', '9', 'a', 'b', 'A', 'B') ORDER BY JTI DESC LIMIT 1",
    );

    /// Binds: limit. How many rows there are, where they are few.
    COUNT_FEW_TOKENS = both("SELECT COUNT(*) FROM (SELECT 1 FROM RefreshTokens LIMIT ?) AS t");

    /// Binds: key, limit. How many rows have this key or one above it, where they are few.
    COUNT_TOKENS_FROM = both("SELECT COUNT(*) FROM (SELECT 1 FROM RefreshTokens WHERE JTI >= ? LIMIT ?) AS t");

    /// The server's own estimate of the table's rows and bytes.
    TOKENS_SIZE = Statement {
        sqlite: "",
        mysql: "SELECT CAST(COALESCE(TABLE_ROWS, 0) AS SIGNED) AS estimated_rows, \
                CAST(COALESCE(DATA_LENGTH + INDEX_LENGTH, 0) AS SIGNED) AS bytes \
                FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'RefreshTokens'",
    };

    /// Binds: after, last. Keys that are no `UUIDv7` stay: their age is unknown.
    PURGE_TOKENS = both(
        "DELETE FROM RefreshTokens WHERE JTI > ? AND JTI <= ? AND SUBSTR(REPLACE(JTI, '-', ''), 13, 1) = '7' \
         AND SUBSTR(REPLACE(JTI, '-', ''), 17, 1) IN ('8', '9', 'a', 'b', 'A', 'B')",
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
