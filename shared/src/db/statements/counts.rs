//! Counts: what there is, by status and by time. Each reads a range that a window or a limit bounds.

use super::{Statement, both, statements};

statements! {
    /// Binds: cut-off, after, last. Device flows by status, whether they are younger than the cut-off, and whether they
    /// have a time at all.
    COUNT_DEVICE_FLOWS = Statement {
        sqlite: "SELECT MIN(Status) AS status, CASE WHEN CreationTime > ? THEN 1 ELSE 0 END AS is_young, \
                 CASE WHEN strftime('%s', CreationTime) IS NULL THEN 0 ELSE 1 END AS has_time, COUNT(*) AS `rows` \
                 FROM DeviceFlows WHERE UserCode > ? AND UserCode <= ? GROUP BY Status, is_young, has_time",
        mysql: "SELECT MIN(Status) AS status, CASE WHEN CreationTime > ? THEN 1 ELSE 0 END AS is_young, \
                CASE WHEN CreationTime IS NULL THEN 0 ELSE 1 END AS has_time, COUNT(*) AS `rows` \
                FROM DeviceFlows WHERE UserCode > ? AND UserCode <= ? \
                GROUP BY CAST(Status AS BINARY), is_young, has_time",
    };

    /// Binds: cut-off, lower bound, upper bound, limit. The same for authorization flows.
    COUNT_AUTHORIZATION_FLOWS = Statement {
        sqlite: "SELECT MIN(Status) AS status, CASE WHEN CreationTime > ? THEN 1 ELSE 0 END AS is_young, \
                 CASE WHEN strftime('%s', CreationTime) IS NULL THEN 0 ELSE 1 END AS has_time, COUNT(*) AS `rows` \
                 FROM (SELECT Status, CreationTime FROM AuthorizationFlows WHERE UUID >= ? AND UUID < ? LIMIT ?) AS w \
                 GROUP BY Status, is_young, has_time",
        mysql: "SELECT MIN(Status) AS status, CASE WHEN CreationTime > ? THEN 1 ELSE 0 END AS is_young, \
                CASE WHEN CreationTime IS NULL THEN 0 ELSE 1 END AS has_time, COUNT(*) AS `rows` \
                FROM (SELECT Status, CreationTime FROM AuthorizationFlows WHERE UUID >= ? AND UUID < ? LIMIT ?) AS w \
                GROUP BY CAST(Status AS BINARY), is_young, has_time",
    };

    /// Binds: cut-off, lower bound, limit. Those whose key carries no credible time.
    COUNT_AUTHORIZATION_FLOWS_BEYOND = Statement {
        sqlite: "SELECT MIN(Status) AS status, CASE WHEN CreationTime > ? THEN 1 ELSE 0 END AS is_young, \
                 CASE WHEN strftime('%s', CreationTime) IS NULL THEN 0 ELSE 1 END AS has_time, COUNT(*) AS `rows` \
                 FROM (SELECT Status, CreationTime FROM AuthorizationFlows WHERE UUID >= ? ORDER BY UUID LIMIT ?) AS w \
                 GROUP BY Status, is_young, has_time",
        mysql: "SELECT MIN(Status) AS status, CASE WHEN CreationTime > ? THEN 1 ELSE 0 END AS is_young, \
                CASE WHEN CreationTime IS NULL THEN 0 ELSE 1 END AS has_time, COUNT(*) AS `rows` \
                FROM (SELECT Status, CreationTime FROM AuthorizationFlows WHERE UUID >= ? ORDER BY UUID LIMIT ?) AS w \
                GROUP BY CAST(Status AS BINARY), is_young, has_time",
    };

    /// Binds: lower bound, upper bound, limit. Tokens by status, and whether their key is a `UUIDv7`.
    COUNT_TOKENS_BY_STATUS = Statement {
        sqlite: "SELECT MIN(Status) AS status, \
                 CASE WHEN SUBSTR(REPLACE(JTI, '-', ''), 13, 1) = '7' THEN 1 ELSE 0 END AS is_dated, COUNT(*) AS `rows` \
                 FROM (SELECT JTI, Status FROM RefreshTokens WHERE JTI >= ? AND JTI < ? LIMIT ?) AS w \
                 GROUP BY Status, is_dated",
        mysql: "SELECT MIN(Status) AS status, \
                CASE WHEN SUBSTR(REPLACE(JTI, '-', ''), 13, 1) = '7' THEN 1 ELSE 0 END AS is_dated, COUNT(*) AS `rows` \
                FROM (SELECT JTI, Status FROM RefreshTokens WHERE JTI >= ? AND JTI < ? LIMIT ?) AS w \
                GROUP BY CAST(Status AS BINARY), is_dated",
    };

    /// Binds: lower bound, upper bound. The tokens of a window as they lie, a JSON array for each column; what became of a
    /// token is null while it is CREATED, and else its status and scope. What is no text would be no JSON.
    CENSUS_WINDOW = Statement {
        sqlite: "SELECT json_group_array(CAST(JTI AS TEXT)) AS `keys`, json_group_array(CAST(Sub AS TEXT)) AS subjects, \
                 json_group_array(CASE Status WHEN 'CREATED' THEN NULL \
                 ELSE json_array(CAST(Status AS TEXT), CAST(Scope AS TEXT)) END) AS fates \
                 FROM RefreshTokens WHERE JTI >= ? AND JTI < ?",
        mysql: "",
    };

    /// Binds: lower bound, limit. As [`COUNT_TOKENS_BY_STATUS`], from a bound on.
    COUNT_TOKENS_BEYOND = Statement {
        sqlite: "SELECT MIN(Status) AS status, \
                 CASE WHEN SUBSTR(REPLACE(JTI, '-', ''), 13, 1) = '7' THEN 1 ELSE 0 END AS is_dated, COUNT(*) AS `rows` \
                 FROM (SELECT JTI, Status FROM RefreshTokens WHERE JTI >= ? ORDER BY JTI LIMIT ?) AS w \
                 GROUP BY Status, is_dated",
        mysql: "SELECT MIN(Status) AS status, \
                CASE WHEN SUBSTR(REPLACE(JTI, '-', ''), 13, 1) = '7' THEN 1 ELSE 0 END AS is_dated, COUNT(*) AS `rows` \
                FROM (SELECT JTI, Status FROM RefreshTokens WHERE JTI >= ? ORDER BY JTI LIMIT ?) AS w \
                GROUP BY CAST(Status AS BINARY), is_dated",
    };

    /// Binds: lower bound, upper bound, limit. Tokens issued in a span: only their keys are read, which `SQLite` has in an
    /// index of their own, and compares with a pattern in half the time that it takes to pick a digit.
    TOKENS_IN_SPAN = Statement {
        sqlite: "SELECT COUNT(*) FROM (SELECT 1 FROM RefreshTokens WHERE JTI >= ? AND JTI < ? \
                 AND (JTI GLOB '????????[^-]???7*' OR JTI GLOB '????????-????-7*') LIMIT ?) AS w",
        mysql: "SELECT COUNT(*) FROM (SELECT 1 FROM RefreshTokens WHERE JTI >= ? AND JTI < ? \
                AND SUBSTR(REPLACE(JTI, '-', ''), 13, 1) = '7' LIMIT ?) AS w",
    };

    /// Binds: lower bound, upper bound, limit. Flows begun in a span, and how many of them are DONE.
    AUTHORIZATION_FLOWS_IN_SPAN = both(
        "SELECT COUNT(*) AS begun, COUNT(CASE WHEN Status = 'DONE' THEN 1 END) AS completed FROM \
         (SELECT Status FROM AuthorizationFlows WHERE UUID >= ? AND UUID < ? \
         AND SUBSTR(REPLACE(UUID, '-', ''), 13, 1) = '7' LIMIT ?) AS w",
    );

    /// Binds: seconds per bucket, after, last, since. Device flows of a window by the bucket of their time.
    DEVICE_FLOWS_PER_BUCKET = Statement {
        sqlite: "SELECT CAST(strftime('%s', CreationTime) AS INTEGER) / ? AS bucket, COUNT(*) AS `rows`, \
                 COUNT(CASE WHEN Status = 'DONE' THEN 1 END) AS completed FROM DeviceFlows \
                 WHERE UserCode > ? AND UserCode <= ? AND CreationTime >= ? \
                 AND strftime('%s', CreationTime) IS NOT NULL GROUP BY bucket",
        mysql: "SELECT TIMESTAMPDIFF(SECOND, '1970-01-01', CreationTime) DIV ? AS bucket, COUNT(*) AS `rows`, \
                COUNT(CASE WHEN Status = 'DONE' THEN 1 END) AS completed \
                FROM DeviceFlows WHERE UserCode > ? AND UserCode <= ? AND CreationTime >= ? GROUP BY bucket",
    };

    /// Binds: after, last, cut-off. Device flows younger than the cut-off by client: how many wait for somebody, and how
    /// many somebody has completed.
    YOUNG_DEVICE_FLOWS_BY_CLIENT = Statement {
        sqlite: "SELECT MIN(ClientID) AS client, COUNT(CASE WHEN Status = 'PENDING' THEN 1 END) AS pending, \
                 COUNT(CASE WHEN Status IN ('READY', 'DONE') THEN 1 END) AS completed FROM DeviceFlows \
                 WHERE UserCode > ? AND UserCode <= ? AND CreationTime > ? \
                 GROUP BY ClientID ORDER BY pending DESC LIMIT 1000",
        mysql: "SELECT MIN(ClientID) AS client, COUNT(CASE WHEN Status = 'PENDING' THEN 1 END) AS pending, \
                COUNT(CASE WHEN Status IN ('READY', 'DONE') THEN 1 END) AS completed FROM DeviceFlows \
                WHERE UserCode > ? AND UserCode <= ? AND CreationTime > ? \
                GROUP BY CAST(ClientID AS BINARY) ORDER BY pending DESC LIMIT 1000",
    };
}
