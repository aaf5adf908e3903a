//! On our own three tables: `JanitorLease`, `JanitorRuns`, `AdminActions`.
//!
//! Text is stored as utf8mb4 and compared by its bytes, whatever the database's own character set is. Details and counts
//! are JSON in a plain text column: the servers' JSON types reorder keys, and the hash chain would no longer fit.

use super::{Statement, both, statements};

statements! {
    /// The first table to exist, because it holds the version of all three.
    CREATE_JANITOR_LEASE = Statement {
        sqlite: "CREATE TABLE IF NOT EXISTS JanitorLease (Name VARCHAR(64) NOT NULL, Holder VARCHAR(255) NOT NULL, \
                 FencingNumber BIGINT NOT NULL, Expiry TEXT, PRIMARY KEY (Name))",
        mysql: "CREATE TABLE IF NOT EXISTS JanitorLease (Name VARCHAR(64) NOT NULL, Holder VARCHAR(255) NOT NULL, \
                FencingNumber BIGINT NOT NULL, Expiry DATETIME(3), PRIMARY KEY (Name)) \
                ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin",
    };

    CREATE_JANITOR_RUNS = Statement {
        sqlite: "CREATE TABLE IF NOT EXISTS JanitorRuns (Id INTEGER PRIMARY KEY AUTOINCREMENT, \
                 Job VARCHAR(64) NOT NULL, Host VARCHAR(255) NOT NULL, StartTime TEXT NOT NULL, EndTime TEXT, \
                 Outcome VARCHAR(16) NOT NULL, Counts TEXT NOT NULL, Error TEXT)",
        mysql: "CREATE TABLE IF NOT EXISTS JanitorRuns (Id BIGINT NOT NULL AUTO_INCREMENT, \
                Job VARCHAR(64) NOT NULL, Host VARCHAR(255) NOT NULL, StartTime DATETIME(3) NOT NULL, \
                EndTime DATETIME(3), Outcome VARCHAR(16) NOT NULL, Counts TEXT NOT NULL, Error TEXT, PRIMARY KEY (Id)) \
                ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin",
    };

    CREATE_ADMIN_ACTIONS = Statement {
        sqlite: "CREATE TABLE IF NOT EXISTS AdminActions (Id INTEGER NOT NULL PRIMARY KEY, Time TEXT NOT NULL, \
                 Actor VARCHAR(255) NOT NULL, Account VARCHAR(255) NOT NULL, Host VARCHAR(255) NOT NULL, \
                 Action VARCHAR(32) NOT NULL, Target VARCHAR(512) NOT NULL, Reason VARCHAR(1024) NOT NULL, \
                 Outcome VARCHAR(16) NOT NULL, Details TEXT NOT NULL, PreviousHash CHAR(64) NOT NULL, \
                 Hash CHAR(64) NOT NULL)",
        mysql: "CREATE TABLE IF NOT EXISTS AdminActions (Id BIGINT NOT NULL, Time DATETIME(3) NOT NULL, \
                Actor VARCHAR(255) NOT NULL, Account VARCHAR(255) NOT NULL, Host VARCHAR(255) NOT NULL, \
                Action VARCHAR(32) NOT NULL, Target VARCHAR(512) NOT NULL, Reason VARCHAR(1024) NOT NULL, \
                Outcome VARCHAR(16) NOT NULL, Details TEXT NOT NULL, PreviousHash CHAR(64) NOT NULL, \
                Hash CHAR(64) NOT NULL, PRIMARY KEY (Id)) \
                ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin",
    };

    /// Which of our tables this account can see.
    LEDGER_TABLES = Statement {
        sqlite: "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' \
                 AND name IN ('JanitorLease', 'JanitorRuns', 'AdminActions')",
        mysql: "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() \
                AND TABLE_NAME IN ('JanitorLease', 'JanitorRuns', 'AdminActions')",
    };

    /// Binds: name. Makes a row that is not there yet.
    ADD_LEASE = Statement {
        sqlite: "INSERT OR IGNORE INTO JanitorLease (Name, Holder, FencingNumber, Expiry) VALUES (?, '', 0, NULL)",
        mysql: "INSERT IGNORE INTO JanitorLease (Name, Holder, FencingNumber, Expiry) VALUES (?, '', 0, NULL)",
    };

    /// Binds: name.
    LEASE = Statement {
        sqlite: "SELECT Holder AS holder, FencingNumber AS fencing_number, Expiry AS expiry FROM JanitorLease \
                 WHERE Name = ?",
        mysql: "SELECT Holder AS holder, FencingNumber AS fencing_number, CAST(Expiry AS CHAR) AS expiry \
                FROM JanitorLease WHERE Name = ?",
    };

    /// Binds: name. The same row, kept from others until the transaction ends.
    LOCK_LEASE = Statement {
        sqlite: "SELECT Holder AS holder, FencingNumber AS fencing_number, Expiry AS expiry FROM JanitorLease \
                 WHERE Name = ?",
        mysql: "SELECT Holder AS holder, FencingNumber AS fencing_number, CAST(Expiry AS CHAR) AS expiry \
                FROM JanitorLease WHERE Name = ? FOR UPDATE",
    };

    /// Binds: new version, old version.
    RAISE_LEDGER_VERSION =
        both("UPDATE JanitorLease SET FencingNumber = ? WHERE Name = 'ledger' AND FencingNumber = ?");

    /// Binds: holder, expiry, name, now, the latest credible expiry. Only a lease that nobody holds any more, and none of the
    /// rows that are no leases.
    TAKE_LEASE = both(
        "UPDATE JanitorLease SET Holder = ?, FencingNumber = FencingNumber + 1, Expiry = ? \
         WHERE Name = ? AND Name NOT IN ('ledger', 'journal') AND (Expiry IS NULL OR Expiry < ? OR Expiry > ?)",
    );

    /// Binds: seconds from now, name, holder, fencing number. By the database's clock as it is now. A renewal that comes after
    /// the lease was given back does not take it.
    EXTEND_LEASE = Statement {
        sqlite: "UPDATE JanitorLease SET Expiry = strftime('%Y-%m-%d %H:%M:%f', 'now', ? || ' seconds') \
                 WHERE Name = ? AND Holder = ? AND FencingNumber = ? AND Expiry IS NOT NULL",
        mysql: "UPDATE JanitorLease SET Expiry = UTC_TIMESTAMP(3) + INTERVAL ? * 1000000 MICROSECOND \
                WHERE Name = ? AND Holder = ? AND FencingNumber = ? AND Expiry IS NOT NULL",
    };

    /// Binds: name, holder, fencing number.
    RELEASE_LEASE =
        both("UPDATE JanitorLease SET Expiry = NULL WHERE Name = ? AND Holder = ? AND FencingNumber = ?");

    /// Binds: job, host, start.
    BEGIN_RUN = both(
        "INSERT INTO JanitorRuns (Job, Host, StartTime, Outcome, Counts) VALUES (?, ?, ?, 'running', '{}')",
    );

    /// Binds: end, outcome, counts, error, id. A run ends once.
    FINISH_RUN = both(
        "UPDATE JanitorRuns SET EndTime = ?, Outcome = ?, Counts = ?, Error = ? WHERE Id = ? AND EndTime IS NULL",
    );

    /// Whether there are runs, and this account can see them.
    RUNS_TABLE = Statement {
        sqlite: "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name = 'JanitorRuns'",
        mysql: "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() \
                AND TABLE_NAME = 'JanitorRuns'",
    };

    /// When the last run began that did its work, and so saw the clocks agree. What is done by hand beside the jobs need not
    /// have looked at them.
    LAST_GOOD_RUN = Statement {
        sqlite: "SELECT StartTime FROM JanitorRuns WHERE Outcome IN ('done', 'stopped') AND Job IN ('flows', 'tokens') \
                 ORDER BY Id DESC LIMIT 1",
        mysql: "SELECT CAST(StartTime AS CHAR) FROM JanitorRuns WHERE Outcome IN ('done', 'stopped') \
                AND Job IN ('flows', 'tokens') ORDER BY Id DESC LIMIT 1",
    };

    /// Binds: job, how far back to look. The last run of a job.
    LAST_RUN_OF_JOB = Statement {
        sqlite: "SELECT Id AS id, Job AS job, Host AS host, StartTime AS start_time, EndTime AS end_time, \
                 Outcome AS outcome, Counts AS counts, Error AS error FROM JanitorRuns \
                 WHERE Job = ? AND Id > (SELECT COALESCE(MAX(Id), 0) FROM JanitorRuns) - ? ORDER BY Id DESC LIMIT 1",
        mysql: "SELECT Id AS id, Job AS job, Host AS host, CAST(StartTime AS CHAR) AS start_time, \
                CAST(EndTime AS CHAR) AS end_time, Outcome AS outcome, Counts AS counts, Error AS error FROM JanitorRuns \
                WHERE Job = ? AND Id > (SELECT COALESCE(MAX(Id), 0) FROM JanitorRuns) - ? ORDER BY Id DESC LIMIT 1",
    };

    /// Binds: job, outcome, how far back to look. When its last run began that ended so, and what was refused or failed.
    LAST_OF_JOB_THAT_ENDED = Statement {
        sqlite: "SELECT Id, StartTime, Error FROM JanitorRuns WHERE Job = ? AND Outcome = ? \
                 AND Id > (SELECT COALESCE(MAX(Id), 0) FROM JanitorRuns) - ? ORDER BY Id DESC LIMIT 1",
        mysql: "SELECT Id, CAST(StartTime AS CHAR), Error FROM JanitorRuns WHERE Job = ? AND Outcome = ? \
                AND Id > (SELECT COALESCE(MAX(Id), 0) FROM JanitorRuns) - ? ORDER BY Id DESC LIMIT 1",
    };

    /// When the first run began that is written down.
    FIRST_RUN = Statement {
        sqlite: "SELECT StartTime FROM JanitorRuns ORDER BY Id LIMIT 1",
        mysql: "SELECT CAST(StartTime AS CHAR) FROM JanitorRuns ORDER BY Id LIMIT 1",
    };

    /// Binds: id, limit. The runs before one, newest first.
    RUNS = Statement {
        sqlite: "SELECT Id AS id, Job AS job, Host AS host, StartTime AS start_time, EndTime AS end_time, \
                 Outcome AS outcome, Counts AS counts, Error AS error FROM JanitorRuns WHERE Id < ? \
                 ORDER BY Id DESC LIMIT ?",
        mysql: "SELECT Id AS id, Job AS job, Host AS host, CAST(StartTime AS CHAR) AS start_time, \
                CAST(EndTime AS CHAR) AS end_time, Outcome AS outcome, Counts AS counts, Error AS error \
                FROM JanitorRuns WHERE Id < ? ORDER BY Id DESC LIMIT ?",
    };

    /// Binds: id, time, actor, account, host, action, target, reason, outcome, details, hash before, hash.
    ADD_ACTION = both(
        "INSERT INTO AdminActions (Id, Time, Actor, Account, Host, Action, Target, Reason, Outcome, Details, \
         PreviousHash, Hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    );

    /// Binds: hash, id, id before. The head of the chain, beside the chain.
    MOVE_HEAD =
        both("UPDATE JanitorLease SET Holder = ?, FencingNumber = ? WHERE Name = 'journal' AND FencingNumber = ?");

    /// Binds: id, limit. The actions before one, newest first.
    ACTIONS_BEFORE = Statement {
        sqlite: "SELECT Id AS id, Time AS time, Actor AS actor, Account AS account, Host AS host, Action AS action, \
                 Target AS target, Reason AS reason, Outcome AS outcome, Details AS details, \
                 PreviousHash AS previous_hash, Hash AS hash FROM AdminActions WHERE Id < ? ORDER BY Id DESC LIMIT ?",
        mysql: "SELECT Id AS id, CAST(Time AS CHAR) AS time, Actor AS actor, Account AS account, Host AS host, \
                Action AS action, Target AS target, Reason AS reason, Outcome AS outcome, Details AS details, \
                PreviousHash AS previous_hash, Hash AS hash FROM AdminActions WHERE Id < ? ORDER BY Id DESC LIMIT ?",
    };

    /// Binds: id, id, target, patterns of two details, limit. Those of the actions after one number up to another that have
    /// one of these, newest first. The numbers bound what is read.
    ACTIONS_NAMING = Statement {
        sqlite: "SELECT Id AS id, Time AS time, Actor AS actor, Account AS account, Host AS host, Action AS action, \
                 Target AS target, Reason AS reason, Outcome AS outcome, Details AS details, \
                 PreviousHash AS previous_hash, Hash AS hash FROM AdminActions WHERE Id > ? AND Id <= ? \
                 AND (Target = ? OR Details LIKE ? ESCAPE '!' OR Details LIKE ? ESCAPE '!') ORDER BY Id DESC LIMIT ?",
        mysql: "SELECT Id AS id, CAST(Time AS CHAR) AS time, Actor AS actor, Account AS account, Host AS host, \
                Action AS action, Target AS target, Reason AS reason, Outcome AS outcome, Details AS details, \
                PreviousHash AS previous_hash, Hash AS hash FROM AdminActions WHERE Id > ? AND Id <= ? \
                AND (Target = ? OR Details LIKE ? ESCAPE '!' OR Details LIKE ? ESCAPE '!') ORDER BY Id DESC LIMIT ?",
    };

    /// Binds: id, limit. The actions from a number on, oldest first: the order of the chain.
    ACTIONS_FROM = Statement {
        sqlite: "SELECT Id AS id, Time AS time, Actor AS actor, Account AS account, Host AS host, Action AS action, \
                 Target AS target, Reason AS reason, Outcome AS outcome, Details AS details, \
                 PreviousHash AS previous_hash, Hash AS hash FROM AdminActions WHERE Id >= ? ORDER BY Id LIMIT ?",
        mysql: "SELECT Id AS id, CAST(Time AS CHAR) AS time, Actor AS actor, Account AS account, Host AS host, \
                Action AS action, Target AS target, Reason AS reason, Outcome AS outcome, Details AS details, \
                PreviousHash AS previous_hash, Hash AS hash FROM AdminActions WHERE Id >= ? ORDER BY Id LIMIT ?",
    };
}
