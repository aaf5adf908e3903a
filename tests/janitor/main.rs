//! The janitor end to end: the real program, started as an administrator or systemd starts it.

mod configuration;
mod daemon;
mod once;
mod outages;
mod program;
