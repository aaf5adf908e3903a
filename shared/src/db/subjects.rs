//! Subjects: live tokens added up per person.

use sqlx::FromRow;

use super::backend::on_backend;
use super::refresh_tokens::issued_at;
use super::{AuthDb, Containing, DbError, Page, statements};
use crate::ids::{KeyBound, Subject};
use crate::model::SubjectSummary;
use crate::policy::Policy;

#[derive(FromRow)]
struct SubjectRow {
    subject: Option<String>,
    live: i64,
    revoked: i64,
    first: Option<String>,
    last: Option<String>,
}

impl SubjectRow {
    /// A row that names nobody cannot be acted on as a subject; its tokens stand in the list of tokens.
    fn summary(self) -> Option<SubjectSummary> {
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
            let rows: Vec<SubjectRow> = on_backend!(&mut session, |connection, text| {
                sqlx::query_as(text(statements::SUBJECTS))
                    .bind(KeyBound::at(policy.live_since(now)).hex())
                    .bind(KeyBound::at(policy.latest_credible(now)).hex())
                    .bind(&pattern)
                    .bind(i64::from(limit) + 1)
                    .fetch_all(connection)
                    .await
            })?;
            let page = Page::cut(rows, limit, now);
            Ok(Page {
                rows: page.rows.into_iter().filter_map(SubjectRow::summary).collect(),
                has_more: page.has_more,
                now: page.now,
            })
        })
        .await
    }
}
