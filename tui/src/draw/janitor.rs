//! The janitor: who works, what was done, what is due, and what a run would do now.

use authdb_shared::Timestamp;
use authdb_shared::db::{Run, RunOutcome};
use authdb_shared::janitor::PlannedJob;
use ratatui::text::Line;

use super::format::{counted, harmless, number, span};
use super::page::{head, line};
use super::{overview, partitions, style};
use crate::app::App;
use crate::look::Look;
use crate::table::Role;

/// Everything on it.
pub(super) fn lines(app: &App) -> Vec<Line<'static>> {
    let mut lines = state(app);
    lines.extend(overview::alarms(app));
    lines.push(head(app, "What a run would do now", Look::Plan));
    if let Some(plan) = &app.looks.plan.value {
        lines.extend(plan.clocks.iter().map(|clock| refused(app, clock)));
        lines.extend(plan.jobs.iter().flat_map(|job| planned(app, job)));
    }
    lines.extend(runs(app));
    lines
}

fn state(app: &App) -> Vec<Line<'static>> {
    let mut lines = vec![head(app, "Janitor", Look::Status)];
    let Some(status) = &app.looks.status.value else { return lines };
    lines.push(match &status.lease {
        Some(lease) if lease.is_held => {
            let left = lease.until.map_or_else(String::new, |until| format!(" for {}", span(until.since(app.now()))));
            line(format!("{} holds the lease{left} (number {})", harmless(&lease.holder), lease.number), style::PLAIN)
        }
        Some(_) => line("nobody holds the lease: no janitor is running", style::of(Role::Waiting)),
        None => line("there is no ledger: no janitor has ever run here", style::of(Role::Waiting)),
    });
    for job in &status.jobs {
        let next = job.next_due.map_or_else(
            || "never".to_owned(),
            |due| format!("in {}, at {}", span(due.since(app.now())), app.telling.zone().near(due, app.now())),
        );
        let done = job.last_done.map_or_else(|| "never".to_owned(), |time| ago(app, time));
        lines.push(line(format!("{:<8} due {next}; last good run {done}", job.job.name()), style::PLAIN));
    }
    for waiting in status.backlog.iter().filter(|waiting| waiting.backlog.rows > 0) {
        let least = if waiting.backlog.is_cut_short { "at least " } else { "" };
        let oldest =
            waiting.backlog.oldest.map(|time| format!(", the oldest from {}", ago(app, time))).unwrap_or_default();
        let rows = counted(waiting.backlog.rows, "row");
        lines.push(line(format!("waits: {} {least}{rows}{oldest}", waiting.sweep.name()), style::FAINT));
    }
    lines
}

fn ago(app: &App, time: Timestamp) -> String {
    app.telling.past(time, app.now())
}

/// What the janitor says by itself, with the times in it told by the clocks that are told by.
fn sentence(app: &App, text: &str) -> String {
    harmless(&app.telling.zone().in_sentence(text))
}

/// Why nothing would be done.
pub(super) fn refused(app: &App, why: &str) -> Line<'static> {
    line(format!("refused: {}", sentence(app, why)), style::of(Role::Bad))
}

/// What one job would do.
pub(super) fn planned(app: &App, job: &PlannedJob) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for sweep in job.sweeps.iter().filter(|sweep| sweep.rows > 0) {
        let least = if sweep.is_at_least { "at least " } else { "" };
        lines.push(line(format!("{}: {least}{}", sweep.effect, number(sweep.rows)), style::PLAIN));
    }
    for step in &job.steps {
        let what = format!("{} {}", step.change, harmless(&step.partitions.join(", ")));
        let size = (step.rows > 0)
            .then(|| format!(": {}, about {}", counted(step.rows, "token"), partitions::size(step.bytes)));
        let active =
            (!step.change.starts_with("add")).then(|| format!("; {} of them may still work", number(step.active)));
        let text = [Some(what), size, active].into_iter().flatten().collect::<String>();
        let role = if step.active > 0 { Role::Urgent } else { Role::Plain };
        lines.push(line(text, style::of(role)));
    }
    lines.extend(job.refused.iter().map(|text| refused(app, text)));
    if lines.is_empty() {
        lines.push(line(format!("{}: nothing is due", job.job), style::of(Role::Good)));
    }
    lines.extend(job.notes.iter().map(|text| line(sentence(app, text), style::FAINT)));
    lines
}

fn runs(app: &App) -> Vec<Line<'static>> {
    let mut lines = vec![head(app, "Runs, the newest first", Look::Runs)];
    let Some(runs) = app.looks.runs.value.as_ref().and_then(Option::as_ref) else { return lines };
    if runs.rows.is_empty() {
        lines.push(line("none yet", style::FAINT));
    }
    lines.extend(runs.rows.iter().map(|run| of_run(app, run)));
    lines
}

fn of_run(app: &App, run: &Run) -> Line<'static> {
    let started = run.start.map_or_else(|| "?".to_owned(), |start| ago(app, start));
    let took = match (run.start, run.end) {
        (Some(start), Some(end)) => format!("in {}", span(end.since(start))),
        _ => "not ended".to_owned(),
    };
    let rows = run.counts["rows"].as_object().into_iter().flatten();
    let mut done: Vec<String> = rows
        .filter_map(|(what, rows)| {
            rows.as_u64().filter(|rows| *rows > 0).map(|rows| format!("{} {what}", number(rows)))
        })
        .collect();
    let changes = run.counts["changes"].as_array().into_iter().flatten();
    done.extend(changes.filter_map(|change| change.as_str().map(str::to_owned)));
    done.extend(run.error.clone());
    let what = if done.is_empty() { "nothing was due".to_owned() } else { done.join("; ") };
    let role = match run.outcome {
        RunOutcome::Done => Role::Plain,
        RunOutcome::Running => Role::Active,
        RunOutcome::Stopped | RunOutcome::Refused => Role::Waiting,
        RunOutcome::Failed | RunOutcome::Other(_) => Role::Bad,
    };
    let (job, outcome) = (harmless(&run.job), harmless(&run.outcome.to_string()));
    let text = format!("{started:>10}  {job:<8} {outcome:<8} {took:<10} {}", sentence(app, &what));
    line(text, style::of(role))
}
