//! On `AuthorizationFlows`, whose key begins with its time.

use super::{Statement, both, statements};

statements! {
    /// Binds: key. The columns of the list.
    AUTHORIZATION_FLOW = Statement {
        sqlite: "SELECT UUID AS id, Status AS status, CreationTime AS created, ClientID AS client_id, Scope AS scope, \
                 RedirectURI AS redirect_uri, \
                 CASE WHEN json_valid(IDToken) THEN CAST(json_extract(IDToken, '$.sub') AS TEXT) END AS sub \
                 FROM AuthorizationFlows WHERE UUID = ?",
        mysql: "SELECT UUID AS id, Status AS status, CreationTime AS created, ClientID AS client_id, Scope AS scope, \
                RedirectURI AS redirect_uri, JSON_VALUE(IDToken, '$.sub') AS sub FROM AuthorizationFlows WHERE UUID = ?",
    };

    /// Binds: key.
    AUTHORIZATION_FLOW_STATUS = both("SELECT Status FROM AuthorizationFlows WHERE UUID = ?");

    /// Binds: key.
    CANCEL_AUTHORIZATION_FLOW =
        both("UPDATE AuthorizationFlows SET Status = 'ERROR' WHERE UUID = ? AND Status IN ('PENDING', 'READY')");

    /// Binds: after, last, cut-off, retention. What is past the retention is left to the purge, which deletes it
    /// whatever its status: changing it first would do the work twice.
    EXPIRE_AUTHORIZATION_FLOWS = both(
        "UPDATE AuthorizationFlows SET Status = 'ERROR' WHERE UUID > ? AND UUID <= ? \
         AND Status IN ('PENDING', 'READY') AND CreationTime < ? AND CreationTime >= ?",
    );

    /// Binds: after, last, cut-off.
    PURGE_AUTHORIZATION_FLOWS =
        both("DELETE FROM AuthorizationFlows WHERE UUID > ? AND UUID <= ? AND CreationTime < ?");

    /// Binds: key, client, scope, challenge, challenge method, redirect URI. DiracX's `insert_authorization_flow`.
    INSERT_AUTHORIZATION_FLOW = both(
        "INSERT INTO AuthorizationFlows (UUID, ClientID, Scope, CodeChallenge, CodeChallengeMethod, RedirectURI) \
         VALUES (?, ?, ?, ?, ?, ?)",
    );

    /// Binds: ID token, hash of the code, key, cut-off. DiracX's `authorization_flow_insert_id_token`.
    COMPLETE_AUTHORIZATION_FLOW = both(
        "UPDATE AuthorizationFlows SET IDToken = ?, Code = ?, Status = 'READY' \
         WHERE UUID = ? AND Status = 'PENDING' AND CreationTime > ?",
    );

    /// Binds: key.
    REDIRECT_URI = both("SELECT RedirectURI FROM AuthorizationFlows WHERE UUID = ?");

    /// Binds: lower bound of the key, hash of the code. `Code` has no index, so it is looked for, without a lock, among
    /// the youngest keys first.
    FIND_AUTHORIZATION_CODE = both("SELECT UUID FROM AuthorizationFlows WHERE UUID >= ? AND Code = ? LIMIT 1");

    /// Binds: key, hash of the code, cut-off. DiracX's `get_authorization_flow`.
    LOCK_AUTHORIZATION_FLOW = Statement {
        sqlite: "SELECT UUID AS id, Status AS status, ClientID AS client_id, CreationTime AS created, Scope AS scope, \
                 CodeChallenge AS code_challenge, CodeChallengeMethod AS code_challenge_method, \
                 RedirectURI AS redirect_uri, Code AS code, CAST(IDToken AS TEXT) AS id_token \
                 FROM AuthorizationFlows WHERE UUID = ? AND Code = ? AND CreationTime > ?",
        mysql: "SELECT UUID AS id, Status AS status, ClientID AS client_id, CreationTime AS created, Scope AS scope, \
                CodeChallenge AS code_challenge, CodeChallengeMethod AS code_challenge_method, \
                RedirectURI AS redirect_uri, Code AS code, CAST(IDToken AS CHAR) AS id_token \
                FROM AuthorizationFlows WHERE UUID = ? AND Code = ? AND CreationTime > ? FOR UPDATE",
    };

    /// Binds: status, key, hash of the code. DiracX's `update_authorization_flow_status`.
    UPDATE_AUTHORIZATION_FLOW_STATUS =
        both("UPDATE AuthorizationFlows SET Status = ? WHERE UUID = ? AND Code = ?");
}
