//! The whole loop over a fake store: a key goes in, becomes an effect, the store answers when and how the test has it, and
//! what is drawn is looked at. The clock stands still while anything is at work and jumps when all wait, so that "for ever"
//! takes no time and "at once" means that no time has passed at all.

mod changes;
mod console;
mod disorder;
mod fake_store;
mod outages;
mod questions;
mod reading;

use std::time::Duration;

use crossterm::event::KeyCode;

use self::console::Console;
use self::fake_store::{FakeStore, Mood};
