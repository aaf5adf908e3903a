//! What of a filter the database can do, so that rows beyond the first page are found.
//!
//! The database looks only at what is stored, so it gets only what is certain to lose no row that the filter shows:
//!
//! - A text is looked for in stored texts alone. What a list shows besides is a closed set, the states and what stands where
//!   a row has nothing: a text that is part of one of those is left to the rows that were read.
//! - A state is worked out from what is stored, there as here. Of flows, whichever states a text means are asked for; of
//!   tokens, of which there are many more, a single one.
//! - Ages are compared by the same clock, that of the answer, and a bound that includes itself is widened by a second.
//! - What is left to run or counted is not stored at all, and of what is negated only states of flows and revoked tokens can be left out.
//!
//! The rows that come back are filtered here all the same.

use std::collections::BTreeSet;
use std::time::Duration;

use authdb_shared::db::{
    AgeFilter, Containing, FlowFilter, FlowStateFilter, LivenessFilter, ScopeFilter, SubjectFilter, TokenFilter,
};
use authdb_shared::ids::Subject;
use authdb_shared::model::{FlowStatus, TokenStatus};

use super::evaluate::folded;
use super::{Comparison, Condition, Operand, Term, Test};
use crate::draw::format::harmless;
use crate::table::{Head, Kind};

/// Every word that a list of flows shows for a state.
const FLOW_STATES: [(&str, FlowStateFilter); 6] = [
    ("pending", FlowStateFilter::Pending),
    ("ready", FlowStateFilter::Ready),
    ("stale", FlowStateFilter::Stale),
    ("done", FlowStateFilter::Done),
    ("error", FlowStateFilter::Error),
    ("unknown", FlowStateFilter::Unrecognised),
];
/// Every word that a list of tokens shows for a state.
const TOKEN_STATES: [(&str, LivenessFilter); 6] = [
    ("live", LivenessFilter::Live),
    ("expired", LivenessFilter::Expired),
    ("revoked", LivenessFilter::Revoked),
    ("undated", LivenessFilter::Undated),
    ("future", LivenessFilter::FromTheFuture),
    ("unknown", LivenessFilter::Unrecognised),
];
const SECOND: Duration = Duration::from_secs(1);

/// What the database can look for in a table.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that a statement can do or not")]
pub struct Reach {
    /// A text in any of its texts and keys.
    pub text: bool,
    /// A client.
    pub client: bool,
    /// VO and group of a scope, and a text in it.
    pub scope: bool,
    /// A subject by its whole name.
    pub subject: bool,
    /// An age.
    pub age: bool,
    /// A status word, and the states that follow from it.
    pub states: States,
}

/// Whose states a table shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum States {
    /// It shows none.
    None,
    /// Those of flows.
    OfFlows,
    /// Those of tokens.
    OfTokens,
}

impl Reach {
    /// Every filter is left to the rows that were read.
    pub const NOTHING: Self =
        Self { text: false, client: false, scope: false, subject: false, age: false, states: States::None };
    /// All that can be looked for in a flow; its subject only as a text, because it is stored without its VO.
    pub const FLOW: Self =
        Self { text: true, client: true, scope: true, subject: false, age: true, states: States::OfFlows };
}

/// What is asked of the database.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Narrowing {
    pub(super) text: Option<String>,
    client: Option<String>,
    vo: Option<String>,
    group: Option<String>,
    scope: Option<String>,
    subject: Option<Subject>,
    age: AgeFilter,
    status: Option<String>,
    flow_states: Option<BTreeSet<FlowStateFilter>>,
    liveness: Option<LivenessFilter>,
    /// Whether a term is left to the rows that were read, in whole or in part.
    pub is_partial: bool,
}

impl Narrowing {
    pub(super) fn of(terms: &[Term], heads: &[Head], reach: Reach) -> Self {
        let mut narrowing = Self::default();
        for term in terms {
            let is_whole = if term.is_negated {
                narrowing.leave_out(&term.test, heads, reach)
            } else {
                narrowing.take(&term.test, heads, reach)
            };
            narrowing.is_partial |= !is_whole;
        }
        narrowing
    }

    /// Whether the database is asked for the same, whatever of the filter is left to the rows.
    #[must_use]
    pub fn asks_as(&self, other: &Self) -> bool {
        let asked = |it: &Self| Self { is_partial: false, ..it.clone() };
        asked(self) == asked(other)
    }

    /// Whether the database is asked for every row.
    #[must_use]
    pub fn is_of_all(&self) -> bool {
        self.asks_as(&Self::default())
    }

    /// Narrows flows.
    #[must_use]
    pub fn flows(&self) -> FlowFilter {
        FlowFilter {
            containing: self.containing(),
            client: self.client.clone(),
            scope: self.scope(),
            age: self.age,
            status: self.status.clone().map(|word| FlowStatus::from_stored(Some(word))),
            states: self.flow_states.clone(),
            subject: None,
        }
    }

    /// Narrows what is wanted of the tokens anyway.
    #[must_use]
    pub fn tokens(&self, wanted: TokenFilter) -> TokenFilter {
        let subject = wanted.subject.or_else(|| self.subject.clone().map(SubjectFilter::Exactly));
        let liveness = match (wanted.liveness, self.liveness) {
            (Some(one), Some(two)) => Some(one.and(two)),
            (one, two) => one.or(two),
        };
        let status = wanted.status.or_else(|| self.status.clone().map(|word| TokenStatus::from_stored(Some(word))));
        TokenFilter {
            containing: self.containing(),
            scope: self.scope(),
            age: self.age,
            horizon: wanted.horizon,
            subject,
            liveness,
            status,
        }
    }

    /// Narrows what only texts can be looked for in.
    #[must_use]
    pub fn containing(&self) -> Containing {
        Containing::new(self.text.as_deref().unwrap_or_default())
    }

    fn scope(&self) -> ScopeFilter {
        ScopeFilter { vo: self.vo.clone(), group: self.group.clone(), containing: self.scope.clone() }
    }

    /// Takes a term over, as far as the database can do it. True if it then does all of it.
    fn take(&mut self, test: &Test, heads: &[Head], reach: Reach) -> bool {
        match test {
            Test::Word(word) => is_stored(word, heads) && reach.text && put(&mut self.text, word),
            Test::Field { column, condition, .. } => self.take_field(&heads[*column], condition, reach),
        }
    }

    fn take_field(&mut self, head: &Head, condition: &Condition, reach: Reach) -> bool {
        // What is shown in place of nothing is not stored.
        let is_searched = |part: &str| head.kind == Kind::Text && is_stored(part, std::slice::from_ref(head));
        match condition {
            Condition::Compares(comparison, Operand::Span(span)) => {
                head.field == "age" && reach.age && self.take_age(*comparison, *span)
            }
            Condition::Contains(_) | Condition::Is(_) if head.kind == Kind::State => self.take_state(condition, reach),
            Condition::Contains(part) if is_searched(part) => self.take_part(head, part, reach),
            Condition::Is(name) if is_searched(name) => self.take_name(head, name, reach),
            Condition::Compares(..) | Condition::Contains(_) | Condition::Is(_) => false,
        }
    }

    /// Takes over the states that the condition means.
    fn take_state(&mut self, condition: &Condition, reach: Reach) -> bool {
        match reach.states {
            States::None => false,
            States::OfFlows => self.take_flow_states(|state| meant(condition, &FLOW_STATES).contains(&state)),
            States::OfTokens => match meant(condition, &TOKEN_STATES).as_slice() {
                [state] => self.take_liveness(*state),
                [] => self.take_liveness(LivenessFilter::Nothing),
                _ => false,
            },
        }
    }

    /// Of the states that are still wanted, those that are among these.
    fn take_flow_states(&mut self, is_wanted: impl Fn(FlowStateFilter) -> bool) -> bool {
        let every = || FLOW_STATES.into_iter().map(|(_, state)| state).collect();
        let states = self.flow_states.take().unwrap_or_else(every);
        self.flow_states = Some(states.into_iter().filter(|state| is_wanted(*state)).collect());
        true
    }

    fn take_liveness(&mut self, state: LivenessFilter) -> bool {
        self.liveness = Some(self.liveness.map_or(state, |other| other.and(state)));
        true
    }

    /// Takes over what must not be. Of tokens the revoked ones are by far the most, and the rest is found among them by the
    /// database alone.
    fn leave_out(&mut self, test: &Test, heads: &[Head], reach: Reach) -> bool {
        let Test::Field { column, condition, .. } = test else { return false };
        match reach.states {
            _ if heads[*column].kind != Kind::State => false,
            States::None => false,
            States::OfFlows => self.take_flow_states(|state| !meant(condition, &FLOW_STATES).contains(&state)),
            States::OfTokens => {
                meant(condition, &TOKEN_STATES) == [LivenessFilter::Revoked]
                    && self.take_liveness(LivenessFilter::NotRevoked)
            }
        }
    }

    fn take_part(&mut self, head: &Head, part: &str, reach: Reach) -> bool {
        if head.field == "scope" && reach.scope && put(&mut self.scope, part) {
            return true;
        }
        // Found in any text, which is more than in this one.
        if reach.text {
            put(&mut self.text, part);
        }
        false
    }

    fn take_name(&mut self, head: &Head, name: &str, reach: Reach) -> bool {
        let is_taken = match head.field {
            "client" => reach.client && put(&mut self.client, name),
            "status" => reach.states != States::None && put(&mut self.status, name),
            "vo" => reach.scope && put(&mut self.vo, name),
            "group" => reach.scope && put(&mut self.group, name),
            "subject" if reach.subject && self.subject.is_none() => {
                self.subject = Subject::new(name).ok();
                self.subject.is_some()
            }
            _ => false,
        };
        if !is_taken && reach.text {
            put(&mut self.text, name);
        }
        is_taken
    }

    fn take_age(&mut self, comparison: Comparison, span: Duration) -> bool {
        let (bound, span) = match comparison {
            Comparison::Less => (&mut self.age.younger_than, span),
            Comparison::AtMost => (&mut self.age.younger_than, span.saturating_add(SECOND)),
            Comparison::More => (&mut self.age.older_than, span),
            // Whatever has an age is at least as old as that.
            Comparison::AtLeast if span < SECOND => return false,
            Comparison::AtLeast => (&mut self.age.older_than, span.saturating_sub(SECOND)),
            Comparison::Equal => return false,
        };
        bound.is_none() && {
            *bound = Some(span);
            // What is from the future is younger than everything to the database, and of no age at all in a list.
            let is_of_the_future = comparison == Comparison::Less && span.is_zero();
            matches!(comparison, Comparison::Less | Comparison::More) && !is_of_the_future
        }
    }
}

/// The states that a condition means.
fn meant<S: Copy>(condition: &Condition, states: &[(&str, S)]) -> Vec<S> {
    let is_meant = |word: &str| match condition {
        Condition::Contains(part) => word.contains(&folded(part)),
        Condition::Is(name) => word == folded(name),
        Condition::Compares(..) => false,
    };
    states.iter().filter(|(word, _)| is_meant(word)).map(|(_, state)| *state).collect()
}

/// Whether only what is stored can contain a text.
fn is_stored(text: &str, heads: &[Head]) -> bool {
    let text = folded(text);
    let words = FLOW_STATES.map(|(word, _)| word).into_iter().chain(TOKEN_STATES.map(|(word, _)| word));
    let is_state = heads.iter().any(|head| head.kind == Kind::State) && words.into_iter().any(|it| it.contains(&text));
    let mut heads = heads.iter().filter(|head| head.kind.has_words());
    let is_absent = heads.any(|head| folded(head.absent).contains(&text));
    // The database looks for a text without the blanks around it, and for a key as it is stored, not as it is made
    // harmless.
    let is_plain = text.trim() == text
        && harmless(&text) == text
        && !text.contains(|sign| matches!(sign, '\u{fffd}' | '\u{2400}'..='\u{2421}'));
    is_plain && !is_state && !is_absent
}

/// Fills a place that is free.
fn put(place: &mut Option<String>, text: &str) -> bool {
    place.is_none() && {
        *place = Some(text.to_owned());
        true
    }
}

#[cfg(test)]
mod tests {
    use authdb_shared::liveness::{FlowState, Liveness};

    use super::*;

    #[test]
    fn what_is_younger_than_nothing_is_left_to_the_rows_that_were_read() {
        assert!(!Narrowing::default().take_age(Comparison::Less, Duration::ZERO));
        assert!(Narrowing::default().take_age(Comparison::Less, SECOND));
        assert!(Narrowing::default().take_age(Comparison::More, Duration::ZERO));
    }

    #[test]
    fn every_state_is_known_by_its_word() {
        let zero = Duration::ZERO;
        let flows = [
            FlowState::Pending { left: zero },
            FlowState::Ready { left: zero },
            FlowState::Stale { ago: zero },
            FlowState::Done,
            FlowState::Error,
            FlowState::Unrecognised,
        ];
        let tokens = [
            Liveness::Live { left: zero },
            Liveness::Expired { ago: zero },
            Liveness::Revoked,
            Liveness::Undated,
            Liveness::FromTheFuture { ahead: zero },
            Liveness::Unrecognised,
        ];
        for state in flows {
            let known = meant(&Condition::Is(state.to_string()), &FLOW_STATES);
            assert_eq!(known, [FlowStateFilter::of(state)], "{state}");
        }
        for liveness in tokens {
            let known = meant(&Condition::Is(liveness.to_string()), &TOKEN_STATES);
            let [known] = known[..] else { panic!("{liveness} is known") };
            let admitted: Vec<Liveness> = tokens.into_iter().filter(|other| known.admits(*other)).collect();
            assert_eq!(admitted, [liveness]);
        }
    }
}
