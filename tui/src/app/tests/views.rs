//! Lists, filters, a lost database, and what fits on which terminal.

use super::*;

#[test]
fn a_lost_database_keeps_its_rows_and_comes_back() {
    let mut harness = Harness::with_flows(vec![flow("BCDFGHJK", FlowStatus::Pending, 60)]);
    harness.now = at(NOW + 7_000);
    harness.flows(Err(lost()));
    harness.now = at(NOW + 9_000);
    harness.flows(Err(lost()));
    let screen = harness.screen(80, 24);
    assert!(screen.contains("no answer for 9s") && screen.contains("from 9s ago"), "{screen}");
    assert!(screen.contains("BCDF-GHJK"), "{screen}");
    harness.press(KeyCode::Down);
    harness.key('d');
    assert!(harness.app.dialog.is_none() && harness.notice().contains("does not answer"), "{}", harness.notice());
    harness.flows(Ok(page(Vec::new())));
    let screen = harness.screen(80, 24);
    assert!(!screen.contains("LOST") && screen.contains("The database is back"), "{screen}");
}

#[test]
fn a_filter_is_asked_for_as_it_is_typed_and_escape_clears_it() {
    let mut harness = Harness::with_flows(vec![flow("BCDFGHJK", FlowStatus::Pending, 60)]);
    harness.key('/');
    harness.type_in("dq");
    let narrowed = Query::DeviceFlows(FlowFilter::containing("dq"));
    assert!(matches!(harness.effects.last(), Some(Effect::Fetch { query, .. }) if *query == narrowed));
    assert!(harness.changes().is_empty() && harness.app.dialog.is_none(), "typed letters are no commands");
    harness.press(KeyCode::Enter);
    assert_eq!((harness.app.mode(), harness.filter()), (Mode::Browsing, "dq"));
    harness.press(KeyCode::Esc);
    assert_eq!(harness.filter(), "");
}

#[test]
fn screens_in_the_background_are_read_less_often() {
    let mut harness = Harness::new(false);
    harness.act(Action::Tick);
    let questions = |harness: &Harness| harness.effects.iter().filter(|it| matches!(it, Effect::Fetch { .. })).count();
    assert_eq!(questions(&harness), 4);
    for rows in [Rows::DeviceFlows(Ok(page(Vec::new()))), Rows::Subjects(Ok(page(Vec::new())))] {
        harness.answer(Answer::Rows { generation: 1, rows });
    }
    harness.now = at(NOW + 2_000);
    harness.act(Action::Tick);
    assert_eq!(questions(&harness), 5, "only the screen in view is due after two seconds");
    harness.now = at(NOW + 4_000);
    harness.act(Action::Tick);
    assert_eq!(questions(&harness), 5, "nothing is asked twice while an answer is awaited");
}

#[test]
fn enter_opens_the_tokens_of_a_subject_and_escape_returns() {
    let mut harness = Harness::new(false);
    harness.key('4');
    let summary = SubjectSummary { subject: subject("lhcb:alice"), live: 2, revoked: 0, first: None, last: None };
    let generation = harness.last_generation();
    harness.answer(Answer::Rows { generation, rows: Rows::Subjects(Ok(page(vec![summary]))) });
    harness.press(KeyCode::Down);
    harness.press(KeyCode::Enter);
    assert_eq!((harness.app.screen, &harness.app.selection), (Screen::Tokens, &TokenView::Of(subject("lhcb:alice"))));
    assert!(harness.screen(80, 24).contains("All tokens of lhcb:alice"));
    harness.press(KeyCode::Esc);
    assert_eq!(harness.app.screen, Screen::Subjects);
    assert!(harness.app.subjects.selected().is_some(), "the cursor is where it was");
}

#[test]
fn a_defect_ends_the_program() {
    let mut harness = Harness::new(false);
    harness.answer(Answer::Defect("index out of bounds".to_owned()));
    assert_eq!((harness.effects.last(), harness.app.defect.is_some()), (Some(&Effect::Quit), true));
}

#[test]
fn every_screen_and_dialog_is_drawn_at_any_size() {
    let mut harness = Harness::with_flows(vec![flow("BCDFGHJK", FlowStatus::Pending, 60)]);
    harness.press(KeyCode::Down);
    for opening in ["", "2", "3", "4", "5", "?", "a", "d", "/"] {
        harness.type_in(opening);
        for (width, height) in [(1, 1), (3, 2), (20, 5), (50, 15), (80, 24), (200, 60)] {
            harness.screen(width, height);
        }
        harness.press(KeyCode::Esc);
        harness.key('2');
    }
}

#[test]
fn a_question_shows_its_keys_however_low_the_terminal_is() {
    let mut harness = Harness::with_tokens(vec![token(TokenStatus::Created, "lhcb:alice")]);
    harness.press(KeyCode::Down);
    harness.key('r');
    let token = token(TokenStatus::Created, "lhcb:alice");
    harness.planned(SessionPlan::revoke(vec![token], &[], at(NOW), &Policy::default()));
    let screen = harness.screen(50, 10);
    assert!(screen.contains("y revoke it") && screen.contains("↓ more"), "{screen}");
    (0..50).for_each(|_| harness.press(KeyCode::Down));
    let screen = harness.screen(50, 10);
    assert!(screen.contains("status.") && !screen.contains("↓ more"), "{screen}");
    harness.press(KeyCode::Up);
    assert!(!harness.screen(50, 10).contains("status."), "the last line is one step away again");
}

#[test]
fn time_left_has_a_bar_where_the_terminal_is_wide() {
    let mut harness =
        Harness::with_flows(vec![flow("BBBBBBBB", FlowStatus::Pending, 300), flow("CCCCCCCC", FlowStatus::Error, 300)]);
    assert!(harness.screen(120, 24).contains("██▌       5m"));
    let screen = harness.screen(80, 24);
    assert!(screen.contains("5m") && !screen.contains('█'), "{screen}");
}

#[test]
fn hostile_text_neither_escapes_nor_shifts_columns() {
    let mut hostile = flow("BCDFGHJK", FlowStatus::Pending, 60);
    hostile.client_id = "\u{1b}]52;c;ZXZpbA==\u{7}\u{202e}evil\n\u{1b}[2J".repeat(20);
    hostile.scope = Scope::from_stored("vo:山田山田 group:\u{1b}[31mred".to_owned());
    let mut harness = Harness::with_flows(vec![hostile, flow("XXXXXXXX", FlowStatus::Pending, 60)]);
    let screen = harness.screen(80, 24);
    assert!(!screen.chars().any(|character| character.is_control() && character != '\n'), "{screen:?}");
    assert!(!screen.contains('\u{202e}'));
    // Behind the closing quote the back end lists what wide characters hide.
    let rows = screen.lines().filter_map(|line| line.split('"').nth(1));
    let widths: Vec<usize> = rows.map(unicode_width::UnicodeWidthStr::width).collect();
    assert!(widths.iter().all(|width| *width == widths[0]), "{widths:?}");
}

#[test]
fn enter_shows_every_field_whole_and_offers_what_can_be_done() {
    let mut long = flow("BCDFGHJK", FlowStatus::Pending, 60);
    long.client_id = "client-".repeat(30);
    let mut harness = Harness::with_flows(vec![long]);
    harness.press(KeyCode::Enter);
    assert!(harness.app.dialog.is_none() && harness.notice().contains("Choose a row"));
    harness.press(KeyCode::Down);
    harness.press(KeyCode::Enter);
    let screen = harness.screen(80, 40);
    let letters: String = screen.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '-').collect();
    assert!(letters.contains(&"client-".repeat(30)), "{screen}");
    assert!(screen.contains("(1m ago)") && screen.contains("d deny"), "{screen}");
    harness.key('d');
    assert!(harness.screen(80, 24).contains("Deny BCDF-GHJK"));
}

#[test]
fn sorting_names_its_column_and_goes_round() {
    let mut harness =
        Harness::with_flows(vec![flow("BBBBBBBB", FlowStatus::Done, 60), flow("CCCCCCCC", FlowStatus::Pending, 9)]);
    let first = |harness: &mut Harness| {
        let screen = harness.screen(80, 24);
        let place = |code| screen.find(code).expect("both are shown");
        if place("BBBB-BBBB") < place("CCCC-CCCC") { 'B' } else { 'C' }
    };
    assert_eq!(first(&mut harness), 'B');
    harness.key('s');
    harness.key('s');
    assert!(harness.screen(80, 24).contains("STATE↑"));
    assert_eq!(first(&mut harness), 'C', "what is pending comes before what is done");
    harness.key('S');
    assert!(harness.screen(80, 24).contains("STATE↓"));
    assert_eq!(first(&mut harness), 'B');
    (0..8).for_each(|_| harness.key('s'));
    let screen = harness.screen(80, 24);
    let heads = screen.lines().find(|line| line.contains("CODE")).expect("the columns have heads");
    assert!(!heads.contains(['↑', '↓']), "after the last column the order is the database's: {heads}");
}

#[test]
fn marks_are_counted_and_escape_takes_them_away_first() {
    let codes = ["BBBBBBBB", "CCCCCCCC", "DDDDDDDD"];
    let mut harness = Harness::with_flows(codes.map(|code| flow(code, FlowStatus::Pending, 60)).to_vec());
    harness.press(KeyCode::Down);
    harness.key(' ');
    harness.press(KeyCode::Down);
    harness.key('v');
    assert!(harness.screen(80, 24).contains("3 marked"));
    let keys = codes.map(|code| UserCode::from_stored(code.to_owned()));
    assert_eq!(harness.app.device_flows.targets(), keys);
    harness.flows(Ok(page(vec![flow("CCCCCCCC", FlowStatus::Pending, 60)])));
    assert!(harness.screen(80, 24).contains("3 marked, 2 of them not shown"));
    harness.press(KeyCode::Esc);
    assert!(!harness.screen(80, 24).contains("marked"));
    harness.key('*');
    assert!(harness.screen(80, 24).contains("1 marked"));
}

#[test]
fn the_horizon_of_the_tokens_steps_through_all_and_is_named() {
    let mut harness = Harness::new(false);
    harness.key('5');
    for title in
        ["Live tokens", "Tokens of the last day", "Tokens of the last week", "All tokens not revoked", "Live tokens"]
    {
        let screen = harness.screen(80, 24);
        assert!(screen.contains(title), "{title}: {screen}");
        harness.key('l');
    }
    harness.app.selection = TokenView::LastWeek;
    harness.key('l');
    let asked = harness.effects.iter().rev().find_map(|effect| match effect {
        Effect::Fetch { query: Query::Tokens(filter), .. } => Some(filter),
        _ => None,
    });
    let filter = asked.expect("the tokens are read anew");
    assert_eq!((filter.status.clone(), filter.liveness), (None, Some(LivenessFilter::NotRevoked)));
}

#[test]
fn a_list_whose_time_was_up_says_that_it_was_not_searched_to_its_end() {
    let mut harness = Harness::new(false);
    harness.flows(Ok(Page {
        is_cut_short: true,
        has_more: true,
        ..page(vec![flow("BCDFGHJK", FlowStatus::Pending, 60)])
    }));
    assert!(harness.screen(80, 24).contains("1; time was up, not all was searched"));
    harness.flows(Ok(page(vec![flow("BCDFGHJK", FlowStatus::Pending, 60)])));
    assert!(!harness.screen(80, 24).contains("time was up"));
}
