//! Effects: what the dashboard wants done outside of itself.

use std::time::Duration;

use authdb_shared::config::ContextConfig;
use authdb_shared::db::{Containing, FlowFilter, LivenessFilter, TokenFilter};
use authdb_shared::ids::{Subject, UserCode};
use authdb_shared::session_plan::PlanStep;

use crate::app::{Glance, Mouse};
use crate::connecting::ConnectionNumber;
use crate::export::Export;
use crate::look::{Look, SubjectLook};
use crate::request::Request;

/// Something for the worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Read a list.
    Fetch {
        /// Comes back with the answer, so that stale ones can be told.
        generation: u64,
        /// Which list.
        query: Query,
        /// Whether somebody types, and may make it useless in a moment.
        is_typed: bool,
    },
    /// Try whether the database answers, by asking for its time.
    Probe {
        /// Comes back with the answer.
        generation: u64,
    },
    /// Look at something.
    Look {
        /// Comes back with the answer.
        generation: u64,
        /// At what.
        look: Look,
    },
    /// Look at something of one subject.
    LookAtSubject {
        /// Comes back with the answer.
        generation: u64,
        /// At what.
        look: SubjectLook,
        /// Whose.
        subject: Subject,
    },
    /// Read the tokens per month.
    FetchMonths {
        /// Comes back with the answer.
        generation: u64,
    },
    /// Read DiracX's registry.
    ReadRegistry,
    /// Look for subjects of a VO that have live tokens.
    LookForSubjects(String),
    /// Read one device flow.
    LookUp(UserCode),
    /// Make the plan of what was asked for.
    Plan {
        /// Comes back with the plan.
        generation: u64,
        /// What was asked for.
        request: Request,
    },
    /// Carry a plan out, one step after the other.
    Work {
        /// The connection that it was planned on.
        connection: ConnectionNumber,
        /// Comes back with every answer.
        number: u64,
        /// What to do.
        steps: Vec<PlanStep>,
        /// Why, for the journal.
        reason: Option<String>,
    },
    /// Stop that work before its next step.
    StopWork(u64),
    /// Look whether watched subjects have new tokens.
    Glance(Vec<Glance>),
    /// Hand a text to the clipboard of the terminal.
    Copy(String),
    /// Ring the terminal's bell.
    Ring,
    /// Write rows to a file.
    Export(Export),
    /// Connect to the database of another context, beside the one in use.
    Connect {
        /// Comes back with the answer.
        number: ConnectionNumber,
        /// Which context.
        context: ContextConfig,
    },
    /// Go on with that connection, and close the one in use.
    Adopt(ConnectionNumber),
    /// Close that connection, which nobody waits for any more.
    Disconnect(ConnectionNumber),
    /// Take the mouse, or leave it to the terminal.
    TakeMouse(Mouse),
    /// Give the terminal back and stop, until the shell continues the program.
    Suspend,
    /// Leave.
    Quit,
}

/// A list and what it is narrowed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// `DeviceFlows`.
    DeviceFlows(FlowFilter),
    /// `AuthorizationFlows`.
    AuthorizationFlows(FlowFilter),
    /// Subjects.
    Subjects(Containing),
    /// `RefreshTokens`.
    Tokens(TokenFilter),
    /// `AdminActions`.
    Journal,
}

/// Which tokens the list of tokens shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenView {
    /// What works now.
    Live,
    /// Everything issued in the last day, whatever became of it.
    LastDay,
    /// Everything issued in the last week, whatever became of it.
    LastWeek,
    /// Everything that is not revoked, however old, and whatever word DiracX does not know: read within the time limit, so
    /// it may be cut short.
    NotRevoked,
    /// Every token of one subject.
    Of(Subject),
}

impl TokenView {
    /// Which tokens those are.
    pub(crate) fn filter(&self) -> TokenFilter {
        match self {
            Self::Live => TokenFilter::live(),
            Self::LastDay => TokenFilter::last(Duration::from_hours(24)),
            Self::LastWeek => TokenFilter::last(Duration::from_hours(7 * 24)),
            Self::NotRevoked => TokenFilter { liveness: Some(LivenessFilter::NotRevoked), ..TokenFilter::default() },
            Self::Of(subject) => TokenFilter::of(subject.clone()),
        }
    }
}
