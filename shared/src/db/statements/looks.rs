//! What the sweeps look with: how much of the next so many keys is due, and where that ends. Read without a lock. The upper
//! bounds keep the young end of a table out of the look.

use super::{Statement, both, statements};

statements! {
    /// Binds: cut-off, retention, after, limit.
    LOOK_DEVICE_FLOWS_TO_EXPIRE = both(
        "SELECT COUNT(*) AS seen, COUNT(due) AS due, MIN(due) AS oldest, MAX(UserCode) AS last, \
         MAX(CASE WHEN due IS NOT NULL THEN UserCode END) AS last_due FROM \
         (SELECT UserCode, CASE WHEN Status IN ('PENDING', 'READY') AND CreationTime < ? AND CreationTime >= ? \
         THEN CreationTime END AS due FROM DeviceFlows WHERE UserCode > ? ORDER BY UserCode LIMIT ?) AS w",
    );

    /// Binds: cut-off, after, limit.
    LOOK_DEVICE_FLOWS_TO_PURGE = both(
        "SELECT COUNT(*) AS seen, COUNT(due) AS due, MIN(due) AS oldest, MAX(UserCode) AS last, \
         MAX(CASE WHEN due IS NOT NULL THEN UserCode END) AS last_due FROM \
         (SELECT UserCode, CASE WHEN CreationTime < ? THEN CreationTime END AS due \
         FROM DeviceFlows WHERE UserCode > ? ORDER BY UserCode LIMIT ?) AS w",
    );

    /// Binds: cut-off, retention, after, upper bound, limit.
    LOOK_AUTHORIZATION_FLOWS_TO_EXPIRE = both(
        "SELECT COUNT(*) AS seen, COUNT(due) AS due, MIN(due) AS oldest, MAX(UUID) AS last, \
         MAX(CASE WHEN due IS NOT NULL THEN UUID END) AS last_due FROM \
         (SELECT UUID, CASE WHEN Status IN ('PENDING', 'READY') AND CreationTime < ? AND CreationTime >= ? \
         THEN CreationTime END AS due FROM AuthorizationFlows WHERE UUID > ? AND UUID < ? ORDER BY UUID LIMIT ?) AS w",
    );

    /// Binds: cut-off, after, upper bound, limit.
    LOOK_AUTHORIZATION_FLOWS_TO_PURGE = both(
        "SELECT COUNT(*) AS seen, COUNT(due) AS due, MIN(due) AS oldest, MAX(UUID) AS last, \
         MAX(CASE WHEN due IS NOT NULL THEN UUID END) AS last_due FROM \
         (SELECT UUID, CASE WHEN CreationTime < ? THEN CreationTime END AS due \
         FROM AuthorizationFlows WHERE UUID > ? AND UUID < ? ORDER BY UUID LIMIT ?) AS w",
    );

    /// Binds: after, upper bound, limit.
    LOOK_TOKENS_TO_PURGE = both(
        "SELECT COUNT(*) AS seen, COUNT(due) AS due, NULL AS oldest, MAX(JTI) AS last, \
         MAX(CASE WHEN due IS NOT NULL THEN JTI END) AS last_due FROM \
         (SELECT JTI, CASE WHEN SUBSTR(REPLACE(JTI, '-', ''), 13, 1) = '7' THEN 1 END AS due \
         FROM RefreshTokens WHERE JTI > ? AND JTI < ? ORDER BY JTI LIMIT ?) AS w",
    );
}
