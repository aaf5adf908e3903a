//! The dashboard of DiracX's authorization database.
//!
//! Keys become [`action::Action`]s, [`app::App::update`] turns actions into a new state and [`effect::Effect`]s, a
//! worker carries effects out beside the screen and answers with actions again, and [`draw`] paints the state. Nothing
//! in `update` or `draw` waits for anything, so keys stay instant however slow the database is, and every decision can
//! be tested without a terminal or a server.

pub mod action;
pub mod app;
mod arguments;
pub mod command;
pub mod connecting;
pub mod dashboard;
pub mod database;
pub mod demo;
pub mod draw;
pub mod effect;
pub mod export;
pub mod filter;
pub mod key;
pub mod keymap;
pub mod look;
mod program;
pub mod request;
pub mod store;
pub mod table;
pub mod telling;
pub mod terminal;
pub mod veil;
mod verbs;
pub mod worker;

pub use program::{command_line, main};
