//! Copying rows to the clipboard of the terminal that the admin sits at.
//!
//! The notice says what was copied and how many, since the terminal never answers: where the clipboard stays empty, it is
//! the terminal, or a tmux whose `set-clipboard` is off, that took nothing.

use super::{App, Browse, Tone};
use crate::command::Command;
use crate::draw::format::{counted, harmless};
use crate::effect::Effect;
use crate::verbs::output::json_line;

impl App {
    /// Copies keys, one per line, whole and exactly as people write them.
    pub(super) fn copy_keys(&mut self) -> Vec<Effect> {
        let keys = self.list().map(Browse::target_keys).unwrap_or_default();
        // A terminal that pastes a line break or an escape sequence may carry out what stands around it.
        if let Some(treacherous) = keys.iter().find(|key| harmless(key) != **key) {
            let name = harmless(treacherous);
            return self.say(
                Tone::Bad,
                format!(
                    "Nothing was copied: {name} holds letters that do harm when pasted. {} writes them as \\u… in JSON.",
                    self.keys.way_to(Command::CopyRow)
                ),
            );
        }
        let what = counted(keys.len() as u64, "key");
        self.copy(&keys, &what)
    }

    /// Copies rows as JSON, one object per line, as the verbs print them.
    pub(super) fn copy_rows(&mut self) -> Vec<Effect> {
        let viewpoint = self.viewpoint();
        let Some(list) = self.list() else { return Vec::new() };
        let (records, wanted) = (list.target_records(&viewpoint), list.target_keys().len());
        let Ok(rows) = records.iter().map(|record| json_line(record)).collect::<Result<Vec<String>, _>>() else {
            return self.say(Tone::Bad, "Nothing was copied: a row cannot be written as JSON.".to_owned());
        };
        if rows.len() < wanted {
            let (copied, gone) = (rows.len(), counted((wanted - rows.len()) as u64, "marked row"));
            let reason = format!(
                "Nothing was copied: {gone} are no longer in the list, {copied} are. {} copies all keys.",
                self.keys.way_to(Command::CopyKey)
            );
            return self.say(Tone::Bad, reason);
        }
        let what = format!("{} as JSON", counted(rows.len() as u64, "row"));
        self.copy(&rows, &what)
    }

    fn copy(&mut self, lines: &[String], what: &str) -> Vec<Effect> {
        self.say(Tone::Good, format!("Copied {what} to the terminal's clipboard."));
        vec![Effect::Copy(lines.join("\n"))]
    }
}
