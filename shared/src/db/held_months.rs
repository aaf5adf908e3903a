//! Months that are dropped in two steps: first exchanged into a table of their own, and gone for good only later, so that a
//! mistake can be undone.
//!
//! The exchange takes an instant however large the month is, and leaves the partition in its place, empty. What a held table
//! is stands in the table itself, where it survives everything that happens to this program: its name and its comment say
//! which bound the tokens lie below, and the comment says since when. A table is only touched when name and comment agree
//! and its columns are those of `RefreshTokens`; everything else that is called alike is left alone and reported.
//!
//! Each step can be the last one before a crash. A held table that is still empty was never exchanged (or was given back),
//! and an old partition that is empty has nothing to hold: either way the next run carries on.

mod exchange;
mod table;

use std::time::Duration;

pub use exchange::HoldOutcome;

use super::partitions::identifier;
use super::{AuthDb, DbError};
use crate::clock::Timestamp;
use crate::ids::KeyBound;
use crate::partition::Month;
use crate::text;

/// A month in a table of its own, which is to be dropped when its time has come.
///
/// # Examples
/// ```
/// use std::time::Duration;
///
/// use authdb_shared::db::HeldMonth;
/// use authdb_shared::ids::KeyBound;
/// use authdb_shared::Timestamp;
///
/// let bound = KeyBound::parse("01a22ee6b00070008000000000000000").expect("32 hex digits");
/// let since = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
/// let held = HeldMonth { table: "JanitorHeld_…".to_owned(), bound, since, rows: 9, bytes: 16_384, is_empty: false };
/// assert_eq!(held.month().to_string(), "2026-11");
/// assert_eq!(held.until(Duration::from_hours(168)).sql_text(), "2026-11-25 11:06:40");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldMonth {
    /// The table that holds it.
    pub table: String,
    /// The bound of its partition: all of its keys lie below.
    pub bound: KeyBound,
    /// Since when, by the database's clock.
    pub since: Timestamp,
    /// The server's estimate of its rows.
    pub rows: u64,
    /// Bytes of data and indexes, as the server accounts for them.
    pub bytes: u64,
    /// Whether there is nothing in it: the exchange has not happened, or was undone.
    pub is_empty: bool,
}

impl HeldMonth {
    /// The month of its newest tokens.
    ///
    /// # Examples
    /// ```
    /// # use authdb_shared::{Timestamp, db::HeldMonth, ids::KeyBound};
    /// # let since = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
    /// # let (table, rows, bytes, is_empty) = Default::default();
    /// let bound = KeyBound::parse("01a22ee6b00070008000000000000000").expect("32 hex digits");
    /// assert_eq!(bound.time().sql_text(), "2026-12-01 00:00:00");
    /// assert_eq!(HeldMonth { table, bound, since, rows, bytes, is_empty }.month().to_string(), "2026-11");
    /// ```
    #[must_use]
    pub fn month(&self) -> Month {
        Month::of(self.bound.time().before(Duration::from_millis(1)))
    }

    /// When it may be dropped for good, if months are held for so long.
    ///
    /// # Examples
    /// ```
    /// # use std::time::Duration;
    /// # use authdb_shared::{Timestamp, db::HeldMonth, ids::KeyBound};
    /// # let bound = KeyBound::parse("01a22ee6b00070008000000000000000").expect("32 hex digits");
    /// # let (table, rows, bytes, is_empty) = Default::default();
    /// let since = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
    /// let held = HeldMonth { table, bound, since, rows, bytes, is_empty };
    /// assert!(held.until(Duration::from_hours(168)) > since, "a week later");
    /// ```
    #[must_use]
    pub fn until(&self, hold: Duration) -> Timestamp {
        self.since.after(hold)
    }

    /// What drops it for good.
    ///
    /// # Examples
    /// ```
    /// # use authdb_shared::{Timestamp, db::HeldMonth, ids::KeyBound};
    /// # let bound = KeyBound::parse("01a22ee6b00070008000000000000000").expect("32 hex digits");
    /// # let since = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
    /// let table = "JanitorHeld_2026_11_01a22ee6b00070008000000000000000".to_owned();
    /// let held = HeldMonth { table, bound, since, rows: 9, bytes: 16_384, is_empty: false };
    /// assert!(held.release_statement().starts_with("DROP TABLE `JanitorHeld_2026_11_"));
    /// ```
    #[must_use]
    pub fn release_statement(&self) -> String {
        format!("DROP TABLE {}", identifier(&self.table))
    }
}

/// All held months.
///
/// # Examples
/// ```
/// use authdb_shared::db::HeldMonths;
///
/// let nothing = HeldMonths::default();
/// let refusal = nothing.find("2026-4").expect_err("nothing is held");
/// assert!(refusal.contains("no month is held"), "{refusal}");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeldMonths {
    /// Those that are certainly ours, by the order of their bounds.
    pub months: Vec<HeldMonth>,
    /// Tables that are called like one and are not proven to be one, each with the reason, in a sentence. Nothing touches
    /// them.
    pub doubtful: Vec<String>,
}

impl HeldMonths {
    /// The held month that somebody means by `2026-4`, `2026-04` or the name of its partition, `p_2026_4`.
    ///
    /// # Errors
    /// If there is none, or more than one; in a sentence that names what is held.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::HeldMonths;
    ///
    /// let refusal = HeldMonths::default().find("April").expect_err("that is no month");
    /// assert!(refusal.contains("write it as 2026-4 or p_2026_4"), "{refusal}");
    /// ```
    pub fn find(&self, typed: &str) -> Result<&HeldMonth, String> {
        let full = self.months.iter().filter(|held| !held.is_empty);
        let known: Vec<String> = full.map(|held| held.month().to_string()).collect();
        let known =
            if known.is_empty() { "no month is held".to_owned() } else { format!("held are {}", known.join(", ")) };
        let Some(month) = read_month(typed) else {
            let typed = text::harmless(typed);
            return Err(format!("{typed} is no month: write it as 2026-4 or p_2026_4 ({known})"));
        };
        let mut found = self.months.iter().filter(|held| held.month() == month && !held.is_empty);
        match (found.next(), found.next()) {
            (Some(held), None) => Ok(held),
            (None, _) => Err(format!("{month} is not held: {known}")),
            (Some(one), Some(other)) => Err(format!(
                "{month} is held in more than one part ({} and {}): restore them by hand",
                one.table, other.table
            )),
        }
    }

    /// What is held for the partition with this bound.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::HeldMonths;
    /// use authdb_shared::ids::KeyBound;
    ///
    /// let bound = KeyBound::parse("01a22ee6b00070008000000000000000").expect("32 hex digits");
    /// assert_eq!(HeldMonths::default().of(bound), None);
    /// ```
    #[must_use]
    pub fn of(&self, bound: KeyBound) -> Option<&HeldMonth> {
        self.months.iter().find(|held| held.bound == bound)
    }
}

/// A month as people write it.
fn read_month(typed: &str) -> Option<Month> {
    let typed = typed.trim();
    let (year, month) = match typed.strip_prefix("p_") {
        Some(rest) => rest.split_once('_')?,
        None => typed.split_once('-')?,
    };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(year) || !is_number(month) {
        return None;
    }
    let first = chrono::NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, 1)?;
    Some(Month::of(Timestamp::from(first.and_time(chrono::NaiveTime::MIN).and_utc())))
}

impl AuthDb {
    /// The months that are held, and the tables that only look like it.
    ///
    /// # Errors
    /// If the database cannot be asked.
    ///
    /// # Examples
    /// ```
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// for held in db.held_months().await?.months {
    ///     println!("{} is held until {}", held.month(), held.until(config.janitor.hold_dropped));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn held_months(&self) -> Result<HeldMonths, DbError> {
        let mut held = HeldMonths::default();
        let facts = self.held_tables().await?;
        if facts.is_empty() {
            return Ok(held);
        }
        let columns = self.columns_of("RefreshTokens").await?;
        for facts in facts {
            match self.prove_held(&facts, &columns).await? {
                Ok(month) => held.months.push(month),
                Err(why) => held.doubtful.push(why),
            }
        }
        held.months.sort_by_key(|month| month.bound);
        Ok(held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(bound: &str) -> HeldMonth {
        let bound = KeyBound::parse(bound).expect("32 hex digits");
        let since = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
        HeldMonth { table: "JanitorHeld".to_owned(), bound, since, rows: 1, bytes: 1, is_empty: false }
    }

    #[test]
    fn a_month_is_found_by_its_own_name_or_that_of_its_partition() {
        let november = held("01a22ee6b00070008000000000000000");
        let months = HeldMonths { months: vec![november.clone()], doubtful: Vec::new() };
        for typed in ["2026-11", " p_2026_11 "] {
            assert_eq!(months.find(typed), Ok(&november), "{typed}");
        }
        assert!(months.find("2026-10").is_err_and(|why| why == "2026-10 is not held: held are 2026-11"));
        for typed in ["", "november", "2026", "2026-13", "p_2026_0", "-2026-11", "2026-+1", "\u{1b}[2J"] {
            let refusal = months.find(typed).expect_err("no month");
            assert!(refusal.contains("is no month") && !refusal.contains('\u{1b}'), "{refusal}");
        }
    }

    #[test]
    fn what_was_given_back_is_not_found() {
        let empty = HeldMonth { is_empty: true, ..held("01a22ee6b00070008000000000000000") };
        let months = HeldMonths { months: vec![empty], doubtful: Vec::new() };
        assert!(months.find("2026-11").is_err());
    }
}
