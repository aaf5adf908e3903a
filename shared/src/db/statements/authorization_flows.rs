//! On `AuthorizationFlows`, whose key begins with its time.

use super::{Statement, both, statements};

statements! {
    /// Binds: key pattern, pattern, bound, limit. Newest first by key: the young end of the table only.
    AUTHORIZATION_FLOWS = Statement {
        sqlite: "SELECT UUID AS id, Status AS status, CreationTime AS created, ClientID AS client_id, Scope AS scope, \
                 RedirectURI AS redirect_uri, \
                 CASE WHEN json_valid(IDToken) THEN CAST(json_extract(IDToken, '$.sub') AS TEXT) END AS sub \
                 FROM AuthorizationFlows WHERE (UUID LIKE ? ESCAPE '!' \
                 OR concat_ws(char(10), Status, ClientID, Scope, RedirectURI, \
                 CASE WHEN json_valid(IDToken) THEN json_extract(IDToken, '$.sub') END) LIKE ? ESCAPE '!') \
                 AND UUID < ? ORDER BY UUID DESC LIMIT ?",
        mysql: "SELECT UUID AS id, Status AS status, CreationTime AS created, ClientID AS client_id, Scope AS scope, \
                RedirectURI AS redirect_uri, JSON_VALUE(IDToken, '$.sub') AS sub FROM AuthorizationFlows \
                WHERE (REPLACE(CONVERT(UUID USING utf8mb4), '-', '') LIKE ? ESCAPE '!' \
                OR CONVERT(CONCAT_WS(CHAR(10 USING utf8mb4), Status, ClientID, Scope, RedirectURI, \
                JSON_VALUE(IDToken, '$.sub')) USING utf8mb4) LIKE ? ESCAPE '!') AND UUID < ? ORDER BY UUID DESC LIMIT ?",
    };

    /// Binds: key pattern, pattern, bound, limit. Keys that are no `UUIDv7`, or from the future.
    AUTHORIZATION_FLOWS_BEYOND = Statement {
        sqlite: "SELECT UUID AS id, Status AS status, CreationTime AS created, ClientID AS client_id, Scope AS scope, \
                 RedirectURI AS redirect_uri, \
                 CASE WHEN json_valid(IDToken) THEN CAST(json_extract(IDToken, '$.sub') AS TEXT) END AS sub \
                 FROM AuthorizationFlows WHERE (UUID LIKE ? ESCAPE '!' \
                 OR concat_ws(char(10), Status, ClientID, Scope, RedirectURI, \
                 CASE WHEN json_valid(IDToken) THEN json_extract(IDToken, '$.sub') END) LIKE ? ESCAPE '!') \
                 AND UUID >= ? ORDER BY UUID LIMIT ?",
        mysql: "SELECT UUID AS id, Status AS status, CreationTime AS created, ClientID AS client_id, Scope AS scope, \
                RedirectURI AS redirect_uri, JSON_VALUE(IDToken, '$.sub') AS sub FROM AuthorizationFlows \
                WHERE (REPLACE(CONVERT(UUID USING utf8mb4), '-', '') LIKE ? ESCAPE '!' \
                OR CONVERT(CONCAT_WS(CHAR(10 USING utf8mb4), Status, ClientID, Scope, RedirectURI, \
                JSON_VALUE(IDToken, '$.sub')) USING utf8mb4) LIKE ? ESCAPE '!') AND UUID >= ? ORDER BY UUID LIMIT ?",
    };

    /// Binds: key.
    AUTHORIZATION_FLOW_STATUS = both("SELECT Status FROM AuthorizationFlows WHERE UUID = ?");

    /// Binds: key.
    CANCEL_AUTHORIZATION_FLOW =
        both("UPDATE AuthorizationFlows SET Status = 'ERROR' WHERE UUID = ? AND Status IN ('PENDING', 'READY')");

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
}
