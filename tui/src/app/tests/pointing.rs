//! The mouse: what a click does, and what it never does.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

use super::*;

impl Harness {
    fn mouse(&mut self, kind: MouseEventKind, (column, row): (u16, u16)) {
        let event = MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE };
        if let Some(action) = keymap::action(&self.app, &Event::Mouse(event)) {
            self.act(action);
        }
    }

    /// Clicks on a text where it stands on the screen.
    fn click_on(&mut self, text: &str) {
        let at = self.place_of(text);
        self.mouse(MouseEventKind::Down(MouseButton::Left), at);
    }

    /// Where a text stands on the screen of 80 columns and 24 rows, by what is drawn.
    fn place_of(&mut self, text: &str) -> (u16, u16) {
        let screen = self.screen(80, 24);
        let lines = screen.lines().map(|line| line.trim_start_matches('"'));
        let found = lines.enumerate().find_map(|(row, line)| {
            let cells = line.find(text).map(|byte| line[..byte].chars().count())?;
            Some((u16::try_from(cells).ok()?, u16::try_from(row).ok()?))
        });
        found.unwrap_or_else(|| panic!("{text} is nowhere:\n{screen}"))
    }
}

/// On three device flows, with the mouse taken.
fn with_mouse() -> Harness {
    let codes = ["BCDFGHJK", "CDFGHJKL", "DFGHJKLM"];
    let flows = codes.iter().zip(1..).map(|(code, age)| flow(code, FlowStatus::Pending, 300 - 60 * age)).collect();
    let mut harness = Harness::with_flows(flows);
    harness.key('M');
    harness
}

fn code_at_cursor(harness: &Harness) -> Option<String> {
    harness.app.device_flows.selected().map(|flow| flow.user_code.to_string())
}

#[test]
fn the_mouse_is_the_terminals_until_it_is_taken() {
    let mut harness = Harness::with_flows(vec![flow("BCDFGHJK", FlowStatus::Pending, 60)]);
    harness.click_on("BCDF-GHJK");
    assert_eq!(code_at_cursor(&harness), None);
    harness.key('M');
    assert_eq!(harness.effects.last(), Some(&Effect::TakeMouse(Mouse::Taken)));
    assert!(harness.says("M leaves it to the terminal, to select text."));
    harness.click_on("BCDF-GHJK");
    assert_eq!(code_at_cursor(&harness).as_deref(), Some("BCDF-GHJK"));
    harness.key('M');
    assert_eq!(harness.effects.last(), Some(&Effect::TakeMouse(Mouse::Left)));
    harness.click_on("5 Tok");
    assert_eq!(harness.app.screen, Screen::DeviceFlows);
}

#[test]
fn a_click_on_any_letter_of_a_tab_shows_its_screen() {
    for (width, tab, screen) in [(80, "5 Tok", Screen::Tokens), (200, "6 Partitions", Screen::Partitions)] {
        let mut harness = with_mouse();
        let drawn = harness.screen(width, 24);
        let line = drawn.lines().nth(1).expect("the tabs").trim_start_matches('"').to_owned();
        let x = u16::try_from(line.find(tab).expect("it is there")).expect("within the terminal");
        for x in [x, x + u16::try_from(tab.len()).expect("it is short") - 1] {
            harness.app.screen = Screen::DeviceFlows;
            harness.screen(width, 24);
            harness.mouse(MouseEventKind::Down(MouseButton::Left), (x, 1));
            assert_eq!(harness.app.screen, screen, "{line}");
        }
        harness.app.screen = Screen::DeviceFlows;
        harness.mouse(MouseEventKind::Down(MouseButton::Left), (0, 1));
        assert_eq!(harness.app.screen, Screen::DeviceFlows, "before the first tab there is none");
    }
}

#[test]
fn a_click_on_a_head_sorts_and_another_turns_the_order_around() {
    let mut harness = with_mouse();
    let first = |harness: &Harness| harness.app.device_flows.shown_at(0).map(|flow| flow.user_code.to_string());
    harness.click_on("CODE");
    assert!(harness.screen(80, 24).contains("CODE↑"));
    harness.click_on("CODE");
    assert!(harness.screen(80, 24).contains("CODE↓"));
    assert_eq!(first(&harness).as_deref(), Some("DFGH-JKLM"));
    harness.click_on("AGE");
    assert!(harness.screen(80, 24).contains("AGE↑"));
}

#[test]
fn a_click_chooses_the_row_that_is_drawn_there_and_a_second_one_opens_it() {
    let mut harness = with_mouse();
    harness.app.lost = Some(Lost { since: at(NOW), reason: "it moves every line".to_owned() });
    harness.click_on("DFGH-JKLM");
    assert_eq!(code_at_cursor(&harness).as_deref(), Some("DFGH-JKLM"));
    harness.click_on("CDFG-HJKL");
    assert_eq!(code_at_cursor(&harness).as_deref(), Some("CDFG-HJKL"));
    assert!(harness.app.dialog.is_none());
    harness.click_on("CDFG-HJKL");
    assert!(matches!(harness.app.dialog, Some(Dialog::Details)));
    harness.mouse(MouseEventKind::Down(MouseButton::Left), (0, 0));
    assert!(harness.app.dialog.is_none(), "what can only be read is closed by a click");
    harness.mouse(MouseEventKind::Down(MouseButton::Left), (5, 15));
    assert_eq!(code_at_cursor(&harness).as_deref(), Some("CDFG-HJKL"), "below the last row there is none");
}

#[test]
fn rows_are_found_where_a_long_list_is_scrolled_to() {
    let letters = "BCDFGHJKLM";
    let code = |index: usize| -> String {
        [index / 10, index % 10].iter().map(|digit| letters[*digit..=*digit].repeat(4)).collect()
    };
    let flows = (0..60).map(|index| flow(&code(index), FlowStatus::Pending, 60)).collect();
    let mut harness = Harness::with_flows(flows);
    harness.type_in("MG");
    let screen = harness.screen(80, 24);
    let shown = screen.lines().nth(6).and_then(|line| line.get(3..12)).expect("a row").to_owned();
    harness.mouse(MouseEventKind::Down(MouseButton::Left), (40, 6));
    assert_eq!(code_at_cursor(&harness).as_deref(), Some(shown.as_str()), "{screen}");
}

#[test]
fn the_wheel_moves_through_rows_and_dialogs() {
    let mut harness = with_mouse();
    harness.mouse(MouseEventKind::ScrollDown, (40, 10));
    harness.mouse(MouseEventKind::ScrollDown, (40, 10));
    assert_eq!(code_at_cursor(&harness).as_deref(), Some("DFGH-JKLM"));
    harness.mouse(MouseEventKind::ScrollUp, (40, 10));
    assert_eq!(code_at_cursor(&harness).as_deref(), Some("BCDF-GHJK"));
    harness.screen(80, 12);
    harness.key('?');
    harness.mouse(MouseEventKind::ScrollDown, (40, 10));
    assert_eq!(harness.app.dialog_scroll, 1);
}

#[test]
fn no_click_and_no_wheel_answers_a_question() {
    let mut harness = with_mouse();
    harness.press(KeyCode::Down);
    harness.key('d');
    harness.planned(SessionPlan::deny(vec![flow("BCDFGHJK", FlowStatus::Pending, 60)], at(NOW), &Policy::default()));
    for y in 0..24 {
        for x in 0..80 {
            harness.mouse(MouseEventKind::Down(MouseButton::Left), (x, y));
        }
        harness.mouse(MouseEventKind::Down(MouseButton::Right), (40, y));
        harness.mouse(MouseEventKind::ScrollDown, (40, y));
    }
    assert!(harness.changes().is_empty() && matches!(harness.app.dialog, Some(Dialog::Plan(_))));
    harness.press(KeyCode::Esc);
    harness.type_in("/bcdf");
    harness.click_on("5 Tok");
    assert_eq!((harness.app.screen, harness.filter()), (Screen::DeviceFlows, "bcdf"), "a field is not taken away");
}
