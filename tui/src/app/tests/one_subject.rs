//! One subject: what stands above its tokens, when it is read, and how it gives way on small terminals.

use authdb_shared::db::{AdminAction, OneSubject, Outcome};
use authdb_shared::ids::FlowId;
use authdb_shared::rotation::chains;

use super::*;
use crate::look::{SeenOfSubject, Sessions, SubjectFlows, SubjectLook};
use crate::table::Row as _;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

fn token_of(minutes_ago: i64, status: TokenStatus, group: &str) -> RefreshToken {
    RefreshToken {
        jti: Jti::issue(at(NOW - minutes_ago * 60_000), &mut clock::randomness()),
        scope: Scope::from_stored(format!("vo:lhcb group:{group}")),
        ..token(status, "lhcb:alice")
    }
}

/// A session that lives, one that expired and one that was revoked.
fn tokens() -> Vec<RefreshToken> {
    vec![
        token_of(1, TokenStatus::Created, "lhcb_user"),
        token_of(21, TokenStatus::Revoked, "lhcb_user"),
        token_of(41, TokenStatus::Revoked, "lhcb_user"),
        token_of(90, TokenStatus::Created, "lhcb_production_manager"),
        token_of(300, TokenStatus::Revoked, "lhcb_user"),
    ]
}

pub(super) fn sessions(tokens: &[RefreshToken], live: u64, revoked: u64) -> Sessions {
    let lately = SubjectSummary { subject: subject("lhcb:alice"), live, revoked, first: None, last: None };
    let one = OneSubject {
        lately,
        revocable: live,
        has_more_revocable: false,
        first_seen: Some(at(NOW - 40 * 86_400_000)),
        last_seen: Some(at(NOW - 60_000)),
        now: at(NOW),
    };
    Sessions { one, chains: chains(tokens, &Policy::default()), undated: 0, is_whole: true }
}

pub(super) fn flows() -> SubjectFlows {
    let ready = DeviceFlow { sub: Some("alice".to_owned()), ..flow("BCDFGHJK", FlowStatus::Ready, 60) };
    let browser = AuthorizationFlow {
        id: FlowId::from_stored("01a22ee6b0007abc800000000000000f".to_owned()),
        status: FlowStatus::Done,
        created: Some(at(NOW - 300_000)),
        client_id: "dirac-web".to_owned(),
        scope: Scope::from_stored("vo:lhcb group:lhcb_prmgr".to_owned()),
        redirect_uri: "https://dirac.example/auth".to_owned(),
        sub: Some("alice".to_owned()),
    };
    SubjectFlows { device: page(vec![ready]), browser: page(vec![browser]) }
}

pub(super) fn journal() -> Page<AdminAction> {
    let action = |id, hours: i64| AdminAction {
        id,
        time: Some(at(NOW - hours * 3_600_000)),
        actor: "hanna".to_owned(),
        account: "operator".to_owned(),
        host: "desk".to_owned(),
        action: "revoke-subject".to_owned(),
        target: "lhcb:alice".to_owned(),
        reason: "laptop stolen".to_owned(),
        outcome: Outcome::Done,
        details: serde_json::json!({ "tokens": 2 }),
    };
    page(vec![action(9, 5), action(8, 50)])
}

impl Harness {
    /// The tokens of `lhcb:alice`, opened from the list.
    pub(super) fn with_subject(tokens: Vec<RefreshToken>) -> Self {
        let mut harness = Self::with_tokens(vec![token(TokenStatus::Created, "lhcb:alice")]);
        harness.press(KeyCode::Down);
        harness.key('o');
        assert_eq!(harness.app.subject_in_view(), Some(&subject("lhcb:alice")));
        let generation = harness.last_generation();
        harness.answer(Answer::Rows { generation, rows: Rows::Tokens(Ok(page(tokens))) });
        harness
    }

    /// The generation of the last question about this of the subject.
    fn asked(&self, wanted: SubjectLook) -> u64 {
        let asked = self.effects.iter().rev().find_map(|effect| match effect {
            Effect::LookAtSubject { generation, look, .. } if *look == wanted => Some(*generation),
            _ => None,
        });
        asked.expect("it was asked for")
    }

    pub(super) fn see_of(&mut self, look: SubjectLook, seen: SeenOfSubject) {
        let generation = self.asked(look);
        self.answer(Answer::SeenOfSubject { generation, seen });
    }

    fn see_all(&mut self, sessions: Sessions) {
        self.see_of(SubjectLook::Sessions, SeenOfSubject::Sessions(Ok(Some(sessions))));
        self.see_of(SubjectLook::Flows, SeenOfSubject::Flows(Ok(flows())));
        self.see_of(SubjectLook::Journal, SeenOfSubject::Journal(Ok(Some(journal()))));
    }
}

fn line(screen: &str, part: &str) -> String {
    let found = screen.lines().find(|line| line.contains(part));
    found.unwrap_or_else(|| panic!("no line has {part}: {screen}")).to_owned()
}

#[test]
fn sessions_logins_and_journal_stand_above_the_tokens_at_every_ordinary_size() {
    let mut harness = Harness::with_subject(tokens());
    harness.see_all(sessions(&tokens(), 1, 2));
    for (width, height) in SIZES {
        let screen = harness.screen(width, height);
        let seen = "lhcb:alice  VO lhcb  first seen 40d0h, last 1m ago  2 rotations/h";
        assert!(screen.contains(seen), "{screen}");
        assert!(screen.contains("Likely sessions: 1 of 3 live"), "{screen}");
        let live = line(&screen, "live, 59m left");
        assert!(live.contains("lhcb_user") && live.contains("3 tokens") && live.contains("•─"), "{live}");
        assert!(live.contains('▶'), "{live}");
        assert!(line(&screen, "Likely sessions").contains("2h ago"), "the line of time says when it begins: {screen}");
        assert!(line(&screen, "expired 30m ago").contains("lhcb_production_manager"), "{screen}");
        let login = line(&screen, "Logins");
        assert!(login.contains("device BCDF-GHJK  ready, 9m left  lhcb_user"), "{login}");
        assert!(screen.contains("  Journal   5h ago  revoke-subject done by hanna: laptop stolen"), "{screen}");
        assert!(screen.contains("All tokens of lhcb:alice 5"), "{screen}");
        let rows = screen.lines().filter_map(|line| line.split('"').nth(1));
        assert!(rows.into_iter().all(|row| unicode_width::UnicodeWidthStr::width(row) == usize::from(width)));
    }
    let low = harness.screen(80, 18);
    assert!(line(&low, "Likely sessions").contains("+1 more"), "{low}");
    let low = harness.screen(80, 24);
    assert!(low.contains("laptop stolen  +1 more"), "what there is no line for is counted: {low}");
    let high = harness.screen(120, 40);
    assert!(high.contains("revoked, issued 5h ago"), "{high}");
    assert!(high.contains("browser …00000000000f  done, begun 5m ago  lhcb_prmgr  dirac-web"), "{high}");
    assert!(high.contains("2d2h ago  revoke-subject") && !high.contains("more"), "{high}");
}

#[test]
fn a_small_terminal_has_its_lines_for_the_list_and_nothing_is_read_in_vain() {
    let mut harness = Harness::with_subject(tokens());
    harness.see_all(sessions(&tokens(), 1, 2));
    for (width, height) in [(50, 15), (80, 17), (50, 40)] {
        let screen = harness.screen(width, height);
        assert!(!screen.contains("sessions") && !screen.contains("Logins"), "{screen}");
        assert!(screen.contains("All tokens of lhcb:alice"), "{screen}");
    }
    harness.effects.clear();
    harness.now = at(NOW + 60_000);
    harness.act(Action::Tick);
    assert!(!harness.effects.iter().any(|effect| matches!(effect, Effect::LookAtSubject { .. })));
    harness.screen(80, 24);
    harness.act(Action::Tick);
    let asked = harness.effects.iter().filter(|effect| matches!(effect, Effect::LookAtSubject { .. })).count();
    assert_eq!(asked, 3, "what came into view is read");
}

#[test]
fn what_is_odd_about_a_subject_is_said_at_the_top() {
    let mut harness = Harness::with_subject(tokens());
    harness.see_all(sessions(&tokens(), 1, 200));
    for (width, height) in SIZES {
        let screen = harness.screen(width, height);
        let (sentence, name) = (screen.find("! 200 tokens of the last 1h"), screen.find("first seen"));
        assert!(sentence.is_some() && sentence < name, "{screen}");
        assert!(screen.contains("sessions were revoked."), "whole: {screen}");
        assert!(screen.contains("live, 59m left"), "{screen}");
    }
}

#[test]
fn a_name_as_long_as_a_key_is_shown_whole_on_a_line_of_its_own() {
    let name = "lhcb:b824d4dc-1f9d-4ee8-8df5-c0ae55d46041";
    let mut harness = Harness::with_tokens(vec![token(TokenStatus::Created, name)]);
    harness.press(KeyCode::Down);
    harness.key('o');
    let mut long = sessions(&tokens(), 1, 2);
    long.one.lately.subject = subject(name);
    harness.see_all(long);
    let screen = harness.screen(80, 24);
    let rows: Vec<&str> = screen.lines().collect();
    let place = rows.iter().position(|row| row.contains(&format!("\"  {name}   "))).expect("its name");
    assert!(rows[place + 1].contains("\"  VO lhcb  first seen 40d0h, last 1m ago  2 rotations/h"), "{screen}");
}

#[test]
fn the_rows_below_stay_where_they_are_whatever_is_read() {
    let mut harness = Harness::with_subject(tokens());
    let place = |harness: &mut Harness| {
        let screen = harness.screen(80, 24);
        screen.lines().position(|line| line.contains("All tokens of")).expect("the list has a title")
    };
    let before = place(&mut harness);
    assert!(harness.screen(80, 24).contains("reading…"));
    harness.see_all(sessions(&tokens(), 1, 200));
    assert_eq!(place(&mut harness), before);
    harness.see_all(sessions(&[], 0, 0));
    assert_eq!(place(&mut harness), before);
}

#[test]
fn an_answer_about_another_subject_is_dropped() {
    let mut harness = Harness::with_subject(tokens());
    let generation = harness.asked(SubjectLook::Sessions);
    harness.press(KeyCode::Esc);
    assert_eq!(harness.app.screen, Screen::Subjects);
    let seen = SeenOfSubject::Sessions(Ok(Some(sessions(&tokens(), 1, 2))));
    harness.answer(Answer::SeenOfSubject { generation, seen });
    assert!(harness.app.subject.sessions.value.is_none());
}

#[test]
fn what_cannot_be_read_says_so_and_what_was_read_stays() {
    let mut harness = Harness::with_subject(tokens());
    harness.see_of(SubjectLook::Flows, SeenOfSubject::Flows(Err(DbError::ReadOnly)));
    harness.see_of(SubjectLook::Journal, SeenOfSubject::Journal(Ok(None)));
    harness.see_of(SubjectLook::Sessions, SeenOfSubject::Sessions(Ok(None)));
    let screen = harness.screen(80, 24);
    assert!(line(&screen, "Logins").contains("not read: "), "{screen}");
    assert!(line(&screen, "Journal   ").contains("no journal here"), "{screen}");
    assert!(screen.contains("no token of it is kept"), "{screen}");
    harness.see_of(SubjectLook::Sessions, SeenOfSubject::Sessions(Ok(Some(sessions(&tokens(), 1, 2)))));
    harness.see_of(SubjectLook::Sessions, SeenOfSubject::Sessions(Err(lost())));
    let screen = harness.screen(120, 40);
    assert!(screen.contains("live, 59m left") && screen.contains("from 0s ago: listing: no connection"), "{screen}");
    harness.see_of(SubjectLook::Journal, SeenOfSubject::Journal(Err(lost())));
    let screen = harness.screen(120, 40);
    assert!(screen.contains("Journal   no journal here"), "what was read last stays: {screen}");
}

#[test]
fn what_was_not_searched_is_said_also_where_nothing_was_found() {
    let mut harness = Harness::with_subject(tokens());
    let cut = SubjectFlows {
        device: Page { is_cut_short: true, has_more: true, ..page(Vec::new()) },
        browser: page(Vec::new()),
    };
    harness.see_of(SubjectLook::Flows, SeenOfSubject::Flows(Ok(cut)));
    let searched = Page { is_cut_short: true, ..page(Vec::new()) };
    harness.see_of(SubjectLook::Journal, SeenOfSubject::Journal(Ok(Some(searched))));
    let screen = harness.screen(80, 24);
    assert!(line(&screen, "Logins").contains("time was up, and not all were searched"), "{screen}");
    assert!(line(&screen, "Journal   ").contains("older entries are not searched"), "{screen}");
    harness.see_of(SubjectLook::Journal, SeenOfSubject::Journal(Ok(Some(Page { has_more: true, ..journal() }))));
    assert!(harness.screen(120, 40).contains("and older ones"));
}

#[test]
fn everything_is_told_in_ascii_and_hostile_text_stays_in_its_place() {
    let mut harness = Harness::with_subject(tokens());
    let mut hostile = journal();
    hostile.rows[0].reason = "\u{1b}[2J\u{202e}東京".repeat(40);
    let mut all = tokens();
    all[0].scope = Scope::from_stored(format!("vo:lhcb group:\u{1b}]0;{}", "東".repeat(60)));
    harness.see_all(sessions(&all, 1, 2));
    harness.see_of(SubjectLook::Journal, SeenOfSubject::Journal(Ok(Some(hostile))));
    let screen = harness.screen(80, 24);
    assert!(
        !screen.chars().any(|letter| (letter.is_control() && letter != '\n') || letter == '\u{202e}'),
        "{screen:?}"
    );
    harness.app.appearance.is_ascii = true;
    harness.see_all(sessions(&tokens(), 1, 2));
    let screen = harness.screen(80, 24);
    assert!(screen.is_ascii(), "{screen}");
    assert!(line(&screen, "live, 59m left").contains("*-"), "{screen}");
    assert!(line(&screen, "live, 59m left").contains('>'), "{screen}");
}

#[test]
fn a_subject_has_details_beside_what_opens_it() {
    let mut harness = Harness::new(false);
    harness.key('4');
    let summary = SubjectSummary { subject: subject("robot"), live: 90, revoked: 7, first: None, last: None };
    let generation = harness.last_generation();
    harness.answer(Answer::Rows { generation, rows: Rows::Subjects(Ok(page(vec![summary]))) });
    harness.press(KeyCode::Down);
    let screen = harness.screen(120, 40);
    assert!(screen.contains("i details") && screen.contains("Enter open"), "{screen}");
    assert!(line(&screen, "SUBJECT").contains("ROTATED/H") && line(&screen, "SUBJECT").contains("VO"), "{screen}");
    assert!(harness.screen(80, 24).contains("90 live tokens: one login a minute"), "the foot of the list says why");
    harness.key('i');
    let screen = harness.screen(80, 24);
    assert!(screen.contains("The subject has no VO before it.") && screen.contains("rotated/h"), "{screen}");
    harness.press(KeyCode::Esc);
    harness.press(KeyCode::Enter);
    assert_eq!(harness.app.subject_in_view(), Some(&subject("robot")));
}

#[test]
fn subjects_are_sorted_by_how_often_they_rotate() {
    let mut harness = Harness::new(false);
    harness.key('4');
    let summary = |name, revoked| SubjectSummary { subject: subject(name), live: 1, revoked, first: None, last: None };
    let generation = harness.last_generation();
    let rows = vec![summary("lhcb:calm", 1), summary("belle:busy", 40), summary("ctao:usual", 3)];
    harness.answer(Answer::Rows { generation, rows: Rows::Subjects(Ok(page(rows))) });
    harness.screen(120, 40);
    let rotations = SubjectSummary::COLUMNS.iter().position(|column| column.head.field == "rotations");
    while harness.app.subjects.sort().map(|sort| sort.column) != rotations {
        harness.key('s');
    }
    harness.key('S');
    let first = harness.app.subjects.shown_at(0).map(|row| row.subject.to_string());
    assert_eq!(first.as_deref(), Some("belle:busy"));
}
