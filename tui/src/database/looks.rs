//! What the screens that are no lists look at.

use std::time::Instant;

use authdb_shared::clock;
use authdb_shared::db::{AdminAction, Bucket, DbError, JournalCheck, LedgerState, Page, Run};
use authdb_shared::janitor::{JanitorStatus, Job, Plan};

use super::Database;
use crate::look::{Flows, Look, Months, Seen};

/// Changes by hand that the overview has room for.
const DEEDS: u32 = 20;
/// Minutes of the last hour.
const MINUTES: u32 = 60;
/// Runs that the janitor's screen has room for.
const RUNS: u32 = 200;
/// Days of a month, at most.
const DAYS_PER_MONTH: u32 = 31;

impl Database {
    pub(super) async fn see(&self, look: Look) -> Seen {
        let (db, config) = (&self.db, &self.config);
        let asked = Instant::now();
        let _turn = if look.is_sum() { Some(self.summing.lock().await) } else { None };
        match look {
            Look::Flows => Seen::Flows(self.flows().await),
            Look::Tokens => Seen::Tokens(self.token_counts(asked).await),
            Look::Top => Seen::Top(self.top(asked).await),
            Look::Ended => Seen::Ended(self.ended(asked).await),
            Look::Minutes => Seen::Minutes(db.activity(Bucket::Minute, MINUTES).await),
            Look::Days => {
                let days = self.policy.refresh_token_retention_months.saturating_mul(DAYS_PER_MONTH).clamp(31, 400);
                Seen::Days(db.activity(Bucket::Day, days).await)
            }
            Look::Status => Seen::Status(JanitorStatus::look(db, config, clock::host_now).await),
            Look::Months => Seen::Months(self.months().await),
            Look::Plan => Seen::Plan(Plan::make(db, config, &Job::ALL, clock::host_now).await),
            Look::Runs => Seen::Runs(self.runs().await),
            Look::Chain => Seen::Chain(self.chain().await),
            Look::Deeds => Seen::Deeds(self.deeds().await),
        }
    }

    async fn flows(&self) -> Result<Flows, DbError> {
        let (db, policy) = (&self.db, &self.policy);
        Ok(Flows {
            device_flows: db.device_flow_counts(policy).await?,
            authorization_flows: db.authorization_flow_counts(policy).await?,
            clients: db.codes_by_client(policy).await?,
        })
    }

    async fn months(&self) -> Result<Months, DbError> {
        let now = self.db.now().await?;
        let layout = self.db.partition_layout().await?;
        let counted = if layout.is_partitioned() { None } else { Some(self.db.tokens_by_month(&self.policy).await?) };
        Ok(Months { now, layout, counted })
    }

    async fn runs(&self) -> Result<Option<Page<Run>>, DbError> {
        if self.db.ledger_state().await? == LedgerState::Absent {
            return Ok(None);
        }
        self.db.runs(None, RUNS).await.map(Some)
    }

    async fn chain(&self) -> Result<Option<JournalCheck>, DbError> {
        if self.db.ledger_state().await? == LedgerState::Absent {
            return Ok(None);
        }
        self.db.verify_journal().await.map(Some)
    }

    async fn deeds(&self) -> Result<Option<Page<AdminAction>>, DbError> {
        if self.db.ledger_state().await? == LedgerState::Absent {
            return Ok(None);
        }
        self.db.admin_actions(None, DEEDS).await.map(Some)
    }

    pub(super) async fn journal(&self) -> Result<Page<AdminAction>, DbError> {
        if self.db.ledger_state().await? == LedgerState::Absent {
            return Ok(Page::whole(Vec::new(), self.db.now().await?));
        }
        self.db.admin_actions(None, self.limit).await
    }
}
