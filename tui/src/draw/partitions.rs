//! The months of `RefreshTokens`: how full they are, how far they reach, and what the next roll changes. Where there are no
//! partitions, the screen says what takes their place.

use authdb_shared::db::TokensByMonth;
use authdb_shared::partition::{Layout, Month, Partition, PartitionBound};
use ratatui::text::Line;

use super::format::{counted, harmless, number};
use super::page::{head, head_of_now, line};
use super::{janitor, sparks, style};
use crate::app::App;
use crate::look::{Look, Months};
use crate::table::Role;

/// Everything on it.
pub(super) fn lines(app: &App, width: usize) -> Vec<Line<'static>> {
    let mut lines = next_roll(app);
    match &app.looks.months.value {
        None => lines.push(head(app, "Months of RefreshTokens", Look::Months)),
        Some(Months { counted: Some(counted), .. }) => lines.extend(unpartitioned(app, counted, width)),
        Some(Months { layout, now, .. }) => {
            let months = counted_months(layout.runway_months(*now));
            lines.push(head(app, &format!("Months of RefreshTokens: {months} partitioned ahead"), Look::Months));
            lines.extend(partitioned(app, layout, *now, width));
        }
    }
    lines
}

/// What changes next, first of all: the months are many, and nobody should have to scroll for what is about to be dropped.
fn next_roll(app: &App) -> Vec<Line<'static>> {
    let mut lines = vec![head_of_now(app, "Next roll", Look::Plan)];
    if let Some(plan) = &app.looks.plan.value {
        lines.extend(plan.clocks.iter().map(|clock| janitor::refused(app, clock)));
        lines.extend(plan.jobs.iter().filter(|job| job.job == "tokens").flat_map(|job| janitor::planned(app, job)));
    }
    lines
}

fn counted_months(count: u32) -> String {
    counted(u64::from(count), "month")
}

fn unpartitioned(app: &App, counted: &TokensByMonth, width: usize) -> Vec<Line<'static>> {
    let mut lines = vec![head(app, "Months of RefreshTokens", Look::Months)];
    lines.push(line(
        "The table has no partitions here: the janitor deletes the same months row by row, by ranges of the key.",
        style::FAINT,
    ));
    let most = counted.months.iter().map(|month| month.rows).max().unwrap_or(0);
    for month in counted.months.iter().rev() {
        let bar = sparks::bar(month.rows, most, width.saturating_sub(28).clamp(4, 60));
        lines.push(line(format!("{:<9} {:>10}  {bar}", month.month.to_string(), number(month.rows)), style::PLAIN));
    }
    lines
}

fn partitioned(app: &App, layout: &Layout, now: authdb_shared::Timestamp, width: usize) -> Vec<Line<'static>> {
    let horizon = app.policy.token_horizon(now);
    let most = layout.partitions.iter().map(|partition| partition.bytes).max().unwrap_or(0);
    let heads = format!("{:<12} {:<11} {:>11} {:>10}", "PARTITION", "BEFORE", "ABOUT ROWS", "SIZE");
    let mut lines = vec![line(heads, style::FAINT)];
    for partition in &layout.partitions {
        let role = role(partition, horizon, now);
        let bar = sparks::bar(partition.bytes, most, width.saturating_sub(54).min(60));
        let text = format!(
            "{:<12} {:<11} {:>11} {:>10}  {bar}",
            authdb_shared::text::fit(&harmless(&partition.name), 12),
            bound(&partition.bound),
            number(partition.rows),
            size(partition.bytes)
        );
        lines.push(line(text, style::of(role)));
    }
    if layout.future().is_none() {
        lines.push(line(
            "There is no partition for MAXVALUE: tokens past the last month are refused.",
            style::of(Role::Urgent),
        ));
    }
    lines
}

/// The present month stands out, and so does what is old or not to be believed.
fn role(partition: &Partition, horizon: authdb_shared::Timestamp, now: authdb_shared::Timestamp) -> Role {
    match (&partition.bound, partition.bound.time()) {
        (PartitionBound::Unreadable(_), _) => Role::Odd,
        (PartitionBound::Unbounded, _) if partition.rows > 0 => Role::Bad,
        (_, Some(end)) if end <= horizon => Role::Waiting,
        (_, Some(end)) if end == Month::of(now).plus(1).start() => Role::Good,
        _ => Role::Plain,
    }
}

fn bound(bound: &PartitionBound) -> String {
    match bound {
        PartitionBound::Below(key) => key.time().calendar().format("%Y-%m-%d").to_string(),
        PartitionBound::Unbounded => "everything".to_owned(),
        PartitionBound::Unreadable(_) => "unreadable".to_owned(),
    }
}

/// In the largest unit that leaves a whole number.
pub(super) fn size(bytes: u64) -> String {
    let units = [("GiB", 30_u32), ("MiB", 20), ("KiB", 10)];
    units
        .into_iter()
        .find(|(_, shift)| bytes >> shift > 0)
        .map_or_else(|| format!("{bytes} B"), |(unit, shift)| format!("{} {unit}", number(bytes >> shift)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_at_a_glance() {
        assert_eq!([size(12), size(65_536), size(3 << 20), size(5 << 40)], ["12 B", "64 KiB", "3 MiB", "5,120 GiB"]);
    }
}
