//! The palette: every command of the one table, found by a few letters of its keys, words or name.
//!
//! What is called as was typed comes first, and of that and of the rest what belongs to the screen in view. What is not available stands there with its reason and cannot be
//! given; what means something on another screen is offered as the way there, because its row has to be chosen first.

use std::cmp::Reverse;

use crossterm::event::{Event, KeyCode, KeyEvent};
use frizbee::{Config, Matcher};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

use super::{App, Dialog, Screen, Tone};
use crate::command::{COMMANDS, Command, Entry};
use crate::effect::Effect;

/// The palette while it is open.
#[derive(Debug, Default)]
pub struct Palette {
    /// What was typed.
    pub input: Input,
    /// Which of the commands found is chosen.
    pub selected: usize,
}

/// What Enter does with a command that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// It is given.
    Here,
    /// Nothing, for this reason.
    Refused(String),
    /// This screen is shown, where the command means something.
    Elsewhere(Screen),
}

/// A command that was found.
#[derive(Debug)]
pub struct Found {
    /// The command.
    pub entry: &'static Entry,
    /// What Enter does with it.
    pub way: Way,
    /// Its keys, words and name: the line that was searched, and is shown.
    pub text: String,
    /// The letters of the line that were found, from left to right.
    pub letters: Vec<usize>,
    score: u16,
}

impl App {
    /// The commands that what was typed finds; all of them while nothing is.
    #[must_use]
    pub fn found(&self, typed: &str) -> Vec<Found> {
        let mut matcher = Matcher::new(typed.trim(), &Config::default());
        let offered = COMMANDS.iter().filter(|entry| entry.command != Command::Palette);
        let mut found: Vec<Found> = offered
            .filter_map(|entry| {
                let text = self.line_of(entry);
                let hit = matcher.match_one_indices(&text, 0)?;
                let mut letters: Vec<usize> = hit.indices.iter().map(|index| *index as usize).collect();
                letters.sort_unstable();
                Some(Found { entry, way: self.way_of(entry), text, letters, score: hit.score })
            })
            .collect();
        let name = typed.trim().to_ascii_lowercase().replace(' ', "_");
        // The sort is stable, so that equals keep the order of the table.
        found.sort_by_key(|it| {
            let is_called_so = it.entry.name.starts_with(&name);
            (!is_called_so, matches!(it.way, Way::Elsewhere(_)), Reverse(it.score))
        });
        found
    }

    fn line_of(&self, entry: &Entry) -> String {
        let keys: Vec<String> = self.keys.all_shown(entry.command).into_iter().take(2).collect();
        format!("{:>9}  {}  {}", keys.join(" "), entry.help, entry.name)
    }

    fn way_of(&self, entry: &Entry) -> Way {
        match entry.screens.first() {
            Some(screen) if !entry.is_on(self.screen) => Way::Elsewhere(*screen),
            _ => entry.refusal(self).map_or(Way::Here, Way::Refused),
        }
    }

    pub(super) fn open_palette(&mut self) -> Vec<Effect> {
        self.dialog = Some(Dialog::Palette(Palette::default()));
        Vec::new()
    }

    /// A key in the palette: arrows choose, everything else is typed.
    pub(super) fn typed_into_palette(&mut self, key: KeyEvent) -> Vec<Effect> {
        let Some(Dialog::Palette(palette)) = &self.dialog else { return Vec::new() };
        let last = self.found(palette.input.value()).len().saturating_sub(1);
        let Some(Dialog::Palette(palette)) = &mut self.dialog else { return Vec::new() };
        match key.code {
            KeyCode::Down => palette.selected = (palette.selected + 1).min(last),
            KeyCode::Up => palette.selected = palette.selected.saturating_sub(1),
            _ => {
                let before = palette.input.value().to_owned();
                palette.input.handle_event(&Event::Key(key));
                if palette.input.value() != before {
                    palette.selected = 0;
                }
            }
        }
        Vec::new()
    }

    /// Enter in the palette.
    pub(super) fn give_from_palette(&mut self) -> Vec<Effect> {
        let Some(Dialog::Palette(palette)) = &self.dialog else { return Vec::new() };
        let selected = palette.selected;
        let Some(chosen) = self.found(palette.input.value()).into_iter().nth(selected) else { return Vec::new() };
        match chosen.way {
            Way::Refused(reason) => self.say(Tone::Plain, reason),
            Way::Here => {
                self.dialog = None;
                self.command(chosen.entry.command)
            }
            Way::Elsewhere(screen) => {
                self.dialog = None;
                let effects = self.command(Command::Show(screen));
                let (key, help) = (self.keys.way_to(chosen.entry.command), chosen.entry.help);
                self.say(Tone::Plain, format!("This is where {key} means: {help}."));
                effects
            }
        }
    }
}
