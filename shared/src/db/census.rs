//! The census: what the tokens add up to that would still live, from reading each of them once.
//!
//! `SQLite` adds up by sorting, on disk where there is much: for a million tokens about a second of a processor and
//! megabytes of buffers, for each of several sums of the same rows. So the rows are handed over as they lie, a window of
//! keys at a time, in one text per column, and are added up here, in a third of the time that one of those sums takes. A
//! server adds up in less than it would take to send them.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use serde::Deserialize;
use sqlx::FromRow;

use super::backend::{Flavour, Session, on_backend};
use super::counts::Windows;
use super::ended_subjects::{EndedRow, most_of_one_session};
use super::filter::LivenessFilter;
use super::subjects::SubjectRow;
use super::{AuthDb, DbError, EndedSubject, Order, Page, StateCounts, TokenFilter, statements, token_list};
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

/// A window of rows, each column a JSON array.
#[derive(FromRow)]
struct Window {
    keys: String,
    subjects: String,
    /// Nothing while a token is CREATED, and else its status and scope.
    fates: String,
}

/// A value of a column, copied only where JSON had to escape something in it.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// What became of a token that is not CREATED: its status, and its scope.
type Fate<'a> = (Option<Text<'a>>, Option<Text<'a>>);

fn column<'a, T: Deserialize<'a>>(json: &'a str) -> Result<Vec<Option<T>>, sqlx::Error> {
    serde_json::from_str(json)
        .map_err(|error| sqlx::Error::Protocol(format!("SQLite's JSON could not be read: {error}")))
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
    /// The newest that is not CREATED.
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
    /// The place of each subject among the sums.
    subjects: HashMap<String, usize>,
    sums: Vec<Sum>,
    /// Bytes that the subjects take.
    size: usize,
    scopes: RandomState,
    counts: StateCounts<LivenessFilter>,
}

impl Tally {
    fn new() -> Self {
        let scopes = RandomState::new();
        Self { subjects: HashMap::new(), sums: Vec::new(), size: 0, scopes, counts: StateCounts::none() }
    }

    fn add(&mut self, window: &Window) -> Result<(), sqlx::Error> {
        let (keys, subjects) = (column::<Text>(&window.keys)?, column::<Text>(&window.subjects)?);
        let fates = column::<Fate>(&window.fates)?;
        for ((key, subject), fate) in keys.iter().zip(&subjects).zip(&fates) {
            let Some(Text(key)) = key else { continue };
            self.add_token(key, subject.as_ref().map(|it| it.0.as_ref()), fate.as_ref());
        }
        Ok(())
    }

    fn add_token(&mut self, key: &str, subject: Option<&str>, fate: Option<&Fate<'_>>) {
        let is_dated = is_dated(key);
        let status = fate.map(|(status, _)| status.as_ref().map(|it| it.0.as_ref()));
        let liveness = match status {
            None if is_dated => LivenessFilter::Live,
            None => LivenessFilter::Undated,
            Some(Some(REVOKED)) => LivenessFilter::Revoked,
            Some(_) => LivenessFilter::Unrecognised,
        };
        self.counts.add(liveness, 1);
        let Some(subject) = subject.filter(|_| is_dated) else { return };
        let scope = fate.and_then(|(_, scope)| scope.as_ref()).map(|it| self.scopes.hash_one(it.0.as_bytes()));
        let sum = self.of(subject);
        match status {
            None => sum.add_created(key),
            Some(status) => sum.add_other(key, status, scope),
        }
    }

    fn of(&mut self, subject: &str) -> &mut Sum {
        let place = if let Some(place) = self.subjects.get(subject) {
            *place
        } else {
            self.size += subject.len() + KEPT_OF_EACH;
            self.subjects.insert(subject.to_owned(), self.sums.len());
            self.sums.push(Sum::default());
            self.sums.len() - 1
        };
        &mut self.sums[place]
    }

    /// The sums that fulfil something, with their subjects.
    fn those(&self, wanted: impl Fn(&Sum) -> bool) -> Vec<(&String, &Sum)> {
        let all = self.subjects.iter().map(|(subject, place)| (subject, &self.sums[*place]));
        all.filter(|(_, sum)| wanted(sum)).collect()
    }

    /// Who has live tokens, most of them first: no more than are asked for.
    fn subjects(&self, at_most: usize) -> Vec<SubjectRow> {
        let mut living = self.those(|sum| sum.live > 0);
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
        let mut ended = self.those(has_ended);
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
        let (mut session, now) = self.reading_now(TAKING).await?;
        let (low, end) = (KeyBound::at(policy.live_since(now)).hex(), KeyBound::at(policy.latest_credible(now)).hex());
        let filter = TokenFilter::default();
        let list = token_list::List::new(&filter, policy, Order::NewestFirst, now);
        let mut tally = Tally::new();
        let mut windows = Windows::down(self, &list, WINDOW, &low, &end);
        while let Some((low, high)) = windows.next(&mut session).await? {
            let reading = async { tally.add(&window(&mut session, &low, &high).await?) };
            self.limited(TAKING, reading).await?;
            if tally.size > ROOM {
                return Ok(None);
            }
        }
        if windows.is_cut_short {
            return Err(DbError::TimeLimit { attempt: TAKING });
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

/// What lies in a window: its upper end is not in it.
async fn window(session: &mut Session, low: &str, high: &str) -> Result<Window, sqlx::Error> {
    on_backend!(session, |connection, text| {
        sqlx::query_as(text(statements::CENSUS_WINDOW)).bind(low).bind(high).fetch_one(connection).await
    })
}
