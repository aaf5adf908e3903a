//! What the screens that are no lists have seen so far.

use authdb_shared::Timestamp;
use authdb_shared::db::{Activity, AdminAction, EndedSubject, JournalCheck, LivenessFilter, Page, Run, StateCounts};
use authdb_shared::janitor::{JanitorStatus, Plan};
use authdb_shared::model::SubjectSummary;

use super::{App, Reading, Slot};
use crate::effect::Effect;
use crate::look::{Flows, Look, Months, Seen};

/// What was seen last; each part stays when reading it anew fails.
#[derive(Debug, Default)]
pub struct Looks {
    /// How many flows are in each state, and whose.
    pub flows: Slot<Flows>,
    /// Tokens issued within a lifetime by what they are now.
    pub tokens: Slot<StateCounts<LivenessFilter>>,
    /// Subjects with the most live tokens.
    pub top: Slot<Page<SubjectSummary>>,
    /// Subjects whose sessions have all ended at once.
    pub ended: Slot<Page<EndedSubject>>,
    /// The last hour.
    pub minutes: Slot<Activity>,
    /// The retention.
    pub days: Slot<Activity>,
    /// How the janitor is.
    pub status: Slot<JanitorStatus>,
    /// The partitions, or the months.
    pub months: Slot<Months>,
    /// What a run would do.
    pub plan: Slot<Plan>,
    /// The last run that had ended when that was asked for, by its number.
    planned_after: Option<i64>,
    /// What the janitor did; none without a ledger.
    pub runs: Slot<Option<Page<Run>>>,
    /// Whether the journal is sound; none without a ledger.
    pub chain: Slot<Option<JournalCheck>>,
    /// What was changed by hand lately; none without a ledger.
    pub deeds: Slot<Option<Page<AdminAction>>>,
}

impl Looks {
    /// The state of reading one of them.
    #[must_use]
    pub fn reading(&self, look: Look) -> &Reading {
        match look {
            Look::Flows => &self.flows.reading,
            Look::Tokens => &self.tokens.reading,
            Look::Top => &self.top.reading,
            Look::Ended => &self.ended.reading,
            Look::Minutes => &self.minutes.reading,
            Look::Days => &self.days.reading,
            Look::Status => &self.status.reading,
            Look::Months => &self.months.reading,
            Look::Plan => &self.plan.reading,
            Look::Runs => &self.runs.reading,
            Look::Chain => &self.chain.reading,
            Look::Deeds => &self.deeds.reading,
        }
    }

    /// The runs that have ended, as far as anything tells.
    fn ended_runs(&self) -> impl Iterator<Item = (i64, Timestamp)> {
        let of_jobs = self.status.value.iter().flat_map(|status| &status.jobs).filter_map(|job| job.last.as_ref());
        let runs = self.runs.value.iter().flatten().flat_map(|runs| &runs.rows);
        of_jobs.chain(runs).filter_map(|run| Some((run.id, run.end?)))
    }

    /// Whether a run has ended since the plan was made: what it did is planned no longer. A plan may read a whole month, so
    /// no run asks for more than one, whatever became of that and whatever the clocks say.
    fn is_plan_outrun(&self) -> bool {
        let Some(plan) = &self.plan.value else { return false };
        self.ended_runs().any(|(id, end)| end.unix_millis() > plan.made_at_millis && Some(id) > self.planned_after)
    }

    /// Whether no sum is under way, nor rests. They rest together: what each alone may cost a database, all may cost it.
    fn are_sums_rested(&self, now: Timestamp) -> bool {
        Look::ALL.into_iter().filter(|look| look.is_sum()).all(|look| self.reading(look).is_rested(now))
    }

    pub(super) fn reading_mut(&mut self, look: Look) -> &mut Reading {
        match look {
            Look::Flows => &mut self.flows.reading,
            Look::Tokens => &mut self.tokens.reading,
            Look::Top => &mut self.top.reading,
            Look::Ended => &mut self.ended.reading,
            Look::Minutes => &mut self.minutes.reading,
            Look::Days => &mut self.days.reading,
            Look::Status => &mut self.status.reading,
            Look::Months => &mut self.months.reading,
            Look::Plan => &mut self.plan.reading,
            Look::Runs => &mut self.runs.reading,
            Look::Chain => &mut self.chain.reading,
            Look::Deeds => &mut self.deeds.reading,
        }
    }

    /// Takes in what was seen. False if it answers an older question.
    fn take(&mut self, generation: u64, seen: Seen, now: Timestamp) -> bool {
        match seen {
            Seen::Flows(seen) => self.flows.answer(generation, seen, now),
            Seen::Tokens(seen) => self.tokens.answer(generation, seen, now),
            Seen::Top(seen) => self.top.answer(generation, seen, now),
            Seen::Ended(seen) => self.ended.answer(generation, seen, now),
            Seen::Minutes(seen) => self.minutes.answer(generation, seen, now),
            Seen::Days(seen) => self.days.answer(generation, seen, now),
            Seen::Status(seen) => self.status.answer(generation, seen, now),
            Seen::Months(seen) => self.months.answer(generation, seen, now),
            Seen::Plan(seen) => self.plan.answer(generation, seen, now),
            Seen::Runs(seen) => self.runs.answer(generation, seen, now),
            Seen::Chain(seen) => self.chain.answer(generation, seen, now),
            Seen::Deeds(seen) => self.deeds.answer(generation, seen, now),
        }
    }
}

impl App {
    /// Looks at something.
    pub(super) fn look(&mut self, look: Look) -> Effect {
        if look == Look::Plan {
            self.looks.planned_after = self.looks.ended_runs().map(|(id, _)| id).max();
        }
        let generation = self.looks.reading_mut(look).ask(self.host_now);
        Effect::Look { generation, look }
    }

    /// What the screen in view shows and is due.
    pub(super) fn looks_due(&mut self) -> Vec<Effect> {
        let now = self.host_now;
        let is_wanted = |look: &Look| self.paused_at.is_none() || self.looks.reading(*look).read_at.is_none();
        let are_sums_rested = self.looks.are_sums_rested(now);
        let interval = |look: Look| match look {
            Look::Plan if self.looks.is_plan_outrun() => Look::Runs.interval_on(self.screen),
            look => look.interval_on(self.screen),
        };
        let is_due = |look: &Look| {
            look.is_on(self.screen)
                && is_wanted(look)
                && self.looks.reading(*look).is_due(now, interval(*look).max(self.refresh_interval))
                && (are_sums_rested || !look.is_sum())
        };
        let due: Vec<Look> = Look::ALL.into_iter().filter(is_due).collect();
        let mut effects: Vec<Effect> = due.into_iter().map(|look| self.look(look)).collect();
        effects.extend(self.subject_looks_due());
        effects
    }

    /// Takes in what was seen.
    pub(super) fn seen(&mut self, generation: u64, seen: Seen) {
        self.looks.take(generation, seen, self.host_now);
    }
}
