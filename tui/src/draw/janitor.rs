//! The janitor: who works, what was done, what is due, and what a run would do now.

use authdb_shared::Timestamp;
use authdb_shared::db::{Run, RunOutcome};
use authdb_shared::janitor::{JanitorStatus, PlannedJob, SweepBacklog};
use ratatui::text::Line;

use super::format::{counted, harmless, number, padded, span};
use super::page::{head, head_of_now, line};
use super::wrapping::hanging;
use super::{alarms, partitions, style};
use crate::app::App;
use crate::look::Look;
use crate::table::Role;

/// Everything on it.
pub(super) fn lines(app: &App, width: usize) -> Vec<Line<'static>> {
    let mut lines = state(app);
    lines.extend(alarms::lines(app));
    lines.push(head_of_now(app, "What a run would do now", Look::Plan));
    if let Some(plan) = &app.looks.plan.value {
        lines.extend(plan.clocks.iter().map(|clock| refused(app, clock)));
        lines.extend(plan.jobs.iter().flat_map(|job| planned(app, job)));
    }
    lines.extend(runs(app, width));
    lines
}

fn state(app: &App) -> Vec<Line<'static>> {
    let mut lines = vec![head(app, "Janitor", Look::Status)];
    let Some(status) = &app.looks.status.value else { return lines };
    let (who, role) = lease(app, status);
    let held = status.lease.as_ref().filter(|lease| lease.is_held);
    let number = held.map_or_else(String::new, |lease| format!(" (number {})", lease.number));
    lines.push(line(who + &number, style::of(role)));
    for job in &status.jobs {
        let next = match job.next_due {
            None => "never".to_owned(),
            Some(due) if due <= app.now() => "now".to_owned(),
            Some(due) => format!("in {}, at {}", span(due.since(app.now())), app.telling.zone().near(due, app.now())),
        };
        let done = job.last_done.map_or_else(|| "never".to_owned(), |time| ago(app, time));
        lines.push(line(format!("{:<8} due {next}; last good run {done}", job.job.name()), style::PLAIN));
    }
    for (waiting, rows) in backlog(status) {
        let oldest = waiting.backlog.oldest.map(|time| format!(", the oldest from {}", ago(app, time)));
        let text = format!("waits: {} {rows}{}", waiting.sweep.name(), oldest.unwrap_or_default());
        lines.push(line(text, style::FAINT));
    }
    lines
}

/// Who works, and what that says.
pub(super) fn lease(app: &App, status: &JanitorStatus) -> (String, Role) {
    match &status.lease {
        Some(lease) if lease.is_held => {
            let left = lease.until.map_or_else(String::new, |until| format!(" for {}", span(until.since(app.now()))));
            (format!("{} holds the lease{left}", harmless(&lease.holder)), Role::Plain)
        }
        Some(_) => ("nobody holds the lease: no janitor is running".to_owned(), Role::Waiting),
        None => ("there is no ledger: no janitor has ever run here".to_owned(), Role::Waiting),
    }
}

/// When a job is due next, in short.
pub(super) fn next(app: &App, due: Option<Timestamp>) -> String {
    match due {
        None => "next never".to_owned(),
        Some(due) if due <= app.now() => "due now".to_owned(),
        Some(due) => format!("next {}", app.telling.future_in_short(due, app.now())),
    }
}

/// The sweeps that have something before them.
pub(super) fn backlog(status: &JanitorStatus) -> impl Iterator<Item = (&SweepBacklog, String)> {
    let told = |waiting: &SweepBacklog| {
        let least = if waiting.backlog.is_cut_short { "at least " } else { "" };
        format!("{least}{}", counted(waiting.backlog.rows, "row"))
    };
    status.backlog.iter().filter(|waiting| waiting.backlog.rows > 0).map(move |waiting| (waiting, told(waiting)))
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
        let adds = step.change.starts_with("add");
        let size = (step.rows > 0).then(|| {
            let (rows, fate) = (counted(step.rows, "token"), if adds { " to copy" } else { "" });
            format!(": {rows}{fate}, about {}", partitions::size(step.bytes))
        });
        let active = (!adds).then(|| format!("; {} of them may still work", number(step.active)));
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

fn runs(app: &App, width: usize) -> Vec<Line<'static>> {
    let mut lines = vec![head(app, "Runs, the newest first", Look::Runs)];
    let runs = match &app.looks.runs.value {
        None => return lines,
        Some(None) => {
            let text = "there is no ledger to read them from (authdb init or the janitor's first start makes it)";
            lines.push(line(text, style::FAINT));
            return lines;
        }
        Some(Some(runs)) => runs,
    };
    if runs.rows.is_empty() {
        lines.push(line("none yet", style::FAINT));
        return lines;
    }
    lines.push(line(table("STARTED", "JOB", "OUTCOME", "TOOK") + "WHAT", style::FAINT));
    lines.extend(runs.rows.iter().flat_map(|run| of_run(app, run, width)));
    lines
}

/// What stands before what a run did, in columns.
fn table(started: &str, job: &str, outcome: &str, took: &str) -> String {
    let [job, outcome, took] = [(job, 7), (outcome, 8), (took, 7)].map(|(text, cells)| padded(text, cells));
    format!("{started:>11}  {job} {outcome} {took} ")
}

fn of_run(app: &App, run: &Run, width: usize) -> Vec<Line<'static>> {
    let started = run.start.map_or_else(|| "?".to_owned(), |start| app.telling.past_in_short(start, app.now()));
    let took = match (run.start, run.end) {
        (Some(start), Some(end)) if end.since(start).as_secs() == 0 => "<1s".to_owned(),
        (Some(start), Some(end)) => span(end.since(start)),
        _ => "no end".to_owned(),
    };
    let rows = run.counts["rows"].as_object().into_iter().flatten();
    let mut done: Vec<String> = rows
        .filter_map(|(what, rows)| rows.as_u64().filter(|rows| *rows > 0).map(|rows| counted_as(rows, what)))
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
    let begin = table(&started, &harmless(&run.job), &harmless(&run.outcome.to_string()), &took);
    let indent = line(begin.as_str(), style::PLAIN).width();
    let whole = line(format!("{begin}{}", sentence(app, &what)), style::of(role));
    hanging(app.veil.line(whole), width, indent)
}

/// `1 device flow deleted`, `31 device flows deleted`: runs write down the latter.
fn counted_as(rows: u64, what: &str) -> String {
    let plural = what.split(' ').find(|word| word.ends_with('s')).filter(|_| rows == 1);
    let what = plural.map_or_else(|| what.to_owned(), |word| what.replacen(word, word.trim_end_matches('s'), 1));
    format!("{} {what}", number(rows))
}
