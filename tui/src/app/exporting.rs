//! Exporting rows to a file: the dialog that asks for its name.
//!
//! The rows are frozen when the dialog opens: their number stands in the question, and however long the name takes to type, what
//! is written is what was on the screen.

use std::path::PathBuf;

use crossterm::event::Event;
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

use super::{App, Browse, Dialog, Screen, Tone};
use crate::command::Command;
use crate::draw::format::{counted, harmless};
use crate::effect::Effect;
use crate::export::{Export, ExportError, Form};
use crate::table::Record;

/// The dialog while it is open.
#[derive(Debug)]
pub struct Exporting {
    /// The name of the file as typed.
    pub name: Input,
    /// What is exported, such as `3 marked rows`.
    pub what: String,
    /// Why rows may be missing, if they may.
    pub lacks: Option<&'static str>,
    /// What is wrong with the name.
    pub error: Option<String>,
    /// The rows.
    rows: Vec<Record>,
    /// The export that is under way.
    writing: Option<Export>,
}

impl Exporting {
    /// Takes a key in, unless the name is in use already.
    pub(super) fn typed(&mut self, event: &Event) {
        if self.writing.is_none() {
            self.error = None;
            self.name.handle_event(event);
        }
    }

    /// Whether the file is being written.
    #[must_use]
    pub fn is_writing(&self) -> bool {
        self.writing.is_some()
    }
}

impl App {
    pub(super) fn open_export(&mut self) -> Vec<Effect> {
        let viewpoint = self.viewpoint();
        let Some(list) = self.list() else { return Vec::new() };
        let marked = list.marks().0;
        let is_of_marks = marked > 0;
        let rows = if is_of_marks { list.target_records(&viewpoint) } else { list.shown_records(&viewpoint) };
        if is_of_marks && rows.len() < marked {
            let gone = counted((marked - rows.len()) as u64, "marked row");
            let back = self.keys.way_to(Command::Back);
            let text = format!("Nothing can be exported: {gone} no longer in the list. {back} drops the marks.");
            return self.say(Tone::Bad, text);
        }
        let lacks = if is_of_marks { None } else { lacks(list) };
        let what = counted(rows.len() as u64, if is_of_marks { "marked row" } else { "row" });
        let name =
            Input::new(format!("{}-{}.csv", file_name(self.screen), self.now().calendar().format("%Y%m%dT%H%M%SZ")));
        let exporting = Exporting { name, what, lacks, error: None, rows, writing: None };
        self.dialog = Some(Dialog::Export(Box::new(exporting)));
        Vec::new()
    }

    /// Enter in the dialog.
    pub(super) fn export(&mut self) -> Vec<Effect> {
        let Some(Dialog::Export(exporting)) = &mut self.dialog else { return Vec::new() };
        if exporting.writing.is_some() {
            return Vec::new();
        }
        let name = exporting.name.value().trim().to_owned();
        let Some(form) = Form::of(&name) else {
            let reason = "The name must end in .csv, .json (one array) or .jsonl (one object per line).";
            exporting.error = Some(reason.to_owned());
            return Vec::new();
        };
        let export = Export { name, form, rows: exporting.rows.clone(), lacks: exporting.lacks };
        exporting.writing = Some(export.clone());
        vec![Effect::Export(export)]
    }

    /// Says what became of an export. A name that does not do stays in the dialog, to be mended.
    pub(super) fn exported(&mut self, export: &Export, result: Result<PathBuf, ExportError>) -> Vec<Effect> {
        let open = match &mut self.dialog {
            Some(Dialog::Export(exporting)) if exporting.writing.as_ref() == Some(export) => Some(exporting),
            _ => None,
        };
        match (result, open) {
            (Err(error), Some(exporting)) => {
                exporting.writing = None;
                exporting.error = Some(error.to_string());
                Vec::new()
            }
            (result, open) => {
                if open.is_some() {
                    self.dialog = None;
                }
                let (tone, text) = told(export, result);
                self.say(tone, text)
            }
        }
    }

    /// Says what became of an export of a database that was left meanwhile.
    pub(super) fn exported_elsewhere(&mut self, export: &Export, result: Result<PathBuf, ExportError>) -> Vec<Effect> {
        let (tone, text) = told(export, result);
        self.say(tone, format!("Of the context before: {text}"))
    }
}

/// What became of an export.
fn told(export: &Export, result: Result<PathBuf, ExportError>) -> (Tone, String) {
    let file = match result {
        Ok(file) => harmless(&file.display().to_string()),
        Err(error) => return (Tone::Bad, format!("Nothing was exported. {error}")),
    };
    let count = counted(export.rows.len() as u64, "row");
    let lacks = export.lacks.map(|reason| format!(" {reason}")).unwrap_or_default();
    let tone = if lacks.is_empty() { Tone::Good } else { Tone::Plain };
    (tone, format!("{count} exported to {file}.{lacks}"))
}

/// Why a list is not all that there is.
fn lacks(list: &dyn Browse) -> Option<&'static str> {
    if list.is_behind() {
        Some("These are not all: the filter was changed, and what it shows now was not read yet.")
    } else if list.is_cut_short() {
        Some("These are not all: reading stopped at its time limit.")
    } else if list.has_more() {
        Some("These are not all: the database holds more than dashboard.list_limit lets the list show.")
    } else {
        None
    }
}

/// What a file with the rows of a screen is called.
fn file_name(screen: Screen) -> String {
    screen.title().to_lowercase().replace(' ', "-")
}
