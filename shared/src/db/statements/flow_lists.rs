//! Pages of `AuthorizationFlows` by key, as those of the tokens, and of `DeviceFlows`, whose key says nothing about time.
//!
//! Binds of a list of authorization flows: key bounds; patterns of status, client, VO, group and text of the scope;
//! patterns of the key and of everything; limit. Binds of a window: key bounds, width.

use super::{Statement, statements};

macro_rules! rows {
    ($range:literal, $order:literal) => {
        Statement {
            sqlite: concat!(
                "SELECT UUID AS id, Status AS status, CreationTime AS created, ClientID AS client_id, Scope AS scope, \
                 RedirectURI AS redirect_uri, \
                 CASE WHEN json_valid(IDToken) THEN CAST(json_extract(IDToken, '$.sub') AS TEXT) END AS sub \
                 FROM AuthorizationFlows WHERE ",
                $range,
                " AND COALESCE(Status, '') LIKE ? ESCAPE '!' AND COALESCE(ClientID, '') LIKE ? ESCAPE '!' \
                 AND COALESCE(Scope, '') LIKE ? ESCAPE '!' AND COALESCE(Scope, '') LIKE ? ESCAPE '!' \
                 AND COALESCE(Scope, '') LIKE ? ESCAPE '!' \
                 AND (REPLACE(UUID, '-', '') LIKE ? ESCAPE '!' OR concat_ws(char(10), Status, ClientID, Scope, RedirectURI, \
                 CASE WHEN json_valid(IDToken) THEN json_extract(IDToken, '$.sub') END) LIKE ? ESCAPE '!') ORDER BY ",
                $order,
                " LIMIT ?"
            ),
            mysql: concat!(
                "SELECT UUID AS id, Status AS status, CreationTime AS created, ClientID AS client_id, Scope AS scope, \
                 RedirectURI AS redirect_uri, JSON_VALUE(IDToken, '$.sub') AS sub FROM AuthorizationFlows WHERE ",
                $range,
                " AND COALESCE(CONVERT(Status USING utf8mb4), '') LIKE ? ESCAPE '!' \
                 AND COALESCE(CONVERT(ClientID USING utf8mb4), '') LIKE ? ESCAPE '!' \
                 AND COALESCE(CONVERT(Scope USING utf8mb4), '') LIKE ? ESCAPE '!' \
                 AND COALESCE(CONVERT(Scope USING utf8mb4), '') LIKE ? ESCAPE '!' \
                 AND COALESCE(CONVERT(Scope USING utf8mb4), '') LIKE ? ESCAPE '!' \
                 AND (REPLACE(CONVERT(UUID USING utf8mb4), '-', '') LIKE ? ESCAPE '!' \
                 OR CONVERT(CONCAT_WS(CHAR(10 USING utf8mb4), Status, ClientID, Scope, RedirectURI, \
                 JSON_VALUE(IDToken, '$.sub')) USING utf8mb4) LIKE ? ESCAPE '!') ORDER BY ",
                $order,
                " LIMIT ?"
            ),
        }
    };
}

macro_rules! window {
    ($last:literal, $range:literal, $order:literal) => {
        Statement {
            sqlite: concat!(
                "SELECT ",
                $last,
                "(UUID), COUNT(*) FROM (SELECT UUID FROM AuthorizationFlows WHERE ",
                $range,
                " ORDER BY ",
                $order,
                " LIMIT ?) AS w"
            ),
            mysql: concat!(
                "SELECT CAST(",
                $last,
                "(UUID) AS CHAR), COUNT(*) FROM (SELECT UUID FROM AuthorizationFlows WHERE ",
                $range,
                " ORDER BY ",
                $order,
                " LIMIT ?) AS w"
            ),
        }
    };
}

statements! {
    AUTHORIZATION_FLOWS_DOWN = rows!("UUID >= ? AND UUID < ?", "UUID DESC");
    AUTHORIZATION_FLOWS_UP = rows!("UUID >= ? AND UUID < ?", "UUID");
    AUTHORIZATION_FLOWS_UP_TO = rows!("UUID >= ? AND UUID <= ?", "UUID");
    AUTHORIZATION_FLOWS_ON = rows!("UUID >= ?", "UUID");
    AUTHORIZATION_FLOW_WINDOW_DOWN = window!("MIN", "UUID >= ? AND UUID < ?", "UUID DESC");
    AUTHORIZATION_FLOW_WINDOW_UP = window!("MAX", "UUID >= ? AND UUID < ?", "UUID");
    AUTHORIZATION_FLOW_WINDOW_ON = window!("MAX", "UUID >= ?", "UUID");

    /// Binds: width. Where the first window of device flows begins and ends, and how many it holds. No code is below it:
    /// to some collations an empty one equals every text of control characters.
    DEVICE_FLOW_FIRST_WINDOW = Statement {
        sqlite: "SELECT MIN(UserCode), MAX(UserCode), COUNT(*) FROM \
                 (SELECT UserCode FROM DeviceFlows WHERE UserCode IS NOT NULL ORDER BY UserCode LIMIT ?) AS w",
        mysql: "SELECT CAST(MIN(UserCode) AS CHAR), CAST(MAX(UserCode) AS CHAR), COUNT(*) FROM \
                (SELECT UserCode FROM DeviceFlows WHERE UserCode IS NOT NULL ORDER BY UserCode LIMIT ?) AS w",
    };

    /// Binds: after, width. The same of the next window.
    DEVICE_FLOW_WINDOW = Statement {
        sqlite: "SELECT MIN(UserCode), MAX(UserCode), COUNT(*) FROM \
                 (SELECT UserCode FROM DeviceFlows WHERE UserCode > ? ORDER BY UserCode LIMIT ?) AS w",
        mysql: "SELECT CAST(MIN(UserCode) AS CHAR), CAST(MAX(UserCode) AS CHAR), COUNT(*) FROM \
                (SELECT UserCode FROM DeviceFlows WHERE UserCode > ? ORDER BY UserCode LIMIT ?) AS w",
    };

    /// Binds: cut-off, what is added to and multiplied with the time of pending flows, and what stands for the product
    /// where there is no time; the same for ready ones; the same without cut-off for the rest; first and last of the window;
    /// patterns of status, client, VO, group and text of the scope; patterns of the key and of everything; weight, weight,
    /// code behind which the page begins; limit.
    ///
    /// The weight is the order of the list as a number, reckoned from the time in seconds. The codes of a page are compared
    /// by their bytes, as they are here, where windows are put together.
    DEVICE_FLOWS = Statement {
        sqlite: "SELECT * FROM (SELECT UserCode AS user_code, Status AS status, CreationTime AS created, \
                 ClientID AS client_id, Scope AS scope, \
                 CASE WHEN json_valid(IDToken) THEN CAST(json_extract(IDToken, '$.sub') AS TEXT) END AS sub, \
                 CASE WHEN Status = 'PENDING' AND unixepoch(CreationTime) > unixepoch(?) \
                 THEN ? + COALESCE(? * unixepoch(CreationTime), ?) \
                 WHEN Status = 'READY' AND unixepoch(CreationTime) > unixepoch(?) \
                 THEN ? + COALESCE(? * unixepoch(CreationTime), ?) \
                 ELSE ? + COALESCE(? * unixepoch(CreationTime), ?) END AS weight \
                 FROM DeviceFlows WHERE UserCode >= ? AND UserCode <= ? \
                 AND COALESCE(Status, '') LIKE ? ESCAPE '!' AND COALESCE(ClientID, '') LIKE ? ESCAPE '!' \
                 AND COALESCE(Scope, '') LIKE ? ESCAPE '!' AND COALESCE(Scope, '') LIKE ? ESCAPE '!' \
                 AND COALESCE(Scope, '') LIKE ? ESCAPE '!' \
                 AND (REPLACE(UserCode, '-', '') LIKE ? ESCAPE '!' OR concat_ws(char(10), Status, ClientID, Scope, \
                 CASE WHEN json_valid(IDToken) THEN json_extract(IDToken, '$.sub') END) LIKE ? ESCAPE '!')) AS w \
                 WHERE weight > ? OR (weight = ? AND user_code > ?) ORDER BY weight, user_code LIMIT ?",
        mysql: "SELECT * FROM (SELECT UserCode AS user_code, Status AS status, CreationTime AS created, \
                ClientID AS client_id, Scope AS scope, JSON_VALUE(IDToken, '$.sub') AS sub, \
                CASE WHEN Status = 'PENDING' AND CreationTime > ? \
                THEN ? + COALESCE(? * TIMESTAMPDIFF(SECOND, '1970-01-01', CreationTime), ?) \
                WHEN Status = 'READY' AND CreationTime > ? \
                THEN ? + COALESCE(? * TIMESTAMPDIFF(SECOND, '1970-01-01', CreationTime), ?) \
                ELSE ? + COALESCE(? * TIMESTAMPDIFF(SECOND, '1970-01-01', CreationTime), ?) END AS weight \
                FROM DeviceFlows WHERE UserCode >= ? AND UserCode <= ? \
                AND COALESCE(CONVERT(Status USING utf8mb4), '') LIKE ? ESCAPE '!' \
                AND COALESCE(CONVERT(ClientID USING utf8mb4), '') LIKE ? ESCAPE '!' \
                AND COALESCE(CONVERT(Scope USING utf8mb4), '') LIKE ? ESCAPE '!' \
                AND COALESCE(CONVERT(Scope USING utf8mb4), '') LIKE ? ESCAPE '!' \
                AND COALESCE(CONVERT(Scope USING utf8mb4), '') LIKE ? ESCAPE '!' \
                AND (REPLACE(CONVERT(UserCode USING utf8mb4), '-', '') LIKE ? ESCAPE '!' \
                OR CONVERT(CONCAT_WS(CHAR(10 USING utf8mb4), Status, ClientID, Scope, \
                JSON_VALUE(IDToken, '$.sub')) USING utf8mb4) LIKE ? ESCAPE '!')) AS w \
                WHERE weight > ? OR (weight = ? AND CAST(CONVERT(user_code USING utf8mb4) AS BINARY) > CAST(? AS BINARY)) \
                ORDER BY weight, CAST(CONVERT(user_code USING utf8mb4) AS BINARY) LIMIT ?",
    };
}
