//! The commands beside the daemon, each in a file of its own.

pub(crate) mod apply;
pub(crate) mod check;
pub(crate) mod once;
pub(crate) mod output;
pub(crate) mod partition;
pub(crate) mod plan;
pub(crate) mod restore;
pub(crate) mod status;
