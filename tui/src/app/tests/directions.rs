//! Names that run from right to left, on terminals that order the letters of a line by themselves.

use ratatui::TerminalOptions;
use ratatui::Viewport;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use unicode_bidi::BidiInfo;

use super::screens::{SIZES, drawn};
use super::*;

const NAMES: [&str; 5] = ["lhcb:שלום", "ctao:عمر ٤٢", "belle:שלום עולם 7", "שלום:עולם", "lhcb:bob"];

fn with_subjects() -> Harness {
    let mut harness = Harness::new(false);
    harness.key('4');
    let summary = |(name, live): (&&str, u64)| SubjectSummary {
        subject: subject(name),
        live,
        revoked: 3,
        first: Some(at(NOW - 90_000)),
        last: Some(at(NOW - 30_000)),
    };
    let rows = NAMES.iter().zip(11..).map(summary).collect();
    let generation = harness.last_generation();
    harness.answer(Answer::Rows { generation, rows: Rows::Subjects(Ok(page(rows))) });
    harness
}

/// Device flows, where such names stand in one column beside another.
fn with_neighbours() -> Harness {
    let scope = Scope::from_stored("vo:לבה group:משתמש".to_owned());
    let flow = DeviceFlow {
        scope,
        client_id: "לקוח".to_owned(),
        sub: Some("שלום".to_owned()),
        ..flow("BCDFGHJK", FlowStatus::Ready, 60)
    };
    Harness::with_flows(vec![flow])
}

/// The lines that a terminal was given, each with the order in which it would show them.
fn lines(harness: &mut Harness, size: (u16, u16)) -> Vec<(String, String)> {
    let buffer = drawn(harness, size);
    let shown = |y: u16| {
        let line: String = (0..size.0).map(|x| buffer[(x, y)].symbol()).collect();
        let ordered = ordered(&line);
        let plain = |text: &str| text.replace(draw::LEFT_TO_RIGHT, "");
        (plain(&line), plain(&ordered))
    };
    (0..size.1).map(shown).collect()
}

fn ordered(line: &str) -> String {
    let bidi = BidiInfo::new(line, None);
    let paragraph = &bidi.paragraphs[0];
    bidi.reorder_line(paragraph, paragraph.range.clone()).into_owned()
}

#[test]
fn no_column_changes_places_with_another() {
    let runs_left = |letter: char| ('\u{590}'..='\u{8ff}').contains(&letter);
    for screen in [with_subjects, with_neighbours] {
        for size in SIZES {
            let mut harness = screen();
            harness.press(KeyCode::Down);
            let mut turned = 0;
            for (line, ordered) in lines(&mut harness, size) {
                turned += usize::from(line != ordered);
                let places = line.chars().zip(ordered.chars());
                let has_moved = |(there, here): (char, char)| there != here && !(runs_left(there) && runs_left(here));
                assert!(!places.clone().any(has_moved), "{size:?}:\n{line}\n{ordered}");
            }
            assert!(turned > 0, "the names are ordered from right to left at {size:?}");
        }
    }
}

/// Without the marks the numbers would go to the other side of the name, which is what the test above would see.
#[test]
fn a_number_behind_such_a_name_would_be_taken_for_a_part_of_it() {
    let line = "  lhcb:שלום       11    21";
    assert_eq!(ordered(line), "  lhcb:21    11       םולש");
}

#[test]
fn the_marks_reach_the_terminal_and_what_is_pasted_with_them_is_read_without() {
    let mut harness = with_subjects();
    harness.act(Action::Resized { width: 80, height: 24 });
    let mut bytes = Vec::new();
    let viewport = Viewport::Fixed(Rect::new(0, 0, 80, 24));
    let mut terminal = Terminal::with_options(CrosstermBackend::new(&mut bytes), TerminalOptions { viewport })
        .expect("a terminal in memory");
    terminal.draw(|frame| draw::draw(&harness.app, frame)).expect("drawing in memory");
    drop(terminal);
    let written = String::from_utf8(bytes).expect("text");
    assert!(written.contains("lhcb:שלום\u{200e}  "), "{written:?}");
    harness.key('/');
    harness.type_in("שלום\u{200e}");
    assert_eq!(harness.filter(), "שלום");
}
