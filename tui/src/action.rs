//! Actions: everything that can happen to the dashboard.

use std::path::PathBuf;

use authdb_shared::Timestamp;
use authdb_shared::db::TokensByMonth;
use authdb_shared::db::{
    AdminAction, ApproveRefusal, CancelRefusal, DbError, DenyRefusal, Page, RevokeRefusal, RevokedSubject,
};
use authdb_shared::ids::{Subject, UserCode};
use authdb_shared::model::{AuthorizationFlow, DeviceFlow, RefreshToken, SubjectSummary};
use authdb_shared::registry::{Registry, RegistryError};
use crossterm::event::KeyEvent;

use crate::command::Command;
use crate::effect::Change;
use crate::export::{Export, ExportError};
use crate::look::Seen;

/// Something that happened.
#[derive(Debug)]
pub enum Action {
    /// The admin gave a command.
    Command(Command),
    /// The admin types into a field.
    Typed(KeyEvent),
    /// The terminal has a new size.
    Resized {
        /// Columns.
        width: u16,
        /// Rows.
        height: u16,
    },
    /// The shell has continued the program, which was stopped.
    Resumed,
    /// Time passes.
    Tick,
    /// The worker answers.
    Answer(Box<Answer>),
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
    /// Tokens per month, or why they are not known.
    Months(Result<TokensByMonth, DbError>),
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
    /// How many tokens revoking all of a subject would change.
    Revocable {
        /// The subject.
        subject: Subject,
        /// How many.
        count: Result<u64, DbError>,
    },
    /// What became of a change.
    Changed(Change, Changed),
    /// What became of an export.
    Exported {
        /// The export.
        export: Export,
        /// Where the rows are now, or why they are nowhere.
        result: Result<PathBuf, ExportError>,
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

/// What became of a change.
#[derive(Debug)]
pub enum Changed {
    /// Of an approval.
    Approved(Result<Result<DeviceFlow, ApproveRefusal>, DbError>),
    /// Of a denial.
    Denied(Result<Result<(), DenyRefusal>, DbError>),
    /// Of a cancellation.
    Cancelled(Result<Result<(), CancelRefusal>, DbError>),
    /// Of revoking one token.
    Revoked(Result<Result<RefreshToken, RevokeRefusal>, DbError>),
    /// Of revoking all tokens of a subject.
    RevokedSubject(Result<RevokedSubject, DbError>),
}
