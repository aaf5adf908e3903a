//! Sums of the live tokens that are asked for together: where the database is not a server, each token is read once for all.

use std::sync::Arc;
use std::time::{Duration, Instant};

use authdb_shared::db::{Census, Containing, DbError, EndedSubject, LivenessFilter, Page, StateCounts};
use authdb_shared::model::SubjectSummary;
use tokio::sync::Mutex;

use super::Database;

/// What the screen in view and those behind it want is asked for at once, but by one task after the other. What was begun
/// this little before it was asked for is as fresh as what would be read instead.
const TOGETHER: Duration = Duration::from_millis(100);

/// Subjects that the overview has room for.
const TOP: u32 = 40;
/// Subjects whose sessions have all ended that are named.
const ENDED: u32 = 3;

/// The census that was taken last, and when it was begun.
pub(super) type Taken = Arc<Mutex<Option<(Instant, Option<Arc<Census>>)>>>;

impl Database {
    pub(super) async fn token_counts(&self, asked: Instant) -> Result<StateCounts<LivenessFilter>, DbError> {
        match self.census(asked).await {
            Ok(Some(census)) => Ok(census.counts.clone()),
            // Counting needs no more than statuses, and has something to say however short its time was.
            Ok(None) | Err(_) => self.db.token_counts(self.policy.refresh_token_lifetime, &self.policy).await,
        }
    }

    pub(super) async fn top(&self, asked: Instant) -> Result<Page<SubjectSummary>, DbError> {
        let Some(census) = self.census(asked).await? else {
            return self.db.subjects(&Containing::default(), &self.policy, TOP).await;
        };
        let all = &census.subjects;
        let rows = all.rows.iter().take(TOP as usize).cloned().collect();
        Ok(Page { has_more: all.has_more || all.rows.len() > TOP as usize, ..Page::whole(rows, all.now) })
    }

    pub(super) async fn ended(&self, asked: Instant) -> Result<Page<EndedSubject>, DbError> {
        match self.census(asked).await? {
            Some(census) => Ok(census.ended.clone()),
            None => self.db.ended_subjects(&self.policy, ENDED).await,
        }
    }

    pub(super) async fn subjects(
        &self,
        containing: &Containing,
        asked: Instant,
    ) -> Result<Page<SubjectSummary>, DbError> {
        let everybody = *containing == Containing::default();
        match if everybody { self.census(asked).await? } else { None } {
            Some(census) => Ok(census.subjects.clone()),
            None => self.db.subjects(containing, &self.policy, self.limit).await,
        }
    }

    /// The census, taken anew unless that was done since it was asked for.
    async fn census(&self, asked: Instant) -> Result<Option<Arc<Census>>, DbError> {
        let mut taken = self.census.lock().await;
        if let Some((begun, census)) = taken.as_ref()
            && *begun + TOGETHER >= asked
        {
            return Ok(census.clone());
        }
        let begun = Instant::now();
        let census = self.db.census(&self.policy, self.limit, ENDED).await?.map(Arc::new);
        *taken = Some((begun, census.clone()));
        Ok(census)
    }
}
