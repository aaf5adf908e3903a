//! What is looked at of one subject. Nothing of it locks a row, and each statement has its limit: tokens go by the
//! index on the subject, authorization flows by a range of keys, device flows and the journal by windows of keys.

use std::time::Duration;

use authdb_shared::db::{
    AdminAction, AgeFilter, Containing, DbError, FlowFilter, LedgerState, Order, Page, PageRequest, SubjectFilter,
    TokenFilter,
};
use authdb_shared::ids::Subject;
use authdb_shared::rotation::chains;

use super::Database;
use crate::look::{SeenOfSubject, Sessions, SubjectFlows, SubjectLook};

/// Tokens that sessions are inferred from.
const TOKENS: u32 = 1000;
/// Logins of each kind that the screen may have room for.
const FLOWS: u32 = 20;
/// How old a login by browser may be. Older ones are only there where no janitor works, and then there are many.
const RECENT: Duration = Duration::from_hours(24);
/// Actions that the screen may have room for.
const ACTIONS: u32 = 20;

impl Database {
    pub(super) async fn see_of_subject(&self, look: SubjectLook, subject: &Subject) -> SeenOfSubject {
        match look {
            SubjectLook::Sessions => SeenOfSubject::Sessions(self.sessions(subject).await),
            SubjectLook::Flows => SeenOfSubject::Flows(self.flows_of(subject).await),
            SubjectLook::Journal => SeenOfSubject::Journal(self.journal_about(subject).await),
        }
    }

    async fn sessions(&self, subject: &Subject) -> Result<Option<Sessions>, DbError> {
        let (db, policy) = (&self.db, &self.policy);
        let Some(one) = db.one_subject(subject, policy).await? else { return Ok(None) };
        let newest = PageRequest::first(Order::NewestFirst, TOKENS);
        let tokens = db.refresh_tokens(&TokenFilter::of(subject.clone()), policy, &newest).await?;
        let undated = tokens.rows.iter().filter(|token| token.jti.issued_at().is_none()).count();
        Ok(Some(Sessions { one, chains: chains(&tokens.rows, policy), undated, is_whole: !tokens.has_more }))
    }

    async fn flows_of(&self, subject: &Subject) -> Result<SubjectFlows, DbError> {
        let newest = PageRequest::first(Order::NewestFirst, FLOWS);
        // The text is in the ID token of each, so that the statement gives little else.
        let of_subject = FlowFilter {
            containing: Containing::new(subject.within_vo()),
            subject: Some(SubjectFilter::Exactly(subject.clone())),
            ..FlowFilter::default()
        };
        let recent = AgeFilter { younger_than: Some(RECENT), older_than: None };
        let of_browser = FlowFilter { age: recent, ..of_subject.clone() };
        Ok(SubjectFlows {
            device: self.db.device_flows(&of_subject, &self.policy, &newest).await?,
            browser: self.db.authorization_flows(&of_browser, &self.policy, &newest).await?,
        })
    }

    async fn journal_about(&self, subject: &Subject) -> Result<Option<Page<AdminAction>>, DbError> {
        if self.db.ledger_state().await? == LedgerState::Absent {
            return Ok(None);
        }
        self.db.admin_actions_about(subject, ACTIONS).await.map(Some)
    }
}
