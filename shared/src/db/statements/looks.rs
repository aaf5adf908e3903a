//! What the sweeps look with, all of it read without a lock. The upper bounds keep the young end of a table out of it.
//!
//! A walk asks for a window, which is where the next so many keys end, and then for the last key in it that is due, backwards
//! from its end and once for each thing that may happen to it: one row where the window is full of such. The end of a full
//! window is a key by its place in the order; only what is left at the end of a table is counted, by a temporary table, which
//! takes twice as long per row. All at once would need the times of all rows in a temporary table, which costs as much as half
//! of the deletion. A backlog is counted by just that, since it wants them all.

use super::{Statement, both, statements};

statements! {
    /// Binds: after, keys to pass over. The key behind these, if there are so many.
    END_OF_DEVICE_FLOWS =
        both("SELECT UserCode FROM DeviceFlows WHERE UserCode > ? ORDER BY UserCode LIMIT 1 OFFSET ?");

    /// Binds: after, upper bound, keys to pass over.
    END_OF_AUTHORIZATION_FLOWS =
        both("SELECT UUID FROM AuthorizationFlows WHERE UUID > ? AND UUID < ? ORDER BY UUID LIMIT 1 OFFSET ?");

    /// Binds: after, upper bound, keys to pass over.
    END_OF_TOKENS = both("SELECT JTI FROM RefreshTokens WHERE JTI > ? AND JTI < ? ORDER BY JTI LIMIT 1 OFFSET ?");

    /// Binds: after, limit.
    WINDOW_OF_DEVICE_FLOWS = both(
        "SELECT COUNT(*) AS seen, MAX(UserCode) AS last FROM \
         (SELECT UserCode FROM DeviceFlows WHERE UserCode > ? ORDER BY UserCode LIMIT ?) AS w",
    );

    /// Binds: after, upper bound, limit.
    WINDOW_OF_AUTHORIZATION_FLOWS = both(
        "SELECT COUNT(*) AS seen, MAX(UUID) AS last FROM \
         (SELECT UUID FROM AuthorizationFlows WHERE UUID > ? AND UUID < ? ORDER BY UUID LIMIT ?) AS w",
    );

    /// Binds: after, upper bound, limit.
    WINDOW_OF_TOKENS = both(
        "SELECT COUNT(*) AS seen, MAX(JTI) AS last FROM \
         (SELECT JTI FROM RefreshTokens WHERE JTI > ? AND JTI < ? ORDER BY JTI LIMIT ?) AS w",
    );

    /// Binds: after, last, cut-off, retention.
    LAST_DEVICE_FLOW_TO_EXPIRE = both(
        "SELECT UserCode FROM DeviceFlows WHERE UserCode > ? AND UserCode <= ? AND CreationTime < ? \
         AND CreationTime >= ? AND Status IN ('PENDING', 'READY') ORDER BY UserCode DESC LIMIT 1",
    );

    /// Binds: after, last, cut-off.
    LAST_DEVICE_FLOW_TO_PURGE = both(
        "SELECT UserCode FROM DeviceFlows WHERE UserCode > ? AND UserCode <= ? AND CreationTime < ? \
         ORDER BY UserCode DESC LIMIT 1",
    );

    /// Binds: after, last, cut-off, retention.
    LAST_AUTHORIZATION_FLOW_TO_EXPIRE = both(
        "SELECT UUID FROM AuthorizationFlows WHERE UUID > ? AND UUID <= ? AND CreationTime < ? \
         AND CreationTime >= ? AND Status IN ('PENDING', 'READY') ORDER BY UUID DESC LIMIT 1",
    );

    /// Binds: after, last, cut-off.
    LAST_AUTHORIZATION_FLOW_TO_PURGE = both(
        "SELECT UUID FROM AuthorizationFlows WHERE UUID > ? AND UUID <= ? AND CreationTime < ? \
         ORDER BY UUID DESC LIMIT 1",
    );

    /// Binds: after, last.
    LAST_TOKEN_TO_PURGE = both(
        "SELECT JTI FROM RefreshTokens WHERE JTI > ? AND JTI <= ? AND SUBSTR(REPLACE(JTI, '-', ''), 13, 1) = '7' \
         AND SUBSTR(REPLACE(JTI, '-', ''), 17, 1) IN ('8', '9', 'a', 'b', 'A', 'B') ORDER BY JTI DESC LIMIT 1",
    );

    /// Binds: cut-off, retention, after, limit.
    COUNT_DEVICE_FLOWS_TO_EXPIRE = both(
        "SELECT COUNT(*) AS seen, COUNT(due) AS due, MIN(due) AS oldest, MAX(UserCode) AS last FROM \
         (SELECT UserCode, CASE WHEN Status IN ('PENDING', 'READY') AND CreationTime < ? AND CreationTime >= ? \
         THEN CreationTime END AS due FROM DeviceFlows WHERE UserCode > ? ORDER BY UserCode LIMIT ?) AS w",
    );

    /// Binds: cut-off, after, limit.
    COUNT_DEVICE_FLOWS_TO_PURGE = both(
        "SELECT COUNT(*) AS seen, COUNT(due) AS due, MIN(due) AS oldest, MAX(UserCode) AS last FROM \
         (SELECT UserCode, CASE WHEN CreationTime < ? THEN CreationTime END AS due \
         FROM DeviceFlows WHERE UserCode > ? ORDER BY UserCode LIMIT ?) AS w",
    );

    /// Binds: cut-off, retention, after, upper bound, limit.
    COUNT_AUTHORIZATION_FLOWS_TO_EXPIRE = both(
        "SELECT COUNT(*) AS seen, COUNT(due) AS due, MIN(due) AS oldest, MAX(UUID) AS last FROM \
         (SELECT UUID, CASE WHEN Status IN ('PENDING', 'READY') AND CreationTime < ? AND CreationTime >= ? \
         THEN CreationTime END AS due FROM AuthorizationFlows WHERE UUID > ? AND UUID < ? ORDER BY UUID LIMIT ?) AS w",
    );

    /// Binds: cut-off, after, upper bound, limit.
    COUNT_AUTHORIZATION_FLOWS_TO_PURGE = both(
        "SELECT COUNT(*) AS seen, COUNT(due) AS due, MIN(due) AS oldest, MAX(UUID) AS last FROM \
         (SELECT UUID, CASE WHEN CreationTime < ? THEN CreationTime END AS due \
         FROM AuthorizationFlows WHERE UUID > ? AND UUID < ? ORDER BY UUID LIMIT ?) AS w",
    );

    /// Binds: after, upper bound, limit.
    COUNT_TOKENS_TO_PURGE = both(
        "SELECT COUNT(*) AS seen, COUNT(due) AS due, NULL AS oldest, MAX(JTI) AS last FROM \
         (SELECT JTI, CASE WHEN SUBSTR(REPLACE(JTI, '-', ''), 13, 1) = '7' \
         AND SUBSTR(REPLACE(JTI, '-', ''), 17, 1) IN ('8', '9', 'a', 'b', 'A', 'B') THEN 1 END AS due \
         FROM RefreshTokens WHERE JTI > ? AND JTI < ? ORDER BY JTI LIMIT ?) AS w",
    );
}
