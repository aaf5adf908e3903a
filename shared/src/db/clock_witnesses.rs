//! Clocks: whether the database's time can be believed before something is deleted by it.
//!
//! A database whose clock jumped ahead would purge flows that people are about to complete and drop months that are
//! still needed; one that fell behind would be found out by keys that seem to come from the future. The database's
//! clock decides, but only while the witnesses agree with it.

use std::time::Duration;

use super::backend::{Session, on_backend};
use super::{AuthDb, DbError, statements};
use crate::clock::Timestamp;
use crate::ids::{Jti, KeyBound};
use crate::policy::Policy;

/// Keys looked at on either side: enough to pass over some that carry no time.
const KEYS_LOOKED_AT: u32 = 50;

/// The database's clock and what else knows the time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockWitnesses {
    /// The database's clock, which decides.
    pub database: Timestamp,
    /// The clock of the host that this program runs on.
    pub host: Timestamp,
    /// The newest token whose key is dated credibly.
    pub newest_token: Option<Timestamp>,
    /// A token that, by the database's clock, has not been issued yet.
    pub future_token: Option<Jti>,
}

impl ClockWitnesses {
    /// The witnesses that contradict the database's clock by more than `tolerance`, each in a sentence. While there is
    /// one, nothing may be expired, deleted or dropped.
    #[must_use]
    pub fn disagreements(&self, tolerance: Duration) -> Vec<String> {
        let mut found = Vec::new();
        let skew = self.host.distance(self.database);
        if skew > tolerance {
            let direction = if self.host > self.database { "ahead of" } else { "behind" };
            found.push(format!(
                "the host's clock is {} {direction} the database's ({} against {}); set whichever is wrong",
                humantime::format_duration(Duration::from_secs(skew.as_secs())),
                self.host,
                self.database,
            ));
        }
        if let Some(issued) = self.future_token.as_ref().and_then(Jti::issued_at) {
            let jti = self.future_token.as_ref().map(ToString::to_string).unwrap_or_default();
            found.push(format!(
                "the refresh token {jti} was issued at {issued}, {} after the database's present; the clock of the \
                 database or of a DiracX server is wrong",
                humantime::format_duration(Duration::from_secs(issued.since(self.database).as_secs())),
            ));
        }
        found
    }
}

impl AuthDb {
    /// Hears the witnesses. `host` reads the host's clock, before and after the database's is read.
    ///
    /// # Errors
    /// If the database cannot be asked.
    pub async fn clock_witnesses(&self, policy: &Policy, host: fn() -> Timestamp) -> Result<ClockWitnesses, DbError> {
        self.limited("comparing the clocks", async {
            let mut session = self.reading().await?;
            let before = host();
            let database = session.now().await?;
            let after = host();
            let credible = KeyBound::at(policy.latest_credible(database).after(Duration::from_millis(1))).hex();
            let newest = keys(&mut session, statements::NEWEST_KEYS, &credible).await?;
            let beyond = keys(&mut session, statements::KEYS_BEYOND, &credible).await?;
            Ok(ClockWitnesses {
                database,
                host: before.after(after.since(before) / 2),
                newest_token: newest.iter().find_map(Jti::issued_at),
                future_token: beyond.into_iter().find(|jti| jti.issued_at().is_some()),
            })
        })
        .await
    }
}

async fn keys(session: &mut Session, statement: statements::Statement, bound: &str) -> Result<Vec<Jti>, sqlx::Error> {
    let stored: Vec<String> = on_backend!(session, |connection, text| {
        sqlx::query_scalar(text(statement)).bind(bound).bind(KEYS_LOOKED_AT).fetch_all(connection).await
    })?;
    Ok(stored.into_iter().map(Jti::from_stored).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_000_000_000;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_unix_millis(millis).expect("within the calendar")
    }

    fn witnesses(host: i64, future: Option<i64>) -> Vec<String> {
        let future_token = future.map(|millis| Jti::issue(at(millis), &mut crate::clock::randomness()));
        ClockWitnesses { database: at(NOW), host: at(host), newest_token: None, future_token }
            .disagreements(Duration::from_secs(30))
    }

    #[test]
    fn agreement_within_the_tolerance_is_silent() {
        assert!(witnesses(NOW + 30_000, None).is_empty());
        assert!(witnesses(NOW - 30_000, None).is_empty());
    }

    #[test]
    fn each_witness_is_named() {
        let host = witnesses(NOW - 3_600_000, None);
        assert!(host[0].contains("1h behind"), "{host:?}");
        let token = witnesses(NOW, Some(NOW + 120_000));
        assert!(token[0].contains("2m after"), "{token:?}");
    }
}
