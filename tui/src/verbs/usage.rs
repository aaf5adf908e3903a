//! Mistakes in a call that the definition of the command line cannot see.

use authdb_shared::db::REASON_WIDTH;
use authdb_shared::error::EXIT_USAGE;

/// The call cannot be carried out as it stands. Nothing has been changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UsageError {
    /// A line or word that is no key.
    #[error("{place}: {reason}. Nothing was changed")]
    Bad {
        /// Which.
        place: String,
        /// Why.
        reason: String,
    },
    /// `-` beside keys.
    #[error("give either keys or `-` for standard input, not both. Nothing was changed")]
    Mixed,
    /// A change without `--yes` where there is no terminal.
    #[error(
        "there is no terminal to ask on, so nothing was changed. Say --yes if it is meant, or --dry-run to see what \
         would happen"
    )]
    NobodyToAsk,
    /// A change without a reason where one is required.
    #[error(
        "dashboard.require_reason asks for a reason: say why with --reason TEXT, such as a ticket. Nothing was changed"
    )]
    NoReason,
    /// A reason that the journal would cut.
    #[error(
        "the reason is longer than the {REASON_WIDTH} characters that the journal keeps: shorten it. Nothing was changed"
    )]
    LongReason,
    /// `--yes` in a production context that only the configuration file names.
    #[error(
        "{0} is a production context, where --yes counts only with --context {0} or AUTHDB_CONTEXT={0}. Nothing was changed"
    )]
    Production(String),
    /// Tables for a production context that only the configuration file names.
    #[error(
        "{0} is a production context, where tables are made only with --context {0} or AUTHDB_CONTEXT={0}. Nothing was \
         changed"
    )]
    ProductionTables(String),
}

impl UsageError {
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Bad { .. }
            | Self::Mixed
            | Self::NobodyToAsk
            | Self::NoReason
            | Self::LongReason
            | Self::Production(_)
            | Self::ProductionTables(_) => EXIT_USAGE,
        }
    }
}
