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
pub use status::{JanitorStatus, JobStatus, LeaseStatus, SweepBacklog};
