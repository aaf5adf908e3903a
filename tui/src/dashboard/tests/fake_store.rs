//! A store in memory that answers when, and as, the test has it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use authdb_shared::config::{Config, Sources};
use authdb_shared::db::{DbError, LivenessFilter, Page, TokensByMonth};
use authdb_shared::ids::{Subject, UserCode};
use authdb_shared::model::{DeviceFlow, FlowStatus, RefreshToken, SubjectSummary, TokenStatus};
use authdb_shared::partition::Layout;
use authdb_shared::registry::{Registry, RegistryError};
use authdb_shared::session_plan::{HeldTokens, PlanStep, SessionPlan, StepFate};
use authdb_shared::{Policy, Timestamp};
use tokio::time::Instant;

use super::console::host_time;
use crate::action::Rows;
use crate::app::tests::looks::{activity, counts, flows, plan, status};
use crate::app::{Glance, Glanced};
use crate::connecting::Arrival;
use crate::effect::Query;
use crate::look::{Look, Months, Seen, SeenOfSubject, SubjectFlows, SubjectLook};
use crate::request::Request;
use crate::store::Store;

/// How a question is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Mood {
    /// At once.
    #[default]
    Prompt,
    /// After so long, with what was there when it was asked.
    Slow(Duration),
    /// Never.
    Silent,
    /// The connection is gone.
    Lost,
    /// Every connection is at work, and none comes free for so long.
    Busy(Duration),
    /// By a defect.
    Broken,
}

/// A database in memory. Clones are the same one.
#[derive(Clone)]
pub(super) struct FakeStore {
    place: &'static str,
    started: Instant,
    config: Box<Config>,
    content: Arc<Mutex<Content>>,
}

/// What is in it, how it answers, and what was asked of it.
#[derive(Default)]
pub(super) struct Content {
    pub(super) device_flows: Vec<DeviceFlow>,
    pub(super) tokens: Vec<RefreshToken>,
    pub(super) is_read_only: bool,
    /// How it answers.
    pub(super) mood: Mood,
    /// How it answers the next questions about device flows, before it goes by its mood again.
    pub(super) moods_of_flows: VecDeque<Mood>,
    /// How long a step takes, or one batch of it.
    pub(super) step_takes: Duration,
    /// The connection breaks in the step after so many.
    pub(super) breaks_after: Option<usize>,
    /// The lists that were asked for.
    pub(super) queries: Vec<Query>,
    /// What was changed, and why.
    pub(super) changes: Vec<(PlanStep, Option<String>)>,
    pub(super) is_closed: bool,
    /// Another database that can be connected to.
    pub(super) other: Option<FakeStore>,
}

impl FakeStore {
    pub(super) fn new(place: &'static str) -> Self {
        let config = Box::new(Config::load(&Sources::default()).expect("the defaults are a configuration"));
        Self { place, started: Instant::now(), config, content: Arc::default() }
    }

    pub(super) fn with_flows(flows: Vec<DeviceFlow>) -> Self {
        let store = Self::new("AuthDB at fake");
        store.content().device_flows = flows;
        store
    }

    pub(super) fn with_tokens(tokens: Vec<RefreshToken>) -> Self {
        let store = Self::new("AuthDB at fake");
        store.content().tokens = tokens;
        store
    }

    pub(super) fn content(&self) -> MutexGuard<'_, Content> {
        self.content.lock().expect("nobody panics with it")
    }

    /// The keys of what was changed, and why.
    pub(super) fn changes(&self) -> Vec<(String, Option<String>)> {
        self.content().changes.iter().map(|(step, reason)| (step.to_string(), reason.clone())).collect()
    }

    fn time(&self) -> Timestamp {
        host_time(self.started)
    }

    fn lost(&self) -> DbError {
        let (place, reason) = (self.place.to_owned(), "connection refused".to_owned());
        DbError::Lost { attempt: "listing", place, reason }
    }

    /// An answer as the present mood has it.
    async fn answer<T>(&self, answer: T) -> Result<T, DbError> {
        let mood = self.content().mood;
        self.answer_in(mood, answer).await
    }

    async fn answer_in<T>(&self, mood: Mood, answer: T) -> Result<T, DbError> {
        match mood {
            Mood::Prompt => {}
            Mood::Slow(span) => tokio::time::sleep(span).await,
            Mood::Silent => std::future::pending().await,
            Mood::Lost => return Err(self.lost()),
            Mood::Busy(span) => {
                tokio::time::sleep(span).await;
                return Err(DbError::Busy { attempt: "listing", place: self.place.to_owned() });
            }
            Mood::Broken => panic!("the test has told it to"),
        }
        Ok(answer)
    }

    fn page<T>(&self, rows: Vec<T>) -> Page<T> {
        Page::whole(rows, self.time())
    }

    fn summaries(&self) -> Vec<SubjectSummary> {
        let content = self.content();
        let mut summaries: Vec<SubjectSummary> = Vec::new();
        for token in &content.tokens {
            let Some(subject) = &token.subject else { continue };
            let place = summaries.iter().position(|it| it.subject == *subject).unwrap_or_else(|| {
                let none = SubjectSummary { subject: subject.clone(), live: 0, revoked: 0, first: None, last: None };
                summaries.push(none);
                summaries.len() - 1
            });
            match token.status {
                TokenStatus::Created => summaries[place].live += 1,
                _ => summaries[place].revoked += 1,
            }
        }
        summaries.retain(|it| it.live > 0);
        summaries
    }

    fn held(&self, subject: &Subject) -> HeldTokens {
        let created = self.summaries().into_iter().find(|it| it.subject == *subject).map_or(0, |it| it.live);
        HeldTokens { subject: subject.clone(), created, live: created, has_more: false }
    }

    /// Whether the connection is there for one more step.
    fn breaks(&self) -> bool {
        let content = self.content();
        content.breaks_after.is_some_and(|count| content.changes.len() >= count)
    }

    /// Revokes a token after the other, each of them a batch of its own.
    async fn revoke_all(&self, subject: &Subject, mut goes_on: impl FnMut(u64) -> bool + Send) -> StepFate {
        let mut rows = 0;
        loop {
            {
                let mut content = self.content();
                let is_left =
                    |it: &&mut RefreshToken| it.subject.as_ref() == Some(subject) && it.status == TokenStatus::Created;
                let Some(token) = content.tokens.iter_mut().find(is_left) else { return StepFate::Done(rows) };
                token.status = TokenStatus::Revoked;
            }
            rows += 1;
            let takes = self.content().step_takes;
            tokio::time::sleep(takes).await;
            let is_more = self.held(subject).created > 0;
            if is_more && !goes_on(rows) {
                return StepFate::Stopped(rows);
            }
        }
    }

    /// Changes one row as its guard allows.
    fn change(&self, step: &PlanStep) -> StepFate {
        let mut content = self.content();
        let refused = |status: String| StepFate::Refused(format!("it is already {status}"));
        match step {
            PlanStep::Approve(code, claims) => {
                let Some(flow) = content.device_flows.iter_mut().find(|it| it.user_code == *code) else {
                    return refused("gone".to_owned());
                };
                if flow.status != FlowStatus::Pending {
                    return refused(flow.status.to_string());
                }
                (flow.status, flow.sub) = (FlowStatus::Ready, Some(claims.sub.clone()));
            }
            PlanStep::Deny(code) => {
                let Some(flow) = content.device_flows.iter_mut().find(|it| it.user_code == *code) else {
                    return refused("gone".to_owned());
                };
                if !matches!(flow.status, FlowStatus::Pending | FlowStatus::Ready) {
                    return refused(flow.status.to_string());
                }
                flow.status = FlowStatus::Error;
            }
            PlanStep::Revoke(jti) => {
                let Some(token) = content.tokens.iter_mut().find(|it| it.jti == *jti) else {
                    return refused("gone".to_owned());
                };
                if token.status != TokenStatus::Created {
                    return refused(token.status.to_string());
                }
                token.status = TokenStatus::Revoked;
            }
            PlanStep::Cancel(_) | PlanStep::RevokeSubject(_) => unreachable!("{step:?} changes no row of this kind"),
        }
        StepFate::Done(1)
    }
}

impl Store for FakeStore {
    type Permit = Option<String>;

    async fn fetch(&self, query: &Query) -> Rows {
        let mood = {
            let mut content = self.content();
            content.queries.push(query.clone());
            let next = matches!(query, Query::DeviceFlows(_)).then(|| content.moods_of_flows.pop_front()).flatten();
            next.unwrap_or(content.mood)
        };
        match query {
            Query::DeviceFlows(_) => {
                let page = self.page(self.content().device_flows.clone());
                Rows::DeviceFlows(self.answer_in(mood, page).await)
            }
            Query::AuthorizationFlows(_) => Rows::AuthorizationFlows(self.answer_in(mood, self.page(Vec::new())).await),
            Query::Subjects(_) => Rows::Subjects(self.answer_in(mood, self.page(self.summaries())).await),
            Query::Tokens(_) => {
                let page = self.page(self.content().tokens.clone());
                Rows::Tokens(self.answer_in(mood, page).await)
            }
            Query::Journal => Rows::Journal(self.answer_in(mood, self.page(Vec::new())).await),
        }
    }

    async fn look(&self, look: Look) -> Seen {
        match look {
            Look::Flows => Seen::Flows(self.answer(flows(3)).await),
            Look::Tokens => Seen::Tokens(self.answer(counts(&[(LivenessFilter::Live, 150)])).await),
            Look::Top => Seen::Top(self.answer(self.page(self.summaries())).await),
            Look::Ended => Seen::Ended(self.answer(self.page(Vec::new())).await),
            Look::Minutes => Seen::Minutes(self.answer(activity()).await),
            Look::Days => Seen::Days(self.answer(activity()).await),
            Look::Status => Seen::Status(self.answer(status(Vec::new())).await),
            Look::Months => {
                let layout = Layout { partitions: Vec::new() };
                Seen::Months(self.answer(Months { now: self.time(), layout, counted: None }).await)
            }
            Look::Plan => Seen::Plan(self.answer(plan()).await),
            Look::Runs => Seen::Runs(self.answer(None).await),
            Look::Chain => Seen::Chain(self.answer(None).await),
            Look::Deeds => Seen::Deeds(self.answer(None).await),
        }
    }

    async fn look_at_subject(&self, look: SubjectLook, _: &Subject) -> SeenOfSubject {
        match look {
            SubjectLook::Sessions => SeenOfSubject::Sessions(self.answer(None).await),
            SubjectLook::Flows => {
                let none = SubjectFlows { device: self.page(Vec::new()), browser: self.page(Vec::new()) };
                SeenOfSubject::Flows(self.answer(none).await)
            }
            SubjectLook::Journal => SeenOfSubject::Journal(self.answer(None).await),
        }
    }

    async fn tokens_by_month(&self) -> Result<TokensByMonth, DbError> {
        Err(self.lost())
    }

    async fn registry(&self) -> Option<Result<Registry, RegistryError>> {
        None
    }

    async fn subjects_of(&self, vo: &str) -> Result<Vec<Subject>, DbError> {
        let subjects = self.summaries().into_iter().map(|it| it.subject);
        self.answer(subjects.filter(|it| it.vo() == Some(vo)).collect()).await
    }

    async fn device_flow(&self, code: &UserCode) -> Result<(Option<DeviceFlow>, Timestamp), DbError> {
        let found = self.content().device_flows.iter().find(|it| it.user_code == *code).cloned();
        self.answer((found, self.time())).await
    }

    async fn plan(&self, request: &Request) -> Result<SessionPlan, DbError> {
        let (now, policy) = (self.time(), Policy::default());
        let plan = match request {
            Request::Deny(codes) => {
                let rows = self.content().device_flows.clone();
                let rows = rows.into_iter().filter(|it| codes.contains(&it.user_code)).collect();
                SessionPlan::deny(rows, now, &policy)
            }
            Request::Revoke(keys) => {
                let rows = self.content().tokens.clone();
                let rows: Vec<RefreshToken> = rows.into_iter().filter(|it| keys.contains(&it.jti)).collect();
                let subjects = rows.iter().filter_map(|it| it.subject.as_ref());
                let held: Vec<HeldTokens> = subjects.map(|it| self.held(it)).collect();
                SessionPlan::revoke(rows, &held, now, &policy)
            }
            Request::RevokeSubjects(subjects) => {
                SessionPlan::revoke_subjects(subjects.iter().map(|it| self.held(it)).collect(), now, &policy)
            }
            Request::Cancel(_) => SessionPlan::cancel(Vec::new(), now, &policy),
        };
        self.answer(plan).await
    }

    async fn glance(&self, glance: &Glance) -> Glanced {
        let newest = {
            let content = self.content();
            let is_new = |it: &&RefreshToken| {
                it.subject.as_ref() == Some(&glance.subject)
                    && it.status == TokenStatus::Created
                    && glance.since.is_none_or(|since| it.jti.issued_at().is_some_and(|issued| issued >= since))
            };
            content.tokens.iter().find(is_new).map(|it| it.jti.clone())
        };
        self.answer((newest, self.time())).await
    }

    async fn now(&self) -> Result<Timestamp, DbError> {
        self.answer(self.time()).await
    }

    fn permit(&self, reason: Option<String>) -> Result<Option<String>, DbError> {
        if self.content().is_read_only { Err(DbError::ReadOnly) } else { Ok(reason) }
    }

    async fn take_step(
        &self,
        reason: &Option<String>,
        step: &PlanStep,
        goes_on: impl FnMut(u64) -> bool + Send,
    ) -> StepFate {
        if self.breaks() {
            return StepFate::Unknown(0, "the server has gone".to_owned());
        }
        let fate = if let PlanStep::RevokeSubject(subject) = step {
            self.revoke_all(subject, goes_on).await
        } else {
            let takes = self.content().step_takes;
            tokio::time::sleep(takes).await;
            self.change(step)
        };
        if matches!(fate, StepFate::Done(_) | StepFate::Stopped(_)) {
            self.content().changes.push((step.clone(), reason.clone()));
        }
        fate
    }

    async fn connect(&self, config: &Config) -> Result<Self, DbError> {
        let other = self.content().other.clone();
        let other = other.ok_or_else(|| self.lost())?;
        Ok(Self { config: Box::new(config.clone()), ..other })
    }

    fn arrival(&self) -> Arrival {
        let (config, place) = (Config::clone(&self.config), self.place.to_owned());
        Arrival { place, server: "a fake".to_owned(), read_only: config.dashboard.read_only, config }
    }

    async fn close(&self) {
        self.content().is_closed = true;
    }
}
