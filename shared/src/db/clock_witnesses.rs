//! Clocks: whether the database's time can be believed before something is deleted by it.
//!
//! A database whose clock jumped ahead would purge flows that people are about to complete and drop months that are
//! still needed; one that fell behind would be found out by keys that seem to come from the future. The database's
//! clock decides, but only while the witnesses agree with it.
//!
//! Where host and database are one machine, or follow the same wrong server of the time, their clocks agree on anything.
//! Then the last run is heard, of those that saw the clocks agree: it cannot have ended later than now. And the last sign of
//! life is, whether a run or a token: if it is long ago, something should have happened since that has not, for a janitor
//! looks every few minutes, and people log in. A login after a long time without any is no sign, because a wrong clock dates it
//! too. A run that was refused is no witness, because it was dated by a clock that
//! nobody believed; nor is what somebody did by hand, because that asks no clocks. Where there is neither a run nor a dated
//! token, nothing has ever happened, and there is nothing to lose either.

use std::time::Duration;

use super::backend::{Session, on_backend};
use super::sweep::LOWEST_KEY;
use super::{AuthDb, DbError, statements};
use crate::clock::Timestamp;
use crate::ids::{Jti, KeyBound};
use crate::policy::Policy;

/// Keys looked at on either side: enough to pass over some that carry no time.
const KEYS_LOOKED_AT: u32 = 50;

/// The database's clock and what else knows the time.
///
/// # Examples
/// ```
/// use std::time::Duration;
///
/// use authdb_shared::Timestamp;
/// use authdb_shared::db::ClockWitnesses;
///
/// let database = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
/// let host = database.before(Duration::from_secs(90));
/// let witnesses =
///     ClockWitnesses { database, host, newest_token: None, future_token: None, last_run: None, last_before_hole: None };
/// assert_eq!(witnesses.disagreements(Duration::from_secs(30)).len(), 1);
/// assert_eq!(witnesses.disagreements(Duration::from_secs(120)).len(), 0);
/// ```
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
    /// When the last run began that saw the clocks agree.
    pub last_run: Option<Timestamp>,
    /// The last sign of life before a time without any since the last run that is longer than people leave an installation
    /// alone, although something has happened afterwards.
    pub last_before_hole: Option<Timestamp>,
}

/// After so long without a run and without a new token, it is as likely that the clock has jumped. An installation that
/// nobody uses is taken for one whose clock has, until somebody logs in or says that all is well.
const LONGEST_SILENCE: Duration = Duration::from_hours(24);
/// The same before the first run, when only people could have left a sign: a test installation may lie idle for weeks.
const LONGEST_SILENCE_OF_PEOPLE: Duration = Duration::from_hours(31 * 24);

impl ClockWitnesses {
    /// The witnesses that contradict the database's clock by more than `tolerance`, each in a sentence. While there is
    /// one, nothing may be expired, deleted or dropped.
    ///
    /// # Examples
    /// ```
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// # let permit = db.write_permit(&Actor::of_this_process())?;
    /// let witnesses = db.clock_witnesses(&config.policy, clock::host_now).await?;
    /// let disagreements = witnesses.disagreements(config.policy.max_clock_skew);
    /// if disagreements.is_empty() {
    ///     println!("the clocks agree; it may be cleaned up as of {}", witnesses.database);
    /// }
    /// # assert_eq!(disagreements, Vec::<String>::new());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn disagreements(&self, tolerance: Duration) -> Vec<String> {
        let mut found = Vec::new();
        let skew = self.host.distance(self.database);
        if skew > tolerance {
            let direction = if self.host > self.database { "ahead of" } else { "behind" };
            found.push(format!(
                "the host's clock is {} {direction} the database's ({} against {}); set whichever is wrong",
                seconds(skew),
                self.host,
                self.database,
            ));
        }
        if let Some(issued) = self.future_token.as_ref().and_then(Jti::issued_at) {
            let jti = self.future_token.as_ref().map(ToString::to_string).unwrap_or_default();
            found.push(format!(
                "the refresh token {jti} was issued at {issued}, {} after the database's present; the clock of the \
                 database or of a DiracX server is wrong",
                seconds(issued.since(self.database)),
            ));
        }
        found.extend(
            self.against_last_run(tolerance)
                .or_else(|| self.against_silence(tolerance))
                .or_else(|| self.against_hole(tolerance)),
        );
        found
    }

    fn against_last_run(&self, tolerance: Duration) -> Option<String> {
        let last_run = self.last_run.filter(|last_run| last_run.since(self.database) > tolerance)?;
        Some(format!(
            "the last run was at {last_run}, {} after the database's present; the clock has been set back. If it is right \
             now, and was wrong then, delete the rows of JanitorRuns that begin after the present",
            seconds(last_run.since(self.database))
        ))
    }

    fn against_silence(&self, tolerance: Duration) -> Option<String> {
        let last_sign = self.newest_token.max(self.last_run)?;
        let silence = self.database.since(last_sign);
        let longest = if self.last_run.is_some() { LONGEST_SILENCE } else { LONGEST_SILENCE_OF_PEOPLE };
        if silence <= longest.max(tolerance) {
            return None;
        }
        let sign = if self.last_run == Some(last_sign) { "the last run" } else { "the newest token was issued" };
        // After so long a login would be dated by the clock that is in doubt, and not be believed either.
        let login = if self.last_before_hole.is_some() { "" } else { "log in once, or " };
        Some(format!(
            "nothing has happened since {sign} at {last_sign}, {} before the database's present; perhaps the clock has \
             jumped ahead. If it is right, {login}run once with a policy.max_clock_skew that is longer than that",
            seconds(silence)
        ))
    }

    fn against_hole(&self, tolerance: Duration) -> Option<String> {
        let sign = self.last_before_hole.filter(|sign| self.database.since(*sign) > tolerance)?;
        let since = self.database.since(sign);
        Some(format!(
            "nothing has happened for more than 31 days from {sign} on, {} before the database's present, and now tokens \
             are issued again; perhaps the clock has jumped ahead. If it is right, run once with a policy.max_clock_skew \
             that is longer than that",
            seconds(since)
        ))
    }
}

/// From when on something should have happened: a month at a time, as long as people may leave an installation alone.
/// A wrong clock dates the tokens that are issued by it, so a fresh one proves nothing. But it cannot fill the time that it
/// has jumped over, and a janitor that was really off for so long finds that time full of tokens. Where the oldest token is
/// younger than the last run, whatever was in between may have been dropped, by DiracX or by hand.
async fn last_before_hole(
    session: &mut Session,
    last_run: Timestamp,
    now: Timestamp,
) -> Result<Option<Timestamp>, sqlx::Error> {
    let after = |time: Timestamp| KeyBound::at(time.after(Duration::from_millis(1))).hex();
    let oldest: Option<String> = on_backend!(&mut *session, |connection, text| {
        let query = sqlx::query_scalar(text(statements::OLDEST_DATED_KEY)).bind(LOWEST_KEY).bind(after(now));
        query.fetch_optional(connection).await
    })?;
    let oldest = oldest.and_then(|key| Jti::from_stored(key).issued_at());
    let mut sign = oldest.map_or(last_run, |oldest| oldest.max(last_run));
    while now.since(sign) > LONGEST_SILENCE_OF_PEOPLE {
        let (from, below) = (after(sign), after(sign.after(LONGEST_SILENCE_OF_PEOPLE)));
        let newest: Option<String> = on_backend!(&mut *session, |connection, text| {
            let query = sqlx::query_scalar(text(statements::NEWEST_DATED_KEY)).bind(&from).bind(&below);
            query.fetch_optional(connection).await
        })?;
        match newest.and_then(|key| Jti::from_stored(key).issued_at()) {
            Some(issued) => sign = issued,
            None => return Ok(Some(sign)),
        }
    }
    Ok(None)
}

/// A span as people say it, without fractions of a second.
fn seconds(span: Duration) -> humantime::FormattedDuration {
    humantime::format_duration(Duration::from_secs(span.as_secs()))
}

impl AuthDb {
    /// Hears the witnesses. `host` reads the host's clock, before and after the database's is read.
    ///
    /// # Errors
    /// If the database cannot be asked.
    ///
    /// # Examples
    /// ```
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// # let permit = db.write_permit(&Actor::of_this_process())?;
    /// # let alice = authdb_shared::ids::Subject::new("lhcb:alice")?;
    /// # let scope = authdb_shared::model::Scope::from_stored("vo:lhcb group:lhcb_user".to_owned());
    /// # let mut work = db.begin(&permit).await?;
    /// # let jti = authdb_shared::ids::Jti::issue(work.now(), &mut clock::randomness());
    /// # work.insert_refresh_token(&jti, &alice, &scope).await?;
    /// # work.commit().await?;
    /// let witnesses = db.clock_witnesses(&config.policy, clock::host_now).await?;
    /// assert_eq!(witnesses.newest_token, jti.issued_at());
    /// assert_eq!(witnesses.future_token, None);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn clock_witnesses(&self, policy: &Policy, host: fn() -> Timestamp) -> Result<ClockWitnesses, DbError> {
        self.limited("comparing the clocks", async {
            let mut session = self.reading().await?;
            let before = host();
            let database = session.now().await?;
            let after = host();
            let credible = KeyBound::at(policy.latest_credible(database).after(Duration::from_millis(1))).hex();
            let newest = keys(&mut session, statements::NEWEST_KEYS, &credible).await?;
            let beyond = keys(&mut session, statements::KEYS_BEYOND, &credible).await?;
            let last_run = last_run(&mut session).await?;
            let last_before_hole = match last_run {
                Some(last_run) => last_before_hole(&mut session, last_run, database).await?,
                None => None,
            };
            Ok(ClockWitnesses {
                database,
                host: before.after(after.since(before) / 2),
                newest_token: newest.iter().find_map(Jti::issued_at),
                future_token: beyond.into_iter().find(|jti| jti.issued_at().is_some()),
                last_run,
                last_before_hole,
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

/// When the last run began that saw the clocks agree; `None` without a ledger.
async fn last_run(session: &mut Session) -> Result<Option<Timestamp>, sqlx::Error> {
    let tables: i64 = on_backend!(&mut *session, |connection, text| {
        sqlx::query_scalar(text(statements::RUNS_TABLE)).fetch_one(connection).await
    })?;
    if tables == 0 {
        return Ok(None);
    }
    let start: Option<String> = on_backend!(session, |connection, text| {
        sqlx::query_scalar(text(statements::LAST_GOOD_RUN)).fetch_optional(connection).await
    })?;
    Ok(start.as_deref().and_then(Timestamp::from_sql_text))
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
        ClockWitnesses {
            database: at(NOW),
            host: at(host),
            newest_token: None,
            future_token,
            last_run: None,
            last_before_hole: None,
        }
        .disagreements(Duration::from_secs(30))
    }

    /// What is said of a last run and a newest token, so many milliseconds before the present.
    fn since(last_run: Option<i64>, newest_token: Option<i64>) -> Vec<String> {
        let [last_run, newest_token] = [last_run, newest_token].map(|millis| millis.map(|millis| at(NOW - millis)));
        with_hole(last_run, newest_token, None)
    }

    fn with_hole(
        last_run: Option<Timestamp>,
        newest_token: Option<Timestamp>,
        last_before_hole: Option<Timestamp>,
    ) -> Vec<String> {
        ClockWitnesses {
            database: at(NOW),
            host: at(NOW),
            newest_token,
            future_token: None,
            last_run,
            last_before_hole,
        }
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

    #[test]
    fn a_run_in_the_future_tells_that_the_clock_was_set_back() {
        assert!(since(Some(-30_000), None).is_empty());
        let back = since(Some(-600_000), Some(0));
        assert!(back.len() == 1 && back[0].contains("10m after the database's present"), "{back:?}");
    }

    #[test]
    fn a_day_without_runs_and_tokens_tells_that_the_clock_may_have_jumped() {
        const DAY: i64 = 24 * 3_600_000;
        assert!(since(Some(DAY), None).is_empty());
        assert!(since(Some(40 * DAY), Some(60_000)).is_empty(), "the janitor was off, and people logged in");
        assert!(since(Some(60_000), Some(400 * DAY)).is_empty(), "nobody logs in, and the janitor looks");
        for newest_token in [None, Some(40 * DAY), Some(50 * DAY)] {
            let ahead = since(Some(40 * DAY), newest_token);
            assert!(ahead.len() == 1 && ahead[0].contains("since the last run at "), "{ahead:?}");
        }
        let ahead = since(Some(50 * DAY), Some(40 * DAY));
        assert!(ahead[0].contains("since the newest token was issued at ") && ahead[0].contains("1month"), "{ahead:?}");
    }

    #[test]
    fn a_login_does_not_vouch_for_the_clock_that_dated_it() {
        let before = at(NOW - 40 * 24 * 3_600_000);
        let jumped = with_hole(Some(before), Some(at(NOW)), Some(before));
        assert!(jumped.len() == 1 && jumped[0].contains("nothing has happened for more than 31 days"), "{jumped:?}");
    }

    #[test]
    fn before_the_first_run_the_newest_token_tells_it_alone() {
        const DAY: i64 = 24 * 3_600_000;
        assert!(since(None, Some(31 * DAY)).is_empty());
        assert_eq!(since(None, Some(40 * DAY)).len(), 1);
        let ahead = since(None, Some(3650 * DAY));
        assert!(ahead.len() == 1 && ahead[0].contains("since the newest token was issued at "), "{ahead:?}");
        assert!(ahead[0].contains("log in once, or run once with a policy.max_clock_skew"), "{ahead:?}");
        assert!(since(None, None).is_empty(), "nothing has ever happened");
    }
}
