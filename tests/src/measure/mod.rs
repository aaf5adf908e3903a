//! What the benchmarks stand on: a server with room, a table of millions of tokens, and figures held against targets.
//!
//! Absolute times belong to a machine, and the machines that benchmarks run on are noisy. So nearly every figure is a
//! ratio of two things measured in turns on one server, and a report says beside each what was asked for. The tests never
//! use any of this: a stopwatch decides nothing there.

mod arguments;
mod client;
mod interruption;
mod janitor;
mod meanwhile;
mod program;
mod report;
mod roomy;
mod samples;
mod sent;
mod tokens;
mod turns;
mod usage;
mod waits;

pub use arguments::Arguments;
pub use client::Client;
pub use interruption::Interruption;
pub use janitor::JanitorProgram;
pub use meanwhile::{Meanwhile, Rate};
pub use program::release_build;
pub use report::{Figure, Report};
pub use roomy::{conditions, start_roomy};
pub use samples::{Samples, ratio};
pub use sent::statements_of;
pub use tokens::{Crowd, Population, TokenTable, subject};
pub use turns::{Side, calls_per_turn, in_turns};
pub use usage::{peak_memory, processor_time};
pub use waits::row_lock_waits;
