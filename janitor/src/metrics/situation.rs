//! The janitor's situation as a whole: in one line for people, and whether it is healthy.

use std::time::Duration;

use authdb_shared::config::{JanitorConfig, next_due};
use authdb_shared::janitor::Job;
use authdb_shared::{Timestamp, text};
use tokio::time::Instant;

use super::words;
use crate::outage::{Contact, Mention};
use crate::report::{Outcome, Report};
use crate::tenure::Obstacle;

/// For how long the database may be away before that is a matter for people.
const LONG_OUTAGE: Duration = Duration::from_mins(5);
/// For how long a runner may be still: longer than any single statement may take.
const LONG_STILLNESS: Duration = Duration::from_mins(5);
/// How late a run may end beyond its time budget: it waits for others, and ends the batch in hand.
const GRACE: Duration = Duration::from_mins(2);
/// The status line is for one line of `systemctl status`.
const LINE_WIDTH: usize = 300;

/// What is known of one job.
#[derive(Debug, Clone)]
struct OfJob {
    schedule: String,
    /// When its last run that did not fail began; at first, when the daemon did.
    last_good: Timestamp,
    began: Timestamp,
    /// The last outcome in words.
    ended: Option<String>,
    /// Whether a run has told of the present outage.
    has_told_of_outage: bool,
}

/// All that is known.
#[derive(Debug)]
pub(super) struct Situation {
    jobs: Option<[OfJob; Job::ALL.len()]>,
    time_budget: Duration,
    /// Whether the metrics can be read.
    pub(super) is_listening: bool,
    pub(super) contact: Contact,
    pub(super) runway: Option<u32>,
    /// Who works, if another does.
    other_janitor: Option<String>,
    /// Why nobody can tell who works.
    obstacle: Option<Obstacle>,
    pub(super) refused_configuration: Option<String>,
    /// Why the clocks were not believed by the last run that looked at them.
    disagreements: Vec<String>,
}

impl Situation {
    pub(super) fn new() -> Self {
        let (contact, time_budget) = (Contact::default(), Duration::ZERO);
        Self {
            jobs: None,
            time_budget,
            is_listening: false,
            contact,
            runway: None,
            other_janitor: None,
            obstacle: None,
            refused_configuration: None,
            disagreements: Vec::new(),
        }
    }

    pub(super) fn configured(&mut self, settings: &JanitorConfig, now: Timestamp) {
        self.refused_configuration = None;
        self.time_budget = settings.time_budget;
        self.is_listening = settings.listen.is_some();
        let jobs = self.jobs.get_or_insert_with(|| {
            let new =
                OfJob { schedule: String::new(), last_good: now, began: now, ended: None, has_told_of_outage: false };
            Job::ALL.map(|_| new.clone())
        });
        for job in Job::ALL {
            let of_job = &mut jobs[job as usize];
            let schedule = job.schedule(settings);
            if of_job.schedule != schedule {
                schedule.clone_into(&mut of_job.schedule);
                // What a new schedule would have wanted in the past was not missed.
                of_job.last_good = now;
            }
        }
    }

    /// Who works by now, if another does, or why nobody can tell. Whoever waited for another has missed nothing that the
    /// other has done.
    pub(super) fn in_charge(&mut self, other: Option<String>, obstacle: Option<Obstacle>, now: Timestamp) {
        if self.other_janitor.is_some() && other.is_none() {
            self.begin_anew(now);
        }
        self.other_janitor = other;
        self.obstacle = obstacle;
    }

    /// What was found on another database does not count here.
    pub(super) fn moved(&mut self, now: Timestamp) {
        self.disagreements.clear();
        self.begin_anew(now);
    }

    fn begin_anew(&mut self, now: Timestamp) {
        for of_job in self.jobs.iter_mut().flatten() {
            of_job.last_good = now;
        }
    }

    pub(super) fn begins(&mut self, job: Job, now: Timestamp) {
        if let Some(jobs) = &mut self.jobs {
            jobs[job as usize].began = now;
        }
    }

    pub(super) fn answered(&mut self, now: Instant) -> Option<Mention> {
        for of_job in self.jobs.iter_mut().flatten() {
            of_job.has_told_of_outage = false;
        }
        self.contact.answered(now)
    }

    /// A run has ended; `false` if that is no news.
    pub(super) fn ended(&mut self, report: &Report, now: Timestamp) -> bool {
        let Some(jobs) = &mut self.jobs else { return true };
        let of_job = &mut jobs[report.job as usize];
        // One that failed may not have come to look at the clocks.
        if !matches!(report.outcome, Outcome::Failed { .. }) {
            of_job.last_good = of_job.began;
            self.disagreements.clone_from(&report.disagreements);
        }
        let time = now.calendar().format("%H:%M");
        let rows =
            Some(report.rows()).filter(|rows| *rows > 0).map(|rows| format!(", {rows} rows")).unwrap_or_default();
        of_job.ended = Some(format!("{} {} at {time} UTC{rows}", report.job, report.outcome));
        let is_outage = matches!(report.outcome, Outcome::Failed { is_connection_loss: true, .. });
        !(is_outage && std::mem::replace(&mut of_job.has_told_of_outage, is_outage))
    }

    /// One line: what is wrong first, then the last outcome of each job, then the runway.
    pub(super) fn line(&self, now: Instant) -> String {
        let mut parts = Vec::new();
        if let Some(reason) = &self.refused_configuration {
            parts.push(format!("the configuration was not reloaded: {reason}"));
        }
        if let Some((span, reason)) = self.contact.outage(now) {
            parts.push(format!("waiting for the database for {}: {reason}", words(span)));
        } else if !self.contact.is_known {
            parts.push("connecting".to_owned());
        }
        // A lost database is said already.
        let obstacle = self.obstacle.as_ref().filter(|obstacle| !obstacle.is_connection_loss);
        parts.extend(obstacle.map(|obstacle| format!("waiting for the lease: {}", obstacle.reason)));
        parts.extend(self.other_janitor.as_ref().map(|holder| format!("waiting: the janitor {holder} is in charge")));
        if !self.disagreements.is_empty() {
            parts.push(format!("the clocks disagree: {}", self.disagreements.join("; ")));
        }
        parts.extend(self.jobs.iter().flatten().filter_map(|of_job| of_job.ended.clone()));
        parts.extend(self.runway.map(|months| format!("months partitioned ahead: {months}")));
        if parts.is_empty() {
            parts.push("working".to_owned());
        }
        text::fit(&text::harmless(&parts.join("; ")), LINE_WIDTH)
    }

    /// What is wrong, each in a sentence.
    pub(super) fn ailments(&self, now: Instant, host: Timestamp, stillest: (Job, Duration)) -> Vec<String> {
        let mut ailments = Vec::new();
        if let Some((span, reason)) = self.contact.outage(now).filter(|(span, _)| *span >= LONG_OUTAGE) {
            ailments.push(format!("the database cannot be reached for {}: {}", words(span), text::harmless(reason)));
        }
        // What may be over in a while is an ailment once a job is overdue for it.
        if let Some(obstacle) = self.obstacle.as_ref().filter(|obstacle| !obstacle.is_passing) {
            let reason = text::harmless(&obstacle.reason);
            ailments.push(format!("nothing is done, because the lease cannot be had: {reason}"));
        }
        // Before the database was reached there are no runners, and while another janitor works they do nothing.
        if !self.contact.is_known || self.other_janitor.is_some() {
            return ailments;
        }
        if !self.disagreements.is_empty() {
            let reasons = text::harmless(&self.disagreements.join("; "));
            ailments.push(format!("nothing is changed, because the clocks disagree: {reasons}"));
        }
        let (job, span) = stillest;
        if span >= LONG_STILLNESS {
            ailments.push(format!("{job} makes no progress for {}", words(span)));
        }
        for job in Job::ALL {
            let Some(of_job) = self.jobs.as_ref().map(|jobs| &jobs[job as usize]) else { continue };
            let Some(due) = next_due(&of_job.schedule, of_job.last_good) else { continue };
            if host > due.after(self.time_budget).after(GRACE) {
                ailments.push(format!("{job} is overdue: it was due at {due}, and no run has succeeded since"));
            }
        }
        ailments
    }
}
