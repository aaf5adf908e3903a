//! One subject: what all of its tokens add up to.

use super::backend::on_backend;
use super::error::nothing_if_unstorable;
use super::refresh_tokens::COUNTED_AT_MOST;
use super::subjects::SubjectRow;
use super::{AuthDb, DbError, Order, PageRequest, TokenFilter, statements};
use crate::clock::Timestamp;
use crate::ids::{KeyBound, Subject};
use crate::model::SubjectSummary;
use crate::policy::Policy;

const LOOKING: &str = "looking at the subject";

/// One subject over all of its tokens, as long as they are kept.
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
/// let one = db.one_subject(&alice, &config.policy).await?.expect("she has a token");
/// assert_eq!((one.lately.live, one.revocable, one.first_seen), (1, 1, jti.issued_at()));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneSubject {
    /// Its tokens of the last lifetime, as the list of subjects adds them up; here none of them need be live.
    pub lately: SubjectSummary,
    /// Its tokens that are CREATED, expired ones included: what revoking all of it would change. Counted up to 100,000.
    pub revocable: u64,
    /// Whether there are more of these than were counted.
    pub has_more_revocable: bool,
    /// When the oldest of its tokens was issued; `None` if its key carries no time.
    pub first_seen: Option<Timestamp>,
    /// When the newest of its tokens was issued; `None` if none of their keys carries a credible time.
    pub last_seen: Option<Timestamp>,
    /// The database's time when it was looked at.
    pub now: Timestamp,
}

impl AuthDb {
    /// What the tokens of a subject add up to; `None` if it has none at all.
    ///
    /// Its tokens are found by the index on the subject, and those of the last lifetime within its range of keys.
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
    /// assert_eq!(db.one_subject(&alice, &config.policy).await?, None, "nobody has ever logged in here");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn one_subject(&self, subject: &Subject, policy: &Policy) -> Result<Option<OneSubject>, DbError> {
        let all = TokenFilter::of(subject.clone());
        let end = |order| {
            let all = &all;
            async move { self.refresh_tokens(all, policy, &PageRequest::first(order, 1)).await }
        };
        let newest = end(Order::NewestFirst).await?;
        let Some(last) = newest.rows.first() else { return Ok(None) };
        let oldest = end(Order::OldestFirst).await?;
        let (revocable, has_more_revocable) = self.counted_revocable(subject, COUNTED_AT_MOST).await?;
        Ok(Some(OneSubject {
            lately: self.subject_lately(subject, policy, newest.now).await?,
            revocable,
            has_more_revocable,
            first_seen: oldest.rows.first().and_then(|token| token.jti.issued_at()),
            last_seen: last.jti.issued_at().filter(|time| *time <= policy.latest_credible(newest.now)),
            now: newest.now,
        }))
    }

    /// A subject's tokens of the last lifetime.
    async fn subject_lately(
        &self,
        subject: &Subject,
        policy: &Policy,
        now: Timestamp,
    ) -> Result<SubjectSummary, DbError> {
        let row: Option<SubjectRow> = self
            .limited(LOOKING, async {
                let mut session = self.reading().await?;
                nothing_if_unstorable(on_backend!(&mut session, |connection, text| {
                    sqlx::query_as(text(statements::SUBJECT_LATELY))
                        .bind(KeyBound::at(policy.live_since(now)).hex())
                        .bind(KeyBound::at(policy.latest_credible(now)).hex())
                        .bind(subject.as_str())
                        .bind(subject.as_str())
                        .fetch_optional(connection)
                        .await
                }))
            })
            .await?;
        let nothing = SubjectSummary { subject: subject.clone(), live: 0, revoked: 0, first: None, last: None };
        Ok(row.and_then(SubjectRow::summary).unwrap_or(nothing))
    }
}
