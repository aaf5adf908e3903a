//! Looking at the next window of keys, without locks: how far it goes, and up to where something in it is due.

use sqlx::FromRow;

use super::cursor::{Due, Stretch};
use super::{Sweep, SweepCursor};
use crate::db::backend::{Session, on_backend};

/// The next so many keys, and what is due of them.
pub(super) struct Look {
    /// How many there are.
    pub(super) seen: u64,
    /// Whether there are fewer than were asked for, so that nothing comes behind them.
    pub(super) is_exhausted: bool,
    pub(super) last: Option<String>,
    /// Up to where rows are to be deleted.
    pub(super) last_to_delete: Option<String>,
    /// Up to where rows are to be expired.
    pub(super) last_to_expire: Option<String>,
}

#[derive(FromRow)]
struct Window {
    seen: i64,
    last: Option<String>,
}

/// Where the next `limit` keys end.
pub(super) async fn window(
    session: &mut Session,
    cursor: &SweepCursor,
    stretch: &Stretch,
    limit: u32,
) -> Result<Look, sqlx::Error> {
    let (end, whole) = cursor.walk.windows();
    let window = on_backend!(session, |connection, text| {
        let mut query = sqlx::query_scalar(text(end)).bind(&stretch.after);
        if !cursor.walk.has_codes() {
            query = query.bind(&stretch.below);
        }
        let last: Option<String> = query.bind(limit.saturating_sub(1)).fetch_optional(&mut *connection).await?;
        if last.is_some() {
            Window { seen: limit.into(), last }
        } else {
            let mut query = sqlx::query_as(text(whole)).bind(&stretch.after);
            if !cursor.walk.has_codes() {
                query = query.bind(&stretch.below);
            }
            query.bind(limit).fetch_one(connection).await?
        }
    });
    Ok(Look {
        seen: window.seen.unsigned_abs(),
        is_exhausted: window.seen < i64::from(limit),
        last: window.last,
        last_to_delete: None,
        last_to_expire: None,
    })
}

/// The last key of a window that something is due for.
pub(super) async fn last_due(
    session: &mut Session,
    due: Due,
    after: &str,
    last: &str,
) -> Result<Option<String>, sqlx::Error> {
    on_backend!(session, |connection, text| {
        let query = sqlx::query_scalar(text(due.sweep.statements().last_due)).bind(after).bind(last);
        let query = if due.sweep == Sweep::PurgeTokens { query } else { query.bind(due.cutoff) };
        let query = if let Some(retention) = due.retention { query.bind(retention) } else { query };
        query.fetch_optional(connection).await
    })
}
