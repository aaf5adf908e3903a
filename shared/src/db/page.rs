//! Pages: lists that are read a part at a time, by key.
//!
//! No list is read with an OFFSET, which would read and throw away everything before it. A page ends with a cursor, and the
//! next one goes on behind the row that the cursor names.

use std::time::Duration;

use crate::clock::Timestamp;

/// The order of a list.
///
/// A device flow without a time stands behind those that have one. Lists by key have their rows where the keys sort: keys
/// that tell no time come at the end, but for the few that are lower than those of today.
///
/// # Examples
/// ```
/// use authdb_shared::db::{FlowFilter, Order, PageRequest};
///
/// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
/// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
/// # let permit = db.write_permit(&Actor::of_this_process())?;
/// # let scope = authdb_shared::model::Scope::from_stored("vo:lhcb group:lhcb_user".to_owned());
/// # let mut work = db.begin(&permit).await?;
/// # let (code, device_code) = work.insert_device_flow("dirac-cli", &scope, &mut clock::randomness()).await?;
/// # work.commit().await?;
/// let soonest = PageRequest::first(Order::TimeLeft, 100);
/// let page = db.device_flows(&FlowFilter::default(), &config.policy, &soonest).await?;
/// assert_eq!(page.rows[0].user_code, code, "what somebody may still approve comes first");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// What was issued or begun last, first.
    #[default]
    NewestFirst,
    /// What was issued or begun first, first.
    OldestFirst,
    /// What can still expire first, and of that what expires next.
    ///
    /// Flows: the pending ones so, then the ready ones, then the rest, newest first. Tokens: the live ones alone.
    TimeLeft,
}

/// Which part of a list is wanted.
///
/// # Examples
/// ```
/// use authdb_shared::db::{Order, PageRequest};
///
/// let first = PageRequest::first(Order::NewestFirst, 100);
/// assert_eq!(first.limit, 100);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// The order of the whole list.
    pub order: Order,
    /// Behind which row the page begins; from the beginning if none.
    pub after: Option<PageCursor>,
    /// How many rows it has at most.
    pub limit: u32,
}

impl PageRequest {
    /// The first page.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::{Order, PageRequest};
    ///
    /// let request = PageRequest::first(Order::OldestFirst, 50);
    /// assert_eq!((request.after, request.limit), (None, 50));
    /// ```
    #[must_use]
    pub fn first(order: Order, limit: u32) -> Self {
        Self { order, after: None, limit }
    }

    /// The page after `page`, if it has one that can be reached.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::{Order, PageRequest, TokenFilter};
    /// use authdb_shared::ids::Jti;
    ///
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// # let permit = db.write_permit(&Actor::of_this_process())?;
    /// # let alice = authdb_shared::ids::Subject::new("lhcb:alice")?;
    /// # let scope = authdb_shared::model::Scope::from_stored("vo:lhcb group:lhcb_user".to_owned());
    /// # let mut work = db.begin(&permit).await?;
    /// # let jti = authdb_shared::ids::Jti::issue(work.now(), &mut clock::randomness());
    /// # work.insert_refresh_token(&jti, &alice, &scope).await?;
    /// # work.commit().await?;
    /// # let mut work = db.begin(&permit).await?;
    /// # work.insert_refresh_token(&Jti::issue(work.now(), &mut clock::randomness()), &alice, &scope).await?;
    /// # work.commit().await?;
    /// let mut next = Some(PageRequest::first(Order::NewestFirst, 1));
    /// let mut pages = 0;
    /// while let Some(request) = next {
    ///     let page = db.refresh_tokens(&TokenFilter::of(alice.clone()), &config.policy, &request).await?;
    ///     pages += page.rows.len();
    ///     next = request.after(&page);
    /// }
    /// assert_eq!(pages, 2, "two tokens, a page each");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn after<T>(&self, page: &Page<T>) -> Option<Self> {
        let after = Some(page.next.clone()?);
        Some(Self { order: self.order, after, limit: self.limit })
    }

    /// As of when the list is in order, if it is `now`.
    pub(super) fn as_of(&self, now: Timestamp) -> Timestamp {
        self.after.as_ref().map_or(now, |cursor| cursor.as_of)
    }
}

/// A place in a list, behind a row. It holds for the list and order that it came from.
///
/// # Examples
/// ```
/// use authdb_shared::db::{Order, PageCursor, PageRequest};
///
/// // A cursor says nothing to anybody but the list that it came from; it is kept and handed back.
/// fn go_on(order: Order, last_seen: Option<PageCursor>) -> PageRequest {
///     PageRequest { after: last_seen, ..PageRequest::first(order, 100) }
/// }
/// assert_eq!(go_on(Order::NewestFirst, None), PageRequest::first(Order::NewestFirst, 100));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageCursor {
    /// Where the row stands, in the terms of the list.
    pub(super) place: i64,
    /// The row's key as stored.
    pub(super) key: String,
    /// When the first page was read. What is pending and what is from the future depends on the time; if the next page
    /// took its own, a row could move to the other side of the cursor between the two.
    pub(super) as_of: Timestamp,
}

/// A part of a list.
///
/// # Examples
/// ```
/// use authdb_shared::db::{Order, PageRequest, TokenFilter};
///
/// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
/// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
/// # let permit = db.write_permit(&Actor::of_this_process())?;
/// let request = PageRequest::first(Order::NewestFirst, 100);
/// let page = db.refresh_tokens(&TokenFilter::live(), &config.policy, &request).await?;
/// let note = match (page.has_more, page.is_cut_short) {
///     (_, true) => "the time was up; narrow it with a filter",
///     (true, false) => "there are more",
///     (false, false) => "that is all",
/// };
/// assert_eq!((page.rows.len(), note), (0, "that is all"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The rows, in the order of the list.
    pub rows: Vec<T>,
    /// Whether the database holds more rows than these, or may hold more.
    pub has_more: bool,
    /// Where the next page begins, if there is one that can be reached.
    pub next: Option<PageCursor>,
    /// Whether reading was stopped by the time limit before the page was full or the list at its end. What was found until
    /// then is here.
    pub is_cut_short: bool,
    /// The database's time when the list was read.
    pub now: Timestamp,
}

impl<T> Page<T> {
    /// A list that is here as a whole.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::clock;
    /// use authdb_shared::db::Page;
    ///
    /// let page = Page::whole(vec!["one", "two"], clock::host_now());
    /// assert!(!page.has_more && page.next.is_none());
    /// ```
    #[must_use]
    pub fn whole(rows: Vec<T>, now: Timestamp) -> Self {
        Self { rows, has_more: false, next: None, is_cut_short: false, now }
    }

    /// Of `limit + 1` rows that were asked for, the last only proves that there are more.
    pub(super) fn cut(mut rows: Vec<T>, limit: u32, now: Timestamp) -> Self {
        let limit = limit as usize;
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        Self { has_more, ..Self::whole(rows, now) }
    }

    /// The same page with other rows.
    pub(super) fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        let Self { rows, has_more, next, is_cut_short, now } = self;
        Page { rows: rows.into_iter().map(change).collect(), has_more, next, is_cut_short, now }
    }
}

/// How long a list or a count may be read, window after window.
#[derive(Clone, Copy)]
pub(super) struct Budget(tokio::time::Instant);

impl Budget {
    pub(super) fn of(span: Duration) -> Self {
        Self(tokio::time::Instant::now() + span)
    }

    pub(super) fn is_spent(self) -> bool {
        tokio::time::Instant::now() >= self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_row_too_many_means_there_are_more() {
        let now = Timestamp::from_unix_millis(0).expect("the epoch");
        let page = Page::cut(vec![1, 2, 3], 2, now);
        assert_eq!((page.rows, page.has_more), (vec![1, 2], true));
        assert!(!Page::cut(vec![1, 2], 2, now).has_more);
    }
}
