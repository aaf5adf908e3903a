//! The census: what the tokens add up to that would still live, from reading each of them once.
//!
//! `SQLite` adds up by sorting, on disk where there is much: for a million tokens about a second of a processor and
//! megabytes of buffers, for each of several sums of the same rows. So the rows are handed over as they lie, a window of
//! keys at a time, in one text per column, which costs a third of a row each, and are added up here. A server adds up in
//! less than it would take to send them.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use serde::Deserialize;
use sqlx::FromRow;

use super::backend::{Flavour, Session, on_backend};
use super::ended_subjects::{EndedRow, most_of_one_session};
use super::filter::LivenessFilter;
use super::page::Budget;
use super::subjects::SubjectRow;
use super::{AuthDb, DbError, EndedSubject, Page, StateCounts, statements};
use crate::ids::KeyBound;
use crate::model::SubjectSummary;
use crate::policy::Policy;

/// Keys per window: some hundred kilobytes of text.
const WINDOW: u32 = 2_000;

/// The most bytes that subjects may take with what is kept of each. Where there are more of them, sorting on disk is the way.
const ROOM: usize = 8 << 20;
/// About what is kept of a subject beside its name.
const KEPT_OF_EACH: usize = 256;

const REVOKED: &str = "REVOKED";

const TAKING: &str = "adding up the tokens that would still live";

/// What the tokens add up to that would still live.
///
/// # Examples
/// ```
/// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
/// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
/// let census = db.census(&config.policy, 10, 3).await?.expect("SQLite with few subjects");
/// assert!(census.subjects.rows.is_empty() && census.ended.rows.is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Census {
    /// How many are of each liveness, those that carry no credible time among them, as
    /// [`AuthDb::token_counts`] counts them for the span of a lifetime.
    pub counts: StateCounts<LivenessFilter>,
    /// Who has them, most live tokens first, as [`AuthDb::subjects`] lists everybody.
    pub subjects: Page<SubjectSummary>,
    /// Whose sessions have all ended, as [`AuthDb::ended_subjects`] finds them.
    pub ended: Page<EndedSubject>,
}

/// A window of rows, each column a JSON array: of those that are CREATED, and of all others.
#[derive(FromRow)]
struct WindowRow {
    seen: i64,
    first: Option<String>,
    created_keys: String,
    created_subjects: String,
    other_keys: String,
    other_statuses: String,
    other_scopes: String,
    other_subjects: String,
}

/// A value of a column, copied only where JSON had to escape something in it.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Why there are no columns in a window.
const MALFORMED: &str = "SQLite's JSON could not be read";

fn column(json: &str) -> Result<Vec<Option<Text<'_>>>, sqlx::Error> {
    serde_json::from_str(json).map_err(|error| sqlx::Error::Protocol(format!("{MALFORMED}: {error}")))
}

/// What is kept of one subject.
#[derive(Default)]
struct Sum {
    live: u64,
    /// Neither CREATED nor without any status.
    others: u64,
    /// Anything but REVOKED.
    unrevoked: u64,
    tokens: u64,
    first_live: Option<String>,
    last_live: Option<String>,
    last: Option<String>,
    /// The hash of one of its scopes, and whether there is another.
    scope: Option<u64>,
    has_two_scopes: bool,
}

impl Sum {
    fn add_created(&mut self, key: &str) {
        self.tokens += 1;
        self.unrevoked += 1;
        self.live += 1;
        keep(&mut self.first_live, key, |key, kept| key < kept);
        keep(&mut self.last_live, key, |key, kept| key > kept);
    }

    fn add_other(&mut self, key: &str, status: Option<&str>, scope: Option<u64>) {
        self.tokens += 1;
        self.others += u64::from(status.is_some());
        self.unrevoked += u64::from(status != Some(REVOKED));
        keep(&mut self.last, key, |key, kept| key > kept);
        if let Some(scope) = scope {
            self.has_two_scopes |= *self.scope.get_or_insert(scope) != scope;
        }
    }
}

/// Keeps a key instead of the one that is kept, if there is none or it is better.
fn keep(kept: &mut Option<String>, key: &str, is_better: fn(&str, &str) -> bool) {
    match kept {
        None => *kept = Some(key.to_owned()),
        Some(kept) if is_better(key, kept) => key.clone_into(kept),
        Some(_) => {}
    }
}

/// Everything that was read so far.
struct Tally {
    subjects: HashMap<String, Sum>,
    /// Bytes that the subjects take.
    size: usize,
    scopes: RandomState,
    counts: StateCounts<LivenessFilter>,
}

impl Tally {
    fn new() -> Self {
        Self { subjects: HashMap::new(), size: 0, scopes: RandomState::new(), counts: StateCounts::none() }
    }

    fn add(&mut self, window: &WindowRow) -> Result<(), sqlx::Error> {
        for (key, subject) in column(&window.created_keys)?.iter().zip(column(&window.created_subjects)?) {
            let Some(Text(key)) = key else { continue };
            let is_dated = is_dated(key);
            self.counts.add(if is_dated { LivenessFilter::Live } else { LivenessFilter::Undated }, 1);
            if let Some(Text(subject)) = subject.filter(|_| is_dated) {
                self.of(&subject).add_created(key);
            }
        }
        let (keys, statuses) = (column(&window.other_keys)?, column(&window.other_statuses)?);
        let (scopes, subjects) = (column(&window.other_scopes)?, column(&window.other_subjects)?);
        for (((key, status), scope), subject) in keys.iter().zip(&statuses).zip(&scopes).zip(subjects) {
            let status = status.as_ref().map(|Text(status)| status.as_ref());
            let is_revoked = status == Some(REVOKED);
            self.counts.add(if is_revoked { LivenessFilter::Revoked } else { LivenessFilter::Unrecognised }, 1);
            let Some(Text(key)) = key.as_ref().filter(|Text(key)| is_dated(key)) else { continue };
            let scope = scope.as_ref().map(|Text(scope)| self.scopes.hash_one(scope.as_bytes()));
            if let Some(Text(subject)) = subject {
                self.of(&subject).add_other(key, status, scope);
            }
        }
        Ok(())
    }

    fn of(&mut self, subject: &str) -> &mut Sum {
        // Looked up twice, because nearly all are known already, and no other name need be made.
        if !self.subjects.contains_key(subject) {
            self.size += subject.len() + KEPT_OF_EACH;
            self.subjects.insert(subject.to_owned(), Sum::default());
        }
        self.subjects.get_mut(subject).expect("it was inserted if it was not there")
    }
}

impl Tally {
    /// Who has live tokens, most of them first: no more than are asked for.
    fn subjects(&self, at_most: usize) -> Vec<SubjectRow> {
        let mut living: Vec<_> = self.subjects.iter().filter(|(_, sum)| sum.live > 0).collect();
        living.sort_unstable_by_key(|(subject, sum)| (Reverse(sum.live), *subject));
        let row = |(subject, sum): (&String, &Sum)| SubjectRow {
            subject: Some(subject.clone()),
            live: sum.live.cast_signed(),
            revoked: sum.others.cast_signed(),
            first: sum.first_live.clone(),
            last: sum.last_live.clone(),
        };
        living.into_iter().take(at_most).map(row).collect()
    }

    /// Whose sessions have all ended, most tokens first: no more than are asked for.
    fn ended(&self, most_of_one_session: i64, at_most: usize) -> Vec<EndedRow> {
        let has_ended =
            |sum: &Sum| sum.unrevoked == 0 && (sum.has_two_scopes || sum.tokens.cast_signed() > most_of_one_session);
        let mut ended: Vec<_> = self.subjects.iter().filter(|(_, sum)| has_ended(sum)).collect();
        ended.sort_unstable_by_key(|(subject, sum)| (Reverse(sum.tokens), *subject));
        let row = |(subject, sum): (&String, &Sum)| EndedRow {
            subject: Some(subject.clone()),
            tokens: sum.tokens.cast_signed(),
            last: sum.last.clone(),
        };
        ended.into_iter().take(at_most).map(row).collect()
    }
}

/// Whether a key is a `UUIDv7`, with dashes or without.
fn is_dated(key: &str) -> bool {
    key.bytes().filter(|byte| *byte != b'-').nth(12) == Some(b'7')
}

impl AuthDb {
    /// Adds up the tokens that would still live, once for several sums: on `SQLite`, and as long as the subjects fit into
    /// a few megabytes. `None` elsewhere, where each sum is better asked for by itself.
    ///
    /// `subjects` and `ended` are the most rows that those two lists may have.
    ///
    /// # Errors
    /// If the database cannot be asked, or takes too long.
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
    /// let subjects = match db.census(&config.policy, 10, 3).await? {
    ///     Some(census) => census.subjects,
    ///     None => db.subjects(&Default::default(), &config.policy, 10).await?,
    /// };
    /// assert_eq!((&subjects.rows[0].subject, subjects.rows[0].live), (&alice, 1));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn census(&self, policy: &Policy, subjects: u32, ended: u32) -> Result<Option<Census>, DbError> {
        if self.facts.flavour != Flavour::Sqlite {
            return Ok(None);
        }
        let budget = Budget::of(self.facts.statement_timeout);
        let (mut session, now) = self.reading_now(TAKING).await?;
        let (low, end) = (KeyBound::at(policy.live_since(now)).hex(), KeyBound::at(policy.latest_credible(now)).hex());
        let mut tally = Tally::new();
        let mut high = Some(end.clone());
        while let Some(below) = high {
            let reading = async {
                let window = window(&mut session, &low, &below).await?;
                tally.add(&window)?;
                Ok(window)
            };
            let WindowRow { seen, first, .. } = self.limited(TAKING, reading).await?;
            high = first.filter(|_| seen >= i64::from(WINDOW));
            if tally.size > ROOM {
                return Ok(None);
            }
            if budget.is_spent() && high.is_some() {
                return Err(DbError::TimeLimit { attempt: TAKING });
            }
        }
        self.count_beyond(&mut session, &end, &mut tally.counts).await?;
        drop(session);
        let rows = tally.subjects(subjects as usize + 1);
        let Page { rows, has_more, .. } = Page::cut(rows, subjects, now);
        let summaries = rows.into_iter().filter_map(SubjectRow::summary).collect();
        let subjects = Page { has_more, ..Page::whole(summaries, now) };
        let rows = tally.ended(most_of_one_session(policy), ended as usize + 1);
        let ended = self.explained(rows, ended, now).await?;
        Ok(Some(Census { counts: tally.counts, subjects, ended }))
    }
}

/// The uppermost window of a range.
async fn window(session: &mut Session, low: &str, high: &str) -> Result<WindowRow, sqlx::Error> {
    on_backend!(session, |connection, text| {
        sqlx::query_as(text(statements::CENSUS_WINDOW)).bind(low).bind(high).bind(WINDOW).fetch_one(connection).await
    })
}
