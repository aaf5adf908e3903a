//! `doctor`: whatever could keep the programs from their work, looked at by day.

use std::os::unix::fs::PermissionsExt;

use authdb_shared::config::{BesideDiracX, Config, DatabaseUrl, Origin, ShownSetting};
use authdb_shared::db::{Account, AuthDb, DbError, OPERATOR_PRIVILEGES, VIEWER_PRIVILEGES};
use authdb_shared::error::{EXIT_DONE, EXIT_REFUSED};
use authdb_shared::health::{Finding, Level, worst};
use authdb_shared::{Error, clock};

use super::output::{Cell, Field, List, Moment, names};
use super::{Run, registration, say};

const FIELDS: &[Field<Finding>] = &[
    Field::new("level", Cell::Plain, |row, _| word(row.level).into()),
    Field::new("subject", Cell::Plain, |row, _| row.subject.as_str().into()),
    Field::new("text", Cell::Plain, |row, _| row.text.as_str().into()),
];

fn word(level: Level) -> &'static str {
    match level {
        Level::Ok => "ok",
        Level::Warning => "warning",
        Level::Critical => "failed",
    }
}

/// The end of the help.
pub(super) fn help() -> String {
    format!(
        "Fields: {}\nThe exit code is 1 where a line failed, and 3 where the database cannot be reached.\n\nExamples:\n  \
         authdb doctor\n  authdb doctor --grants > accounts.sql\n  authdb doctor --output json | jq '.[] | \
         select(.level != \"ok\")'",
        names(FIELDS)
    )
}

pub(super) async fn run(run: &mut Run) -> anyhow::Result<u8> {
    let config = run.config()?;
    let file = config.file.as_ref().map_or("defaults and environment".to_owned(), |file| file.display().to_string());
    let mut findings = vec![Finding::ok("configuration", file)];
    findings.extend(policy(&Config::beside_diracx(&run.sources).map_err(Error::from)?));
    findings.extend(readable_secret(&Config::settings(&run.sources).map_err(Error::from)?));
    findings.push(registration::finding(&config).await);
    let looked = look(&config).await;
    let unreachable = match looked {
        Ok(found) => {
            findings.extend(found);
            None
        }
        Err(error) => {
            findings.push(Finding::critical("connection", error.to_string()));
            Some(Error::from(error).exit_code())
        }
    };
    let moment = Moment { now: clock::host_now(), policy: &config.policy };
    let mut list = List::begin(&mut run.sink, run.format, FIELDS)?;
    for finding in &findings {
        list.add(finding, &moment)?;
    }
    list.end()?;
    let code = if worst(&findings) == Level::Critical { EXIT_REFUSED } else { EXIT_DONE };
    Ok(unreachable.unwrap_or(code))
}

/// A file with a password in it that everybody on this machine can read.
fn readable_secret(settings: &[ShownSetting]) -> Option<Finding> {
    let in_file = settings.iter().find_map(|setting| match &setting.origin {
        Origin::File { path, .. } if setting.value.contains("***") => Some((setting.key.as_str(), path)),
        _ => None,
    });
    let (key, path) = in_file?;
    let mode = std::fs::metadata(path).ok()?.permissions().mode();
    let file = path.display();
    Some(if mode & 0o004 == 0 {
        Finding::ok("secrets", format!("{file} is read by its owner and group only"))
    } else {
        let text = format!("everybody on this machine can read {key} in {file}; run `chmod o= {file}`");
        Finding::critical("secrets", text)
    })
}

/// What can be seen through the connection that the dashboard would take.
async fn look(config: &Config) -> Result<Vec<Finding>, DbError> {
    let db = AuthDb::connect_read_only(&config.database).await?;
    let mut findings = vec![Finding::ok("connection", format!("{} on {}", db.place(), db.server()))];
    let needed = if config.dashboard.read_only { VIEWER_PRIVILEGES } else { OPERATOR_PRIVILEGES };
    findings.extend(db.diagnose(config, needed, clock::host_now).await?);
    db.close().await;
    Ok(findings)
}

/// The policy beside the service's own settings, where this environment knows them.
fn policy(both: &[BesideDiracX]) -> Vec<Finding> {
    let told = both.iter().filter(|both| both.diracx.is_some()).count();
    let differing: Vec<Finding> = both
        .iter()
        .filter(|both| !both.agrees)
        .map(|both| {
            let BesideDiracX { key, value, origin, variable, diracx, .. } = both;
            let theirs = diracx.as_deref().unwrap_or_default();
            let text = format!(
                "{key} is {value} ({origin}), but the service works by {variable}={theirs}; take ours away, or make it \
                 the same"
            );
            Finding::critical("policy", text)
        })
        .collect();
    if !differing.is_empty() {
        return differing;
    }
    vec![if told == 0 {
        Finding::ok(
            "policy",
            "nothing to hold it against: run this where the service's DIRACX_SERVICE_AUTH_… variables are set, too",
        )
    } else {
        Finding::ok("policy", format!("agrees with the {told} settings of the service that are known here"))
    }]
}

pub(super) async fn grants(run: &mut Run) -> anyhow::Result<u8> {
    let (db, config) = run.reading().await?;
    let DatabaseUrl::MySql(address) = &config.database.url else {
        say("a SQLite file has no accounts: whoever can write it can do everything");
        return Ok(EXIT_REFUSED);
    };
    run.sink.line("-- Run `authdb init` first: the ledger's tables must be there before they can be granted.")?;
    for account in Account::ALL {
        let to = format!("'{}'@'%'", account.name());
        run.sink.line("")?;
        run.sink.line(&format!("-- {}", purpose(account)))?;
        run.sink.line(&format!("-- CREATE USER {to} IDENTIFIED BY '…';"))?;
        let is_holding = account == Account::Janitor && !config.janitor.hold_dropped.is_zero();
        let for_holding = if is_holding {
            db.holding_grant_statement(&address.database, &to).await.map_err(Error::from)?
        } else {
            None
        };
        for statement in db.grant_statements(account, &address.database, &to).into_iter().chain(for_holding) {
            run.sink.line(&format!("{};", authdb_shared::text::harmless(&statement)))?;
        }
    }
    run.sink.finish()?;
    Ok(EXIT_DONE)
}

fn purpose(account: Account) -> &'static str {
    match account {
        Account::Viewer => "Looks at everything and changes nothing: `authdb --read-only`.",
        Account::Operator => "Approves, denies, cancels and revokes, and journals it: `authdb`.",
        Account::Janitor => "Expires and deletes flows, and rolls the partitions: `authdb-janitor`.",
    }
}

#[cfg(test)]
mod tests {
    use authdb_shared::config::Sources;

    use super::*;

    fn found(sources: &Sources) -> Vec<Finding> {
        policy(&Config::beside_diracx(sources).expect("a valid configuration"))
    }

    #[test]
    fn a_policy_that_is_not_the_services_is_named_with_both_values() {
        let sources = Sources::default()
            .with_variable("DIRACX_SERVICE_AUTH_REFRESH_TOKEN_EXPIRE_MINUTES", "90")
            .with_variable("AUTHDB_POLICY_REFRESH_TOKEN_LIFETIME", "60m");
        let found = found(&sources);
        assert_eq!((found.len(), found[0].level), (1, Level::Critical));
        for part in ["policy.refresh_token_lifetime is 60m", "AUTHDB_POLICY_REFRESH_TOKEN_LIFETIME", "_MINUTES=90"] {
            assert!(found[0].text.contains(part), "{found:?}");
        }
    }

    #[test]
    fn a_policy_that_follows_the_service_is_well() {
        let sources = Sources::default().with_variable("DIRACX_SERVICE_AUTH_REFRESH_TOKEN_EXPIRE_MINUTES", "90");
        let found = found(&sources);
        assert_eq!(found, [Finding::ok("policy", "agrees with the 1 settings of the service that are known here")]);
    }
}
