//! The store: what the worker asks of a database, and the only way in which it asks.
//!
//! It is a trait so that the whole loop, from a key to the screen, can be tried on a store that is as slow, as broken or as
//! disorderly as a test wants it. The program knows one store, [`Database`](crate::database::Database).

use authdb_shared::Timestamp;
use authdb_shared::config::Config;
use authdb_shared::db::{DbError, TokensByMonth};
use authdb_shared::ids::{Subject, UserCode};
use authdb_shared::model::DeviceFlow;
use authdb_shared::registry::{Registry, RegistryError};
use authdb_shared::session_plan::{PlanStep, SessionPlan, StepFate};

use crate::action::Rows;
use crate::app::{Glance, Glanced};
use crate::connecting::Arrival;
use crate::effect::Query;
use crate::look::{Look, Seen, SeenOfSubject, SubjectLook};
use crate::request::Request;

/// A database with what is configured for it. Clones are the same connection.
pub trait Store: Clone + Send + Sync + 'static {
    /// Allows changes; a read-only connection has none to give.
    type Permit: Send + Sync;

    /// Reads a list.
    fn fetch(&self, query: &Query) -> impl Future<Output = Rows> + Send;

    /// Looks at something.
    fn look(&self, look: Look) -> impl Future<Output = Seen> + Send;

    /// Looks at something of one subject.
    fn look_at_subject(&self, look: SubjectLook, subject: &Subject) -> impl Future<Output = SeenOfSubject> + Send;

    /// The tokens per month.
    fn tokens_by_month(&self) -> impl Future<Output = Result<TokensByMonth, DbError>> + Send;

    /// DiracX's registry, if one is configured.
    fn registry(&self) -> impl Future<Output = Option<Result<Registry, RegistryError>>> + Send;

    /// Subjects of a VO that have live tokens, those with most of them first.
    fn subjects_of(&self, vo: &str) -> impl Future<Output = Result<Vec<Subject>, DbError>> + Send;

    /// The device flow with a code, and the database's time.
    fn device_flow(
        &self,
        code: &UserCode,
    ) -> impl Future<Output = Result<(Option<DeviceFlow>, Timestamp), DbError>> + Send;

    /// The plan of what was asked for, from the rows as they are now.
    fn plan(&self, request: &Request) -> impl Future<Output = Result<SessionPlan, DbError>> + Send;

    /// Looks whether a watched subject has new tokens.
    fn glance(&self, glance: &Glance) -> impl Future<Output = Glanced> + Send;

    /// The database's time.
    fn now(&self) -> impl Future<Output = Result<Timestamp, DbError>> + Send;

    /// Allows changes, which are journalled with this reason.
    ///
    /// # Errors
    /// If the connection can change nothing.
    fn permit(&self, reason: Option<String>) -> Result<Self::Permit, DbError>;

    /// Takes one step of a plan. A step of several batches tells after each how many rows it has changed, and is stopped
    /// where that answers `false`.
    fn take_step(
        &self,
        permit: &Self::Permit,
        step: &PlanStep,
        goes_on: impl FnMut(u64) -> bool + Send,
    ) -> impl Future<Output = StepFate> + Send;

    /// Connects to another database, beside this one.
    fn connect(&self, config: &Config) -> impl Future<Output = Result<Self, DbError>> + Send;

    /// What the dashboard has to know of it.
    fn arrival(&self) -> Arrival;

    /// Closes the connection.
    fn close(&self) -> impl Future<Output = ()> + Send;
}
