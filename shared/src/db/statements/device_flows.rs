//! On `DeviceFlows`, whose key is random letters: nothing here can be found by age but by reading.

use super::{Statement, both, statements};

statements! {
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

    /// Binds: after, last, cut-off, retention. What is past the retention is left to the purge, which deletes it
    /// whatever its status: changing it first would do the work twice.
    EXPIRE_DEVICE_FLOWS = both(
        "UPDATE DeviceFlows SET Status = 'ERROR' WHERE UserCode > ? AND UserCode <= ? \
         AND Status IN ('PENDING', 'READY') AND CreationTime < ? AND CreationTime >= ?",
    );

    /// Binds: after, last, cut-off.
    PURGE_DEVICE_FLOWS = both("DELETE FROM DeviceFlows WHERE UserCode > ? AND UserCode <= ? AND CreationTime < ?");

    /// Binds: user code, cut-off. DiracX's `device_flow_validate_user_code`.
    VALIDATE_USER_CODE =
        both("SELECT Scope FROM DeviceFlows WHERE UserCode = ? AND Status = 'PENDING' AND CreationTime > ?");

    /// Binds: hash of the device code, which is unique. DiracX's `get_device_flow`.
    LOCK_DEVICE_FLOW = Statement {
        sqlite: "SELECT UserCode AS user_code, Status AS status, CreationTime AS created, ClientID AS client_id, \
                 Scope AS scope, DeviceCode AS device_code, CAST(IDToken AS TEXT) AS id_token \
                 FROM DeviceFlows WHERE DeviceCode = ?",
        mysql: "SELECT UserCode AS user_code, Status AS status, CreationTime AS created, ClientID AS client_id, \
                Scope AS scope, DeviceCode AS device_code, CAST(IDToken AS CHAR) AS id_token \
                FROM DeviceFlows WHERE DeviceCode = ? FOR UPDATE",
    };

    /// Binds: status, hash of the device code. DiracX's `update_device_flow_status`.
    UPDATE_DEVICE_FLOW_STATUS = both("UPDATE DeviceFlows SET Status = ? WHERE DeviceCode = ?");

    /// Binds: user code, client, scope, hash of the device code. Status and time are the columns' defaults.
    INSERT_DEVICE_FLOW =
        both("INSERT INTO DeviceFlows (UserCode, ClientID, Scope, DeviceCode) VALUES (?, ?, ?, ?)");
}
