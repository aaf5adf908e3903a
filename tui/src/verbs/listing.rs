//! Reading a list page by page, up to a limit.

use std::future::Future;

use authdb_shared::db::{DbError, Order, Page, PageRequest};
use authdb_shared::error::{EXIT_DONE, EXIT_REFUSED};
use authdb_shared::{Error, Policy};

use super::output::{Field, List, Moment};
use super::{ListOptions, Run, say};

/// What `--limit none` stands for.
const ALL: u32 = i32::MAX.cast_unsigned();

/// How many rows a list may have.
pub(super) fn row_limit(typed: &str) -> Result<u32, String> {
    if typed == "none" {
        return Ok(ALL);
    }
    let limit = typed.parse().ok().filter(|limit| (1..=ALL).contains(limit));
    limit.ok_or_else(|| format!("write a number from 1 to {ALL}, or none for all rows"))
}

/// A text to look for. Blanks are in everything, so a list of what contains them is the list of everything: a script whose
/// variables are empty would go on with it.
pub(super) fn wanted_text(typed: &str) -> Result<String, String> {
    if typed.trim().is_empty() {
        return Err("it is blank, and everything contains that. Leave the option out to see everything".to_owned());
    }
    Ok(typed.to_owned())
}

/// Rows per page: each is a statement of its own, under the time limit.
const PAGE: u32 = 1000;

impl Run {
    /// Prints the list of which `fetch` gives the pages.
    pub(super) async fn list<T, F>(
        &mut self,
        fields: &'static [Field<T>],
        order: Order,
        options: ListOptions,
        policy: &Policy,
        fetch: impl Fn(PageRequest) -> F,
    ) -> anyhow::Result<u8>
    where
        F: Future<Output = Result<Page<T>, DbError>>,
    {
        let mut list = List::begin(&mut self.sink, self.format, fields)?;
        let mut request = PageRequest::first(order, options.limit.min(PAGE));
        let (has_more, is_complete) = loop {
            let page = fetch(request.clone()).await.map_err(Error::from)?;
            let moment = Moment { now: page.now, policy };
            for row in &page.rows {
                list.add(row, &moment)?;
            }
            let left = options.limit.saturating_sub(u32::try_from(list.rows()).unwrap_or(u32::MAX));
            match request.after(&page).filter(|_| left > 0) {
                // A page that the time limit cut short is gone on from as well.
                Some(next) if list.hand_on()? => request = PageRequest { limit: left.min(PAGE), ..next },
                _ => break (page.has_more, !page.is_cut_short || left == 0),
            }
        };
        let rows = list.end()?;
        Ok(self.conclude(rows, has_more, is_complete, options))
    }

    /// What is said of a list, and its exit code. To who has stopped reading nothing is said any more.
    pub(super) fn conclude(&self, rows: u64, has_more: bool, is_complete: bool, options: ListOptions) -> u8 {
        if self.sink.is_closed() { EXIT_DONE } else { conclusion(rows, has_more, is_complete, options) }
    }
}

fn conclusion(rows: u64, has_more: bool, is_complete: bool, options: ListOptions) -> u8 {
    if !is_complete {
        say("the list is not complete: the time was up before all of the table was read. Narrow it, or raise \
             database.statement_timeout");
        return EXIT_REFUSED;
    }
    if has_more {
        say(&format!("there are more than these {rows}; narrow the list, or raise --limit ({})", options.limit));
    }
    if rows > 0 {
        return EXIT_DONE;
    }
    say("nothing matches");
    EXIT_REFUSED
}
