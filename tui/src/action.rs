//! Actions: everything that can happen to the dashboard.

use std::path::PathBuf;

use authdb_shared::Timestamp;
use authdb_shared::db::TokensByMonth;
use authdb_shared::db::{AdminAction, DbError, Page};
use authdb_shared::ids::{Subject, UserCode};
use authdb_shared::model::{AuthorizationFlow, DeviceFlow, RefreshToken, SubjectSummary};
use authdb_shared::registry::{Registry, RegistryError};
use authdb_shared::session_plan::{PlanStep, SessionPlan, StepFate};
use crossterm::event::KeyEvent;

use crate::app::{Glanced, StepTimes};
use crate::command::Command;
use crate::connecting::{Arrival, ConnectionNumber, ContextError};
use crate::export::{Export, ExportError};
use crate::look::{Seen, SeenOfSubject};

/// Something that happened.
#[derive(Debug)]
pub enum Action {
    /// The admin gave a command.
    Command(Command),
    /// The admin types into a field.
    Typed(KeyEvent),
    /// A text was pasted, wherever that may be.
    Pasted(String),
    /// The terminal has a new size.
    Resized {
        /// Columns.
        width: u16,
        /// Rows.
        height: u16,
    },
    /// The mouse was clicked.
    Clicked {
        /// The column of the terminal.
        x: u16,
        /// The row of the terminal.
        y: u16,
    },
    /// The wheel of the mouse was turned over a list or another screen.
    Wheel {
        /// Towards the end.
        is_down: bool,
    },
    /// The shell has continued the program, which was stopped.
    Resumed,
    /// Time passes.
    Tick,
    /// The worker answers.
    Answer {
        /// On which connection it had been asked.
        connection: ConnectionNumber,
        /// What it found or did.
        answer: Box<Answer>,
    },
}

/// What the worker found or did.
#[derive(Debug)]
pub enum Answer {
    /// Rows for a list.
    Rows {
        /// Which request of that list this answers.
        generation: u64,
        /// The rows, or why there are none.
        rows: Rows,
    },
    /// What was looked at.
    Seen {
        /// Which request this answers.
        generation: u64,
        /// What was seen.
        seen: Seen,
    },
    /// Whether the database answers.
    Probed {
        /// Which request this answers.
        generation: u64,
        /// Its time, or why it does not say.
        now: Result<Timestamp, DbError>,
    },
    /// What was looked at of one subject.
    SeenOfSubject {
        /// Which request this answers.
        generation: u64,
        /// What was seen.
        seen: SeenOfSubject,
    },
    /// Tokens per month.
    Months {
        /// Which request this answers.
        generation: u64,
        /// They, or why they are not known.
        months: Result<TokensByMonth, DbError>,
    },
    /// DiracX's registry, or why it cannot be read.
    Registry(Result<Registry, RegistryError>),
    /// Subjects that have live tokens.
    Subjects {
        /// Of which VO.
        vo: String,
        /// They.
        found: Result<Vec<Subject>, DbError>,
    },
    /// The device flow with a code that was typed, and the database's time.
    Flow {
        /// The code.
        code: UserCode,
        /// What was found.
        found: Result<(Option<DeviceFlow>, Timestamp), DbError>,
    },
    /// A plan, or why none could be made.
    Planned {
        /// Which request this answers.
        generation: u64,
        /// The plan.
        plan: Result<SessionPlan, DbError>,
    },
    /// What became of a step of the work under way.
    StepTaken {
        /// Of which work.
        number: u64,
        /// The step.
        step: PlanStep,
        /// When.
        times: StepTimes,
        /// What became of it.
        fate: StepFate,
    },
    /// A step of several batches goes on: so many rows have been changed by it.
    StepGoesOn {
        /// Of which work.
        number: u64,
        /// How many.
        rows: u64,
    },
    /// No more steps are taken.
    WorkEnded {
        /// Of which work.
        number: u64,
        /// Why the rest was not tried, where nobody stopped it.
        broken_by: Option<String>,
    },
    /// What was seen of watched subjects, each with the number of its watch.
    Glanced(Vec<(u64, Glanced)>),
    /// What became of an export.
    Exported {
        /// The export.
        export: Export,
        /// Where the rows are now, or why they are nowhere.
        result: Result<PathBuf, ExportError>,
    },
    /// Another context is connected to beside the one in use, or why it is not.
    Connected {
        /// The number of that connection.
        number: ConnectionNumber,
        /// What is known of its database.
        arrival: Result<Box<Arrival>, ContextError>,
    },
    /// The worker broke off, which is a defect.
    Defect(String),
}

/// Rows of one of the lists.
#[derive(Debug)]
pub enum Rows {
    /// Of `DeviceFlows`.
    DeviceFlows(Result<Page<DeviceFlow>, DbError>),
    /// Of `AuthorizationFlows`.
    AuthorizationFlows(Result<Page<AuthorizationFlow>, DbError>),
    /// Subjects with their live tokens.
    Subjects(Result<Page<SubjectSummary>, DbError>),
    /// Of `RefreshTokens`.
    Tokens(Result<Page<RefreshToken>, DbError>),
    /// Of `AdminActions`.
    Journal(Result<Page<AdminAction>, DbError>),
}
