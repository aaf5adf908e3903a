//! The janitor end to end: the real program, started as an administrator or systemd starts it.

mod beside_logins;
mod clocks;
mod configuration;
mod daemon;
mod daemon_notify;
mod held;
mod kills;
mod lease;
mod listener;
mod log;
mod notify_socket;
mod once;
mod outages;
mod partition_command;
mod patience;
mod plans;
mod program;
mod reload;
mod row_lock;
mod several;
mod status;
mod stuck_months;
mod traffic;
mod units;
