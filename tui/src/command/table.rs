//! Every command with its name, its keys and its words, in the order in which the help shows them.

use crossterm::event::KeyCode;

use super::{Command, Entry};
use crate::app::{App, Screen};
use crate::key::Key;

const DEVICE_FLOWS: &[Screen] = &[Screen::DeviceFlows];
const AUTHORIZATION_FLOWS: &[Screen] = &[Screen::AuthorizationFlows];
/// The screens that are lists.
const LISTS: &[Screen] =
    &[Screen::DeviceFlows, Screen::AuthorizationFlows, Screen::Subjects, Screen::Tokens, Screen::Journal];
const TOKENS: &[Screen] = &[Screen::Tokens];
const SUBJECTS: &[Screen] = &[Screen::Subjects];
const WITH_DETAILS: &[Screen] = &[Screen::DeviceFlows, Screen::AuthorizationFlows, Screen::Tokens, Screen::Journal];
const OF_SUBJECTS: &[Screen] = &[Screen::Subjects, Screen::Tokens];

const fn key(code: KeyCode) -> Key {
    Key::plain(code)
}

const fn letter(letter: char) -> Key {
    Key::letter(letter)
}

/// Every command there is.
pub const COMMANDS: &[Entry] = &[
    Entry::new(Command::Approve, "approve", &[letter('a')], "approve a device code that a user reads out")
        .hint("approve")
        .on(DEVICE_FLOWS)
        .changes(),
    Entry::new(Command::Deny, "deny", &[letter('d')], "deny the device flow, or all marked ones")
        .hint("deny")
        .on(DEVICE_FLOWS)
        .changes()
        .unless(App::cannot_deny),
    Entry::new(Command::Cancel, "cancel", &[letter('c')], "cancel the authorization flow, or all marked ones")
        .hint("cancel flow")
        .on(AUTHORIZATION_FLOWS)
        .changes()
        .unless(App::cannot_cancel),
    Entry::new(Command::Details, "details", &[key(KeyCode::Enter)], "show every field of the row under the cursor")
        .hint("details")
        .on(WITH_DETAILS)
        .unless(App::has_no_row),
    Entry::new(
        Command::Open,
        "open",
        &[key(KeyCode::Enter), letter('o')],
        "the subject: sessions, logins, journal, tokens",
    )
    .hint("open")
    .on(SUBJECTS)
    .unless(App::has_no_subject),
    Entry::new(Command::SubjectDetails, "subject_details", &[letter('i')], "show every field of the row")
        .hint("details")
        .on(SUBJECTS)
        .unless(App::has_no_row),
    Entry::new(
        Command::OpenOwner,
        "open_subject",
        &[letter('o')],
        "the token's subject: sessions, logins, journal, tokens",
    )
    .hint("owner")
    .on(TOKENS)
    .unless(App::has_no_subject),
    Entry::new(Command::Revoke, "revoke", &[letter('r')], "revoke the token, or all marked ones")
        .hint("revoke")
        .on(TOKENS)
        .changes()
        .unless(App::cannot_revoke),
    Entry::new(
        Command::RevokeSubject,
        "revoke_subject",
        &[letter('R')],
        "revoke all tokens of the subject, or of the marked ones",
    )
    .hint("revoke all")
    .on(OF_SUBJECTS)
    .changes()
    .unless(App::cannot_revoke_subject),
    Entry::new(Command::Watches, "watches", &[letter('w')], "what came after revocations: clocks, and new tokens")
        .unless(App::watches_nobody),
    Entry::new(Command::LastReport, "last_report", &[letter('L')], "the last report of what was done, and what not")
        .unless(App::has_no_report),
    Entry::new(Command::SwitchRange, "horizon", &[letter('l')], "live tokens, last day, last week, all not revoked")
        .hint("horizon")
        .on(TOKENS)
        .unless(App::cannot_switch_range),
    Entry::new(Command::Down, "down", &[key(KeyCode::Down), letter('j')], "the row below").paired().moves(),
    Entry::new(Command::Up, "up", &[key(KeyCode::Up), letter('k')], "the row above").moves(),
    Entry::new(
        Command::PageDown,
        "page_down",
        &[key(KeyCode::PageDown), Key::control('f'), Key::control('d')],
        "next page",
    )
    .paired()
    .moves(),
    Entry::new(
        Command::PageUp,
        "page_up",
        &[key(KeyCode::PageUp), Key::control('b'), Key::control('u')],
        "previous page",
    )
    .moves(),
    Entry::new(Command::First, "first", &[key(KeyCode::Home), letter('g')], "first row").paired().moves(),
    Entry::new(Command::Last, "last", &[key(KeyCode::End), letter('G')], "last row").moves(),
    Entry::new(Command::GoToNew, "new", &[letter('n')], "next new row").on(LISTS).unless(App::has_nothing_new).moves(),
    Entry::new(Command::Filter, "filter", &[letter('/')], "rows with: word, field:part, age<5m, !not")
        .hint("filter")
        .on(LISTS),
    Entry::new(Command::Sort, "sort", &[letter('s')], "sort by the next column").hint("sort").on(LISTS).paired(),
    Entry::new(Command::ReverseSort, "reverse_sort", &[letter('S')], "turn the order around").on(LISTS),
    Entry::new(Command::Mark, "mark", &[letter(' ')], "mark the row").on(LISTS).unless(App::has_no_row).paired(),
    Entry::new(Command::MarkRange, "mark_range", &[letter('v')], "from the last mark to here")
        .on(LISTS)
        .unless(App::has_no_row)
        .paired(),
    Entry::new(Command::MarkAll, "mark_all", &[letter('*')], "all or none").on(LISTS),
    Entry::new(Command::CopyKey, "copy_key", &[letter('y')], "copy keys").on(LISTS).unless(App::cannot_copy).paired(),
    Entry::new(Command::CopyRow, "copy_row", &[letter('Y')], "copy rows as JSON")
        .on(LISTS)
        .unless(App::cannot_copy)
        .paired(),
    Entry::new(Command::Export, "export", &[letter('e')], "export rows to a file")
        .on(LISTS)
        .unless(App::has_nothing_to_export),
    Entry::new(
        Command::Back,
        "back",
        &[key(KeyCode::Esc), key(KeyCode::Backspace)],
        "drop marks, filter, subject, row: one at a time",
    )
    .moves(),
    Entry::new(Command::Show(Screen::Overview), "overview", &[letter('1')], "overview").moves(),
    Entry::new(Command::Show(Screen::DeviceFlows), "device_flows", &[letter('2')], "device flows").moves(),
    Entry::new(Command::Show(Screen::AuthorizationFlows), "authorization_flows", &[letter('3')], "authorization flows")
        .moves(),
    Entry::new(Command::Show(Screen::Subjects), "subjects", &[letter('4')], "subjects").moves(),
    Entry::new(Command::Show(Screen::Tokens), "tokens", &[letter('5')], "tokens").moves(),
    Entry::new(Command::Show(Screen::Partitions), "partitions", &[letter('6')], "partitions").moves(),
    Entry::new(Command::Show(Screen::Janitor), "janitor", &[letter('7')], "janitor").moves(),
    Entry::new(Command::Show(Screen::Journal), "journal", &[letter('8')], "journal").moves(),
    Entry::new(Command::NextScreen, "next_screen", &[key(KeyCode::Tab), key(KeyCode::Right)], "next screen")
        .paired()
        .moves(),
    Entry::new(
        Command::PreviousScreen,
        "previous_screen",
        &[key(KeyCode::BackTab), key(KeyCode::Left), letter('h')],
        "previous screen",
    )
    .moves(),
    Entry::new(Command::Contexts, "contexts", &[letter('C')], "another of the configured databases")
        .unless(App::cannot_switch_context)
        .moves(),
    Entry::new(Command::Refresh, "refresh", &[key(KeyCode::F(5)), Key::control('r')], "read everything anew, now")
        .paired(),
    Entry::new(Command::Pause, "pause", &[letter('p')], "pause reading, or go on"),
    Entry::new(Command::SwitchTimes, "times", &[letter('t')], "times as ages, in UTC, local"),
    Entry::new(Command::SwitchPrivacy, "privacy", &[letter('P')], "hide who people are, or show it again"),
    Entry::new(Command::SwitchTheme, "theme", &[letter('T')], "other colours").paired().of_the_program(),
    Entry::new(Command::SwitchMouse, "mouse", &[letter('M')], "mouse on or off").of_the_program(),
    Entry::new(Command::Palette, "palette", &[letter(':')], "find any command")
        .hint("commands")
        .paired()
        .of_the_program(),
    Entry::new(Command::Help, "help", &[letter('?'), key(KeyCode::F(1))], "show or hide this help")
        .hint("help")
        .of_the_program(),
    Entry::new(Command::Suspend, "suspend", &[Key::control('z')], "stop until fg")
        .unless(App::cannot_suspend)
        .paired()
        .of_the_program(),
    Entry::new(Command::Quit, "quit", &[letter('q'), Key::control('c')], "leave").hint("quit").of_the_program(),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things_on_one_screen() {
        for screen in Screen::ALL {
            let entries: Vec<&Entry> = COMMANDS.iter().filter(|entry| entry.is_on(*screen)).collect();
            for (index, entry) in entries.iter().enumerate() {
                for other in &entries[index + 1..] {
                    let shared = entry.keys.iter().find(|key| other.keys.contains(key));
                    assert!(shared.is_none(), "{shared:?} gives {:?} and {:?}", entry.command, other.command);
                }
            }
        }
    }

    #[test]
    fn every_screen_is_shown_by_its_digit() {
        for screen in Screen::ALL {
            let entry = super::super::entry(Command::Show(*screen)).expect("a command shows it");
            assert_eq!(entry.keys, [letter(screen.digit())]);
        }
    }

    #[test]
    fn a_name_means_one_command() {
        for (index, entry) in COMMANDS.iter().enumerate() {
            assert!(COMMANDS[index + 1..].iter().all(|other| other.name != entry.name), "{}", entry.name);
        }
    }
}
