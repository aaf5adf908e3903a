//! Work: a confirmed plan while it is carried out, step by step, and what became of each step.

use std::collections::HashSet;

use authdb_shared::Timestamp;
use authdb_shared::db::REVOKED_PER_BATCH;
use authdb_shared::ids::Subject;
use authdb_shared::model::RefreshToken;
use authdb_shared::session_plan::{PlanStep, PlannedWork, SessionPlan, StepFate, WorkReport};

use super::{App, Dialog, Ended, Screen, Tone};
use crate::connecting::ConnectionNumber;
use crate::draw::format::{counted, harmless, number};
use crate::effect::Effect;

/// A plan that is being carried out.
#[derive(Debug)]
pub struct Work {
    /// The plan.
    pub plan: SessionPlan,
    /// What became of its steps so far.
    pub report: WorkReport,
    /// Whether it stops before the next step.
    pub is_stopping: bool,
    number: u64,
    steps: usize,
    /// Rows that the step in hand has changed so far.
    rows_in_hand: u64,
}

/// When a step was begun and ended, by the database's clock. The end is not known where the connection broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepTimes {
    /// Read before the step.
    pub began: Timestamp,
    /// Read after it.
    pub ended: Option<Timestamp>,
}

impl Work {
    /// How many steps there are.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// What its steps are about.
    #[must_use]
    pub fn noun(&self) -> &'static str {
        match self.plan.work {
            PlannedWork::Approve(..) | PlannedWork::Deny(_) => "device flow",
            PlannedWork::Cancel(_) => "authorization flow",
            PlannedWork::Revoke(_) => "token",
            PlannedWork::RevokeSubjects(_) => "subject",
        }
    }

    /// What is done to them.
    #[must_use]
    pub fn done(&self) -> &'static str {
        match self.plan.work {
            PlannedWork::Approve(..) => "approved",
            PlannedWork::Deny(_) => "denied",
            PlannedWork::Cancel(_) => "cancelled",
            PlannedWork::Revoke(_) | PlannedWork::RevokeSubjects(_) => "revoked",
        }
    }

    /// Whether its steps are of several batches, between which it can be stopped as well.
    #[must_use]
    pub fn has_batches(&self) -> bool {
        matches!(self.plan.work, PlannedWork::RevokeSubjects(_))
            && self.plan.work.count() > u64::from(REVOKED_PER_BATCH)
    }

    /// Rows that were changed so far, those of the step in hand included.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.report.rows + self.rows_in_hand
    }

    /// The token that a step is about, as the plan has it.
    fn token(&self, step: &PlanStep) -> Option<&RefreshToken> {
        let (PlannedWork::Revoke(tokens), PlanStep::Revoke(jti)) = (&self.plan.work, step) else { return None };
        tokens.iter().find(|token| token.jti == *jti)
    }

    /// Whom to watch after a step, and from when on a token of theirs is a new one; `None`: any that is live is.
    fn to_watch(&self, step: &PlanStep, fate: &StepFate, began: Timestamp) -> Option<(Subject, Option<Timestamp>)> {
        match (step, fate) {
            (PlanStep::RevokeSubject(subject), StepFate::Done(_) | StepFate::Refused(_)) => {
                Some((subject.clone(), None))
            }
            (
                PlanStep::RevokeSubject(subject),
                StepFate::Failed(rows, _) | StepFate::Unknown(rows, _) | StepFate::Stopped(rows),
            ) => (*rows > 0 || matches!(fate, StepFate::Unknown(..))).then(|| (subject.clone(), Some(began))),
            (PlanStep::Revoke(_), StepFate::Done(_) | StepFate::Unknown(..)) => {
                Some((self.token(step)?.subject.clone()?, Some(began)))
            }
            // It was CREATED when the plan was made: its client has exchanged it for another since.
            (PlanStep::Revoke(_), StepFate::Refused(_)) => {
                Some((self.token(step)?.subject.clone()?, Some(self.plan.made_at)))
            }
            _ => None,
        }
    }

    /// The whole of it in a sentence, once it has ended.
    fn summary(&self) -> String {
        let report = &self.report;
        let mut parts =
            vec![format!("{} of {} {}", report.done.len(), counted(self.steps as u64, self.noun()), self.done())];
        if matches!(self.plan.work, PlannedWork::RevokeSubjects(_)) {
            parts.push(counted(report.rows, "token"));
        }
        for (count, what) in [
            (report.refused.len(), "refused"),
            (report.failed.len(), "failed"),
            (report.stopped.len(), "stopped on the way"),
            (report.unknown.len(), "not known"),
            (report.untried.len(), "not tried"),
        ] {
            if count > 0 {
                parts.push(format!("{} {what}", number(count as u64)));
            }
        }
        format!("{}.", parts.join(", "))
    }

    /// What became of the only step.
    fn told(&self, until: &str) -> (Tone, String) {
        let report = &self.report;
        let until = format!("Access tokens work until {until} at the latest.");
        if let Some(step) = report.done.first() {
            let text = match (step, &self.plan.work) {
                (PlanStep::Approve(code, claims), PlannedWork::Approve(flow, _)) => {
                    let vo = flow.scope.vo().map(harmless).unwrap_or_default();
                    let sub = harmless(claims.sub.trim());
                    format!("{code} is approved for {vo}:{sub}. Its client gets the tokens at its next poll.")
                }
                (PlanStep::Deny(code), _) => format!("{code} is denied."),
                (PlanStep::Cancel(_), _) => "The authorization flow is cancelled.".to_owned(),
                (PlanStep::RevokeSubject(subject), _) => {
                    format!("{} of {subject} revoked. {until}", counted(report.rows, "token"))
                }
                (step, _) => {
                    let subject = self.token(step).and_then(|token| token.subject.as_ref());
                    let subject = subject.map_or_else(|| "nobody".to_owned(), ToString::to_string);
                    format!("One token of {subject} is revoked. {until}")
                }
            };
            return (Tone::Good, text);
        }
        // How many were revoked before it failed is a part of the reason.
        let some = if report.rows > 0 {
            format!("{} revoked; the rest is NOT revoked: ", counted(report.rows, "token"))
        } else {
            String::new()
        };
        let text = if let Some((_, reason)) = report.refused.first() {
            format!("Nothing was changed: {reason}")
        } else if !report.stopped.is_empty() {
            format!("{some}it was stopped.")
        } else if let Some((_, reason)) = report.failed.first() {
            reason.clone()
        } else if let Some((_, reason)) = report.unknown.first() {
            format!("{reason}. Whether it was done is not known: look again when the database is back.")
        } else {
            "Nothing was changed.".to_owned()
        };
        (Tone::Bad, text)
    }
}

impl App {
    /// Carries a plan out that was confirmed, on the connection that it was made on.
    pub(super) fn begin(&mut self, plan: SessionPlan, connection: ConnectionNumber, reason: String) -> Vec<Effect> {
        self.works_begun += 1;
        let (number, steps) = (self.works_begun, plan.steps());
        let is_long = steps.len() > 1 || plan.work.count() > u64::from(REVOKED_PER_BATCH);
        self.dialog = is_long.then_some(Dialog::Work);
        self.dialog_scroll = 0;
        let report = WorkReport::of(steps.clone());
        self.work = Some(Work { plan, report, is_stopping: false, number, steps: steps.len(), rows_in_hand: 0 });
        vec![Effect::Work { connection, number, steps, reason: (!reason.is_empty()).then_some(reason) }]
    }

    /// Esc: stops the work before its next step.
    pub(super) fn stop_work(&mut self) -> Vec<Effect> {
        let Some(work) = &mut self.work else {
            self.dialog = None;
            return Vec::new();
        };
        work.is_stopping = true;
        vec![Effect::StopWork(work.number)]
    }

    /// Takes in what became of a step.
    pub(super) fn step_taken(&mut self, number: u64, step: &PlanStep, times: StepTimes, fate: StepFate) -> Vec<Effect> {
        let now = self.now();
        let Some(work) = self.work.as_mut().filter(|work| work.number == number) else { return Vec::new() };
        let watch = work.to_watch(step, &fate, times.began);
        work.rows_in_hand = 0;
        work.report.add(step, fate);
        if let Some((subject, since)) = watch {
            let revoked_at = times.ended.unwrap_or(now);
            let until = revoked_at.after(self.policy.access_token_lifetime);
            self.watches.add(subject, since, revoked_at, until);
        }
        Vec::new()
    }

    /// Takes in how far the step in hand is.
    pub(super) fn step_goes_on(&mut self, number: u64, rows: u64) {
        if let Some(work) = self.work.as_mut().filter(|work| work.number == number) {
            work.rows_in_hand = rows;
        }
    }

    /// Says what became of the work, and reads what it touched anew.
    pub(super) fn work_ended(&mut self, number: u64, broken_by: Option<String>) -> Vec<Effect> {
        let Some(work) = self.work.take_if(|work| work.number == number) else { return Vec::new() };
        self.take_marks_from(&work.report);
        if matches!(self.dialog, Some(Dialog::Work)) {
            self.dialog = None;
        }
        let (tone, text) = match &broken_by {
            Some(reason) if work.steps == 1 && work.report.tried() == 0 => {
                (Tone::Bad, format!("Nothing was changed: {reason}"))
            }
            _ if work.steps == 1 => work.told(&self.telling.clock(self.now().after(self.policy.access_token_lifetime))),
            _ => (if work.report.is_complete() { Tone::Good } else { Tone::Bad }, work.summary()),
        };
        self.say(tone, text.clone());
        // That one change was made is a sentence. Anything else must outlast the next key, and whatever is told next.
        if work.steps > 1 || tone != Tone::Good {
            self.report_on(&work, text, broken_by);
        }
        if self.is_leaving {
            return vec![Effect::Quit];
        }
        let touched = match work.plan.work {
            PlannedWork::Approve(..) | PlannedWork::Deny(_) => [Screen::DeviceFlows, Screen::Tokens],
            PlannedWork::Cancel(_) => [Screen::AuthorizationFlows, Screen::Tokens],
            PlannedWork::Revoke(_) | PlannedWork::RevokeSubjects(_) => [Screen::Subjects, Screen::Tokens],
        };
        let mut effects = self.look_at_subject_anew();
        effects.extend(touched.into_iter().filter_map(|screen| self.fetch(screen)));
        effects
    }

    /// What was done, or will never be, is marked no longer; the marks of the rest stay, to try again.
    fn take_marks_from(&mut self, report: &WorkReport) {
        let settled = report.done.iter().chain(report.refused.iter().map(|(step, _)| step));
        let (mut codes, mut flows) = (HashSet::new(), HashSet::new());
        let (mut tokens, mut subjects) = (HashSet::new(), HashSet::new());
        for step in settled {
            match step {
                PlanStep::Approve(code, _) | PlanStep::Deny(code) => drop(codes.insert(code)),
                PlanStep::Cancel(id) => drop(flows.insert(id)),
                PlanStep::Revoke(jti) => drop(tokens.insert(jti)),
                PlanStep::RevokeSubject(subject) => drop(subjects.insert(subject)),
            }
        }
        self.device_flows.marks.retain(|key| !codes.contains(key));
        self.authorization_flows.marks.retain(|key| !flows.contains(key));
        self.tokens.marks.retain(|key| !tokens.contains(key));
        self.subjects.marks.retain(|key| !subjects.contains(key));
    }

    /// What has to be said once the screen is gone: what became of work that was under way when the admin left.
    #[must_use]
    pub fn last_words(&self) -> Vec<String> {
        if !self.is_leaving {
            return Vec::new();
        }
        if let Some(work) = &self.work {
            let tried = work.report.tried();
            return vec![if work.steps == 1 {
                "The last change was still under way. Look again whether it was made.".to_owned()
            } else {
                format!(
                    "{tried} of {} were tried. Look again what became of the rest.",
                    counted(work.steps as u64, work.noun())
                )
            }];
        }
        let mut words: Vec<String> =
            self.notice.iter().map(|notice| self.veil.text(&harmless(&notice.text)).into_owned()).collect();
        let lines = self.unread_reports().flat_map(Ended::lines);
        words.extend(lines.map(|line| format!("  {}", self.veil.text(&line))));
        words
    }
}
