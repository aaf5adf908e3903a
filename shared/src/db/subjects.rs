//! Subjects: live tokens added up per person.

use sqlx::FromRow;

use super::backend::{Flavour, on_backend};
use super::refresh_tokens::issued_at;
use super::{AuthDb, Containing, DbError, Page, statements};
use crate::ids::{KeyBound, Subject};
use crate::model::SubjectSummary;
use crate::policy::Policy;

#[derive(FromRow)]
pub(super) struct SubjectRow {
    pub(super) subject: Option<String>,
    pub(super) live: i64,
    pub(super) revoked: i64,
    pub(super) first: Option<String>,
    pub(super) last: Option<String>,
}

impl SubjectRow {
    /// A row that names nobody cannot be acted on as a subject; its tokens stand in the list of tokens.
    pub(super) fn summary(self) -> Option<SubjectSummary> {
        Some(SubjectSummary {
            subject: Subject::new(self.subject?).ok()?,
            live: self.live.unsigned_abs(),
            revoked: self.revoked.unsigned_abs(),
            first: issued_at(self.first),
            last: issued_at(self.last),
        })
    }
}

impl AuthDb {
    /// Subjects containing a text, with their live tokens, most tokens first.
    ///
    /// Only keys of the last lifetime are read. Subjects that differ in case or accents alone are different people,
    /// whatever the collation of the column.
    ///
    /// # Errors
    /// If the database cannot be asked, or takes too long.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::Containing;
    ///
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
    /// let page = db.subjects(&Containing::new("alice"), &config.policy, 100).await?;
    /// assert_eq!((&page.rows[0].subject, page.rows[0].live), (&alice, 1));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn subjects(
        &self,
        containing: &Containing,
        policy: &Policy,
        limit: u32,
    ) -> Result<Page<SubjectSummary>, DbError> {
        self.limited("adding up the live tokens per subject", async {
            let mut session = self.reading().await?;
            let now = session.now().await?;
            let pattern = containing.pattern();
            let is_mysql = self.facts.flavour == Flavour::MySql;
            let statement = if is_mysql { statements::SUBJECTS_BY_BYTES } else { statements::SUBJECTS };
            let rows: Vec<SubjectRow> = on_backend!(&mut session, |connection, text| {
                sqlx::query_as(text(statement))
                    .bind(KeyBound::at(policy.live_since(now)).hex())
                    .bind(KeyBound::at(policy.latest_credible(now)).hex())
                    .bind(&pattern)
                    .bind(i64::from(limit) + 1)
                    .fetch_all(connection)
                    .await
            })?;
            let Page { rows, has_more, .. } = Page::cut(rows, limit, now);
            let summaries = rows.into_iter().filter_map(SubjectRow::summary).collect();
            Ok(Page { has_more, ..Page::whole(summaries, now) })
        })
        .await
    }
}
