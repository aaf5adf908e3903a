//! Hostile text in every column that holds text: it stays in its cell, and none of it reaches the terminal as it is.

use std::time::Duration;

use authdb_tests::World;

use crate::program::Program;
use crate::terminal::{DOWN, ESC, Terminal, contains};
use crate::view::View;
use crate::world;

/// Text that would move the cursor, set the clipboard, ask the terminal something, reorder, widen or stretch a row.
const HOSTILE: [&str; 9] = [
    "\x1b[5;5Hpwned\x1b[31;45m",
    "\x1b]52;c;cHduZWQ=\x07",
    "\x1b]0;pwned\x1b\\\x1b[6n\x1bP$q\x1b\\",
    "\u{9b}31mpwned\u{9d}52;c;\u{9c}",
    "admin\u{202e}nimda\u{2066}x\u{2069}\u{200b}",
    "山田太郎山田太郎山田太郎山田太郎",
    "first\r\nsecond\tthird\x08\x7f\x0e",
    "e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}👩‍👩‍👧‍👦🇩🇪",
    "\u{feff}\u{e0041}\u{fff9}\u{2028}",
];

/// Rows with hostile text in every text column; those of the lists' keys among them. All are pending, live or ready.
async fn seed(world: &World) {
    let long = "x".repeat(1000);
    let texts = HOSTILE.into_iter().chain([long.as_str()]);
    for (index, text) in texts.enumerate() {
        let quoted = text.replace('\'', "''");
        let id_token = serde_json::json!({ "sub": text }).to_string().replace('\'', "''");
        let token = world.add_token("CREATED", &format!("lhcb:{text}"), Duration::from_mins(1)).await;
        let key = token.to_string().replace('-', "");
        world
            .execute(&format!(
                "INSERT INTO DeviceFlows (UserCode, Status, ClientID, Scope, DeviceCode, IDToken) VALUES \
                 ('code{index}', 'READY', '{quoted}', 'vo:lhcb group:{quoted}', 'digest {index}', '{id_token}'), \
                 ('{quoted}', 'READY', 'client', 'vo:{quoted} {quoted}', 'second {index}', 'no JSON {quoted}'), \
                 ('odd {index}', '{quoted}', 'client', 'vo:lhcb', 'third {index}', NULL); \
                 INSERT INTO AuthorizationFlows (UUID, Status, ClientID, Scope, CodeChallenge, CodeChallengeMethod, \
                 RedirectURI, IDToken) VALUES ('{key}', 'READY', '{quoted}', 'vo:lhcb group:{quoted}', '{quoted}', \
                 'S256', '{quoted}', '{id_token}'); \
                 UPDATE RefreshTokens SET Scope = 'vo:lhcb group:{quoted}' WHERE JTI = '{key}'"
            ))
            .await;
    }
}

/// Asserts that in every row of the list each of these columns begins where its head stands, with one of its words.
#[track_caller]
fn is_aligned(terminal: &Terminal, rows: usize, columns: &[(&str, &[&str])]) {
    terminal.wait_until("the rows stand below their heads", |view| {
        let Some((head, _)) = view.position(columns[0].0) else { return false };
        columns.iter().all(|(title, words)| {
            let Some((_, column)) = view.position(title) else { return false };
            (head + 1..=head + rows).all(|row| words.iter().any(|word| view.text_from(row, column).starts_with(word)))
        })
    });
}

/// Walks over every row, so that the details of each are shown too.
fn visit_all_rows(terminal: &Terminal, count: usize) {
    for _ in 0..count {
        let before = terminal.wait_for("quit").selected_line();
        terminal.type_keys(DOWN);
        terminal.wait_until("the cursor has moved", |view| {
            view.selected_line().is_some() && view.selected_line() != before
        });
    }
}

#[tokio::test]
async fn hostile_text_stays_in_its_cell() {
    let world = world().await;
    seed(&world).await;
    // High enough for all rows, since a list that scrolls would be another matter.
    let terminal = Program::on(world.database.url()).size(100, 50).start_on_device_flows();
    terminal.wait_for("Device flows 30");
    is_aligned(&terminal, 30, &[("STATE", &["ready ", "unknown "])]);
    visit_all_rows(&terminal, 29);
    terminal.type_and_wait("3", "Authorization flows 10");
    is_aligned(&terminal, 10, &[("STATE", &["ready "]), ("VO ", &["lhcb   "])]);
    visit_all_rows(&terminal, 9);
    terminal.type_and_wait("4", "Subjects with live tokens 10");
    is_aligned(&terminal, 10, &[("SUBJECT", &["lhcb:"]), ("LIVE", &["   1"])]);
    visit_all_rows(&terminal, 9);
    terminal.type_and_wait("5", "Live tokens 10");
    is_aligned(&terminal, 10, &[("STATE", &["live "]), ("SUBJECT", &["lhcb:"]), ("TOKEN", &["…"])]);
    visit_all_rows(&terminal, 9);
    for key in ["r", "R"] {
        terminal.type_keys(key);
        terminal.wait_until("a question is asked", View::asks);
        terminal.type_keys(ESC);
        terminal.wait_until("the question is withdrawn", |view| !view.asks());
    }
    terminal.type_keys("q");
    let ended = terminal.exit().leaves_whole(0);
    emits_nothing_hostile(&ended.output);
}

/// Everything that was written is text, or one of the sequences by which the dashboard draws.
#[track_caller]
fn emits_nothing_hostile(output: &[u8]) {
    let text = String::from_utf8(output.to_vec()).expect("the program writes UTF-8");
    // The title of the window is the program's own.
    let text = text.replace("\x1b]0;authdb\x07", "");
    // So is a question that it may ask the terminal while it starts.
    let text = text.replacen("\x1b[?1049h\x1b[?25l\x1b[6n", "", 1);
    let mut rest = text.as_str();
    while let Some(start) = rest.find('\x1b') {
        let (before, sequence) = rest.split_at(start);
        is_plain(before);
        let Some(body) = sequence.strip_prefix("\x1b[") else { panic!("{:?}…", sequence.get(..20)) };
        let length = body.find(|letter: char| letter.is_ascii_alphabetic()).expect("the sequence ends");
        let is_ours = body[..length].chars().all(|letter| letter.is_ascii_digit() || ";?".contains(letter))
            && ["H", "m", "h", "l", "J", "K"].contains(&&body[length..=length]);
        assert!(is_ours, "a strange sequence: {:?}", &body[..=length]);
        rest = &body[length + 1..];
    }
    is_plain(rest);
    for part in ["pwned\x1b[31;45m", "\x1b[31;45m", "\x1b[5;5Hpwned", "cHduZWQ=\x07"] {
        assert!(!contains(output, part.as_bytes()), "{part:?} was written");
    }
}

#[track_caller]
fn is_plain(text: &str) {
    let treacherous = ['\u{202e}', '\u{2066}', '\u{2069}', '\u{200b}', '\u{200d}', '\u{feff}', '\u{2028}', '\u{fff9}'];
    let bad = text.chars().find(|letter| letter.is_control() || treacherous.contains(letter));
    assert_eq!(bad, None, "in {text:?}");
}
