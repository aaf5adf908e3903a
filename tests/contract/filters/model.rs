//! What a filter means, written once more and plainly, row by row, from the documentation of its fields.

use std::time::Duration;

use authdb_shared::Timestamp;
use authdb_shared::db::{
    AgeFilter, FlowFilter, FlowStateFilter, Horizon, LivenessFilter, Order, ScopeFilter, SubjectFilter, TokenFilter,
};
use authdb_shared::ids::Jti;
use authdb_shared::liveness::{FlowState, Liveness};
use authdb_shared::model::{FlowStatus, TokenStatus};
use authdb_shared::policy::Policy;

/// A row of one of the three tables, as a filter sees it.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    pub(super) key: String,
    pub(super) status: String,
    pub(super) client: String,
    pub(super) scope: String,
    /// `Sub` of a token, or the `sub` of a flow's ID token.
    pub(super) subject: Option<String>,
    pub(super) redirect_uri: String,
    /// When it was begun, or issued by its key.
    pub(super) time: Option<Timestamp>,
}

/// What `Containing` was made of, which cannot be asked for it.
pub(super) type Text<'a> = &'a str;

impl Row {
    /// Whether a list of tokens has it.
    pub(super) fn is_token_of(
        &self,
        (filter, text): (&TokenFilter, Text<'_>),
        order: Order,
        now: Timestamp,
        policy: &Policy,
    ) -> bool {
        let status = TokenStatus::from_stored(Some(self.status.clone()));
        let liveness = Liveness::of(&status, &Jti::from_stored(self.key.clone()), now, policy);
        let is_alive = matches!(liveness, Liveness::Live { .. });
        self.contains(text, &[self.subject.as_deref()])
            && self.is_within(filter.horizon, now, policy)
            && filter.status.as_ref().is_none_or(|wanted| wanted.as_str() == self.status)
            && filter.liveness.is_none_or(|wanted| is_of_liveness(liveness, wanted))
            && asks_for(&self.scope, &filter.scope)
            && filter.subject.as_ref().is_none_or(|wanted| is_subject(self.subject.as_deref(), wanted))
            && self.is_of_age(filter.age, now)
            && (order != Order::TimeLeft || is_alive)
    }

    /// Whether a list of flows that live for so long has it.
    pub(super) fn is_flow_of(
        &self,
        (filter, text): (&FlowFilter, Text<'_>),
        now: Timestamp,
        expiration: Duration,
    ) -> bool {
        let status = FlowStatus::from_stored(Some(self.status.clone()));
        let state = FlowState::of(&status, self.time, now, expiration);
        let with_vo = self.subject.as_ref().zip(vo(&self.scope)).map(|(sub, vo)| format!("{vo}:{sub}"));
        let is_of = |wanted: &SubjectFilter| {
            is_subject(self.subject.as_deref(), wanted) || is_subject(with_vo.as_deref(), wanted)
        };
        self.contains(text, &[Some(&self.client), self.subject.as_deref(), Some(&self.redirect_uri)])
            && filter.status.as_ref().is_none_or(|wanted| wanted.as_str() == self.status)
            && filter.states.as_ref().is_none_or(|wanted| wanted.iter().any(|it| is_in_state(state, *it)))
            && filter.client.as_ref().is_none_or(|wanted| *wanted == self.client)
            && asks_for(&self.scope, &filter.scope)
            && filter.subject.as_ref().is_none_or(is_of)
            && self.is_of_age(filter.age, now)
    }

    fn contains(&self, text: &str, others: &[Option<&str>]) -> bool {
        let text = text.trim();
        let without_dashes = text.replace('-', "");
        let is_in_key = !without_dashes.is_empty() && has(&self.key.replace('-', ""), &without_dashes);
        let columns = [Some(self.status.as_str()), Some(&self.scope)];
        text.is_empty() || is_in_key || columns.iter().chain(others).flatten().any(|column| has(column, text))
    }

    fn is_within(&self, horizon: Horizon, now: Timestamp, policy: &Policy) -> bool {
        let credible = self.time.filter(|time| *time <= now.after(policy.max_clock_skew));
        let is_younger = |span| credible.is_some_and(|time| time >= now.before(span));
        match horizon {
            Horizon::Live => is_younger(policy.refresh_token_lifetime),
            Horizon::Last(span) => credible.is_none() || is_younger(span.max(policy.refresh_token_lifetime)),
            Horizon::All => true,
        }
    }

    fn is_of_age(&self, age: AgeFilter, now: Timestamp) -> bool {
        let is_younger = |span| self.time.is_some_and(|time| time > now.before(span));
        let is_older = |span| self.time.is_some_and(|time| time < now.before(span));
        age.younger_than.is_none_or(is_younger) && age.older_than.is_none_or(is_older)
    }
}

fn is_of_liveness(liveness: Liveness, wanted: LivenessFilter) -> bool {
    let is = match liveness {
        Liveness::Live { .. } => LivenessFilter::Live,
        Liveness::Expired { .. } => LivenessFilter::Expired,
        Liveness::Revoked => LivenessFilter::Revoked,
        Liveness::Undated => LivenessFilter::Undated,
        Liveness::FromTheFuture { .. } => LivenessFilter::FromTheFuture,
        Liveness::Unrecognised => LivenessFilter::Unrecognised,
    };
    let is_active = [LivenessFilter::Live, LivenessFilter::Undated].contains(&is);
    match wanted {
        LivenessFilter::Active => is_active,
        LivenessFilter::NotRevoked => is != LivenessFilter::Revoked,
        LivenessFilter::Nothing => false,
        single => is == single,
    }
}

fn is_in_state(state: FlowState, wanted: FlowStateFilter) -> bool {
    wanted
        == match state {
            FlowState::Pending { .. } => FlowStateFilter::Pending,
            FlowState::Ready { .. } => FlowStateFilter::Ready,
            FlowState::Stale { .. } => FlowStateFilter::Stale,
            FlowState::Done => FlowStateFilter::Done,
            FlowState::Error => FlowStateFilter::Error,
            FlowState::Unrecognised => FlowStateFilter::Unrecognised,
        }
}

fn is_subject(subject: Option<&str>, wanted: &SubjectFilter) -> bool {
    match wanted {
        SubjectFilter::Exactly(wanted) => subject == Some(wanted.as_str()),
        SubjectFilter::BeginningWith(wanted) => subject.is_some_and(|subject| subject.starts_with(wanted.as_str())),
    }
}

fn asks_for(scope: &str, wanted: &ScopeFilter) -> bool {
    let names = |found: Option<&str>, wanted: &Option<String>| wanted.is_none() || found == wanted.as_deref();
    let has_text = |wanted: &String| if wanted.is_empty() { scope.is_empty() } else { has(scope, wanted) };
    names(vo(scope), &wanted.vo)
        && names(named(scope, "group:"), &wanted.group)
        && wanted.containing.as_ref().is_none_or(has_text)
}

fn vo(scope: &str) -> Option<&str> {
    named(scope, "vo:")
}

/// What stands behind the first such word of a scope.
fn named<'a>(scope: &'a str, kind: &str) -> Option<&'a str> {
    let word = scope.split_whitespace().find(|word| word.starts_with(kind))?;
    Some(&word[kind.len()..]).filter(|name| !name.is_empty())
}

/// Whether a text stands in another, in either case of ASCII letters.
fn has(text: &str, wanted: &str) -> bool {
    text.to_ascii_lowercase().contains(&wanted.to_ascii_lowercase())
}
