//! Pages of `RefreshTokens`: each list in four shapes (down a range, up a range, up to the end of a window, up without
//! end), of everybody or of one subject, and the statements that find where a window ends.
//!
//! `MySQL` would read the tokens of a busy subject by the primary key, hoping to meet a page of them soon, and so much of
//! the table if they are old. The hint holds it to the index on the subject, whose entries are in the order of the list
//! already. It is a comment to `MariaDB`, which would sort all tokens of the subject, and must choose for itself.
//!
//! Binds of a list: key bounds; subject twice where it is of one; whether revoked tokens may be wanted, as 1 or 0; patterns
//! of status, subject, VO, group and text of the scope; patterns of the key and of everything; limit. Binds of a window: key
//! bounds, subject twice, width.
//!
//! What is not revoked has any word but that one, letter by letter: a collation would take `revoked` for it, which DiracX
//! does not know.

use super::{Statement, statements};

/// The subject, exactly, by the index on it.
macro_rules! of_one {
    (sqlite) => {
        " AND Sub = ? AND Sub = ?"
    };
    (mysql) => {
        " AND Sub = ? AND CAST(CONVERT(Sub USING utf8mb4) AS BINARY) = CAST(? AS BINARY)"
    };
}

/// Which index that is.
macro_rules! by_subject {
    () => {
        "/*+ INDEX(RefreshTokens ix_RefreshTokens_Sub) */ "
    };
}

macro_rules! rows {
    ($range:literal, $order:literal) => {
        rows!("", ($range), ($range), $order)
    };
    (of one, $range:literal, $order:literal) => {
        rows!(by_subject!(), ($range, of_one!(sqlite)), ($range, of_one!(mysql)), $order)
    };
    ($hint:expr, ($($sqlite:tt)+), ($($mysql:tt)+), $order:literal) => {
        Statement {
            sqlite: concat!(
                "SELECT JTI AS jti, Status AS status, Scope AS scope, Sub AS subject FROM RefreshTokens WHERE ",
                $($sqlite)+,
                " AND (? = 1 OR COALESCE(Status, '') <> 'REVOKED') \
                 AND COALESCE(Status, '') LIKE ? ESCAPE '!' AND COALESCE(Sub, '') LIKE ? ESCAPE '!' \
                 AND COALESCE(Scope, '') LIKE ? ESCAPE '!' AND COALESCE(Scope, '') LIKE ? ESCAPE '!' \
                 AND COALESCE(Scope, '') LIKE ? ESCAPE '!' \
                 AND (REPLACE(JTI, '-', '') LIKE ? ESCAPE '!' OR concat_ws(char(10), Status, Sub, Scope) LIKE ? ESCAPE '!') ORDER BY ",
                $order,
                " LIMIT ?"
            ),
            mysql: concat!(
                "SELECT ",
                $hint,
                "JTI AS jti, Status AS status, Scope AS scope, Sub AS subject FROM RefreshTokens WHERE ",
                $($mysql)+,
                " AND (? = 1 OR CAST(COALESCE(CONVERT(Status USING utf8mb4), '') AS BINARY) <> CAST('REVOKED' AS BINARY)) \
                 AND COALESCE(CONVERT(Status USING utf8mb4), '') LIKE ? ESCAPE '!' \
                 AND COALESCE(CONVERT(Sub USING utf8mb4), '') LIKE ? ESCAPE '!' \
                 AND COALESCE(CONVERT(Scope USING utf8mb4), '') LIKE ? ESCAPE '!' \
                 AND COALESCE(CONVERT(Scope USING utf8mb4), '') LIKE ? ESCAPE '!' \
                 AND COALESCE(CONVERT(Scope USING utf8mb4), '') LIKE ? ESCAPE '!' \
                 AND (REPLACE(CONVERT(JTI USING utf8mb4), '-', '') LIKE ? ESCAPE '!' \
                 OR CONVERT(CONCAT_WS(CHAR(10 USING utf8mb4), Status, Sub, Scope) USING utf8mb4) LIKE ? ESCAPE '!') \
                 ORDER BY ",
                $order,
                " LIMIT ?"
            ),
        }
    };
}

macro_rules! window {
    ($last:literal, $range:literal, $order:literal) => {
        window!("", $last, ($range), ($range), $order)
    };
    (of one, $last:literal, $range:literal, $order:literal) => {
        window!(by_subject!(), $last, ($range, of_one!(sqlite)), ($range, of_one!(mysql)), $order)
    };
    ($hint:expr, $last:literal, ($($sqlite:tt)+), ($($mysql:tt)+), $order:literal) => {
        Statement {
            sqlite: concat!(
                "SELECT ", $last, "(JTI), COUNT(*) FROM (SELECT JTI FROM RefreshTokens WHERE ",
                $($sqlite)+, " ORDER BY ", $order, " LIMIT ?) AS w"
            ),
            mysql: concat!(
                "SELECT CAST(", $last, "(JTI) AS CHAR), COUNT(*) FROM (SELECT ", $hint,
                "JTI FROM RefreshTokens WHERE ",
                $($mysql)+, " ORDER BY ", $order, " LIMIT ?) AS w"
            ),
        }
    };
}

statements! {
    TOKENS_DOWN = rows!("JTI >= ? AND JTI < ?", "JTI DESC");
    TOKENS_UP = rows!("JTI >= ? AND JTI < ?", "JTI");
    TOKENS_UP_TO = rows!("JTI >= ? AND JTI <= ?", "JTI");
    TOKENS_ON = rows!("JTI >= ?", "JTI");
    TOKENS_OF_ONE_DOWN = rows!(of one, "JTI >= ? AND JTI < ?", "JTI DESC");
    TOKENS_OF_ONE_UP = rows!(of one, "JTI >= ? AND JTI < ?", "JTI");
    TOKENS_OF_ONE_UP_TO = rows!(of one, "JTI >= ? AND JTI <= ?", "JTI");
    TOKENS_OF_ONE_ON = rows!(of one, "JTI >= ?", "JTI");

    TOKEN_WINDOW_DOWN = window!("MIN", "JTI >= ? AND JTI < ?", "JTI DESC");
    TOKEN_WINDOW_UP = window!("MAX", "JTI >= ? AND JTI < ?", "JTI");
    TOKEN_WINDOW_ON = window!("MAX", "JTI >= ?", "JTI");
    TOKEN_OF_ONE_WINDOW_DOWN = window!(of one, "MIN", "JTI >= ? AND JTI < ?", "JTI DESC");
    TOKEN_OF_ONE_WINDOW_UP = window!(of one, "MAX", "JTI >= ? AND JTI < ?", "JTI");
    TOKEN_OF_ONE_WINDOW_ON = window!(of one, "MAX", "JTI >= ?", "JTI");
}
