//! What the janitor does and how it is, for the janitor itself and for everybody who wants to know.
//!
//! The daemon works through [`Job`]s. What a run would do is a [`Plan`], made from one moment of the database's clock;
//! what is due on a partitioned table is an [`Agenda`]. How the janitor is, is a [`JanitorStatus`] with [`Finding`](crate::health::Finding)s, made
//! from what it has written about itself and from a look at the tables. None of this needs a janitor to run, and none of
//! it changes anything: the dashboard shows the same plan that the daemon will follow, because there is only one.

mod agenda;
mod job;
mod plan;
mod quota;
mod status;

pub use agenda::{Agenda, Step};
pub use job::Job;
pub use plan::{PLAN_VERSION, Plan, PlannedJob, PlannedStep, PlannedSweep, fingerprint, settings};
pub use quota::Quota;
/// Why old rows stay where months are to be held and the table has none: a row that is deleted cannot be given back.
///
/// # Examples
/// ```
/// use authdb_shared::janitor::CANNOT_HOLD_ROWS;
///
/// assert!(CANNOT_HOLD_ROWS.contains("janitor.hold_dropped"));
/// ```
pub const CANNOT_HOLD_ROWS: &str = "RefreshTokens has no partitions, so no month can be held (janitor.hold_dropped), and \
                                    nothing is deleted. Partition it (`authdb-janitor partition`), or set \
                                    janitor.hold_dropped = \"0s\": then old months are deleted row by row, for good";

pub use status::{JanitorStatus, JobStatus, LeaseStatus, SweepBacklog};
