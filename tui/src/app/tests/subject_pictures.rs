//! What the screen of one subject looks like at four sizes, and that hostile text moves none of its columns.

use authdb_shared::rotation::chains;
use ratatui::buffer::Buffer;

use super::one_subject::{flows, journal, sessions};
use super::screens::{SIZES, drawn, hold, key, pictures};
use super::*;
use crate::look::{SeenOfSubject, Sessions, SubjectFlows, SubjectLook};

const HOSTILE: &str = "\u{1b}[2J\u{202e}e\u{301}東京\u{7}\n\u{1b}]0;";

/// A token of a key that is always the same.
fn issued(minutes_ago: i64, status: TokenStatus, group: &str) -> RefreshToken {
    RefreshToken {
        jti: Jti::from_stored(key(minutes_ago * 60)),
        status,
        scope: Scope::from_stored(format!("vo:lhcb group:{group}")),
        subject: Some(subject("lhcb:alice")),
    }
}

/// Two sessions that live, one that expired, and one that was revoked.
fn tokens(group: &str) -> Vec<RefreshToken> {
    vec![
        issued(1, TokenStatus::Created, group),
        issued(21, TokenStatus::Revoked, group),
        issued(41, TokenStatus::Revoked, group),
        issued(9, TokenStatus::Created, "lhcb_user"),
        issued(90, TokenStatus::Created, "lhcb_data"),
        issued(300, TokenStatus::Revoked, "lhcb_user"),
    ]
}

/// The screen of one subject with these tokens, logins and deeds.
fn seen(tokens: Vec<RefreshToken>, sessions: Sessions, logins: SubjectFlows, deeds: Page<AdminAction>) -> Harness {
    let mut harness = Harness::with_subject(tokens);
    harness.see_of(SubjectLook::Sessions, SeenOfSubject::Sessions(Ok(Some(sessions))));
    harness.see_of(SubjectLook::Flows, SeenOfSubject::Flows(Ok(logins)));
    harness.see_of(SubjectLook::Journal, SeenOfSubject::Journal(Ok(Some(deeds))));
    harness
}

#[test]
fn one_subject_looks_as_it_did_when_somebody_looked_last() {
    let tokens = tokens("lhcb_production_manager");
    let mut harness = seen(tokens.clone(), sessions(&tokens, 2, 200), flows(), journal());
    harness.press(KeyCode::Down);
    hold("one_subject", &pictures(&mut harness));
}

/// The column, in cells, at which a text begins in a row.
fn column(buffer: &Buffer, y: u16, text: &str) -> Option<u16> {
    let from = |x: u16| (x..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
    (0..buffer.area.width).find(|x| from(*x).starts_with(text))
}

#[test]
fn hostile_text_about_a_subject_stays_in_its_columns_and_escapes_nothing() {
    let hostile = HOSTILE.repeat(40);
    let tokens = tokens(&hostile);
    let mut told = sessions(&tokens, 2, 3);
    told.chains = chains(&tokens, &Policy::default());
    let mut logins = flows();
    for flow in &mut logins.device.rows {
        flow.client_id.clone_from(&hostile);
        flow.scope = Scope::from_stored(format!("vo:lhcb group:{hostile}"));
        flow.user_code = UserCode::from_stored("\u{1b}[2J東".to_owned());
    }
    for flow in &mut logins.browser.rows {
        flow.client_id.clone_from(&hostile);
        flow.scope = Scope::from_stored(format!("vo:{hostile} group:{hostile}"));
    }
    let mut deeds = journal();
    for deed in &mut deeds.rows {
        for text in [&mut deed.actor, &mut deed.account, &mut deed.host, &mut deed.action, &mut deed.reason] {
            text.clone_from(&hostile);
        }
        deed.outcome = authdb_shared::db::Outcome::Other(hostile.clone());
    }
    let mut harness = seen(tokens, told, logins, deeds);
    for size in SIZES {
        let buffer = drawn(&mut harness, size);
        let is_odd = |letter: char| letter.is_control() || ('\u{202a}'..='\u{202e}').contains(&letter);
        let odd = buffer.content.iter().find(|cell| cell.symbol().contains(is_odd));
        assert_eq!(odd, None, "at {size:?}");
        if size == SIZES[0] {
            // There is room for the list alone.
            continue;
        }
        let fates = ["live, ", "expired ", "revoked, "];
        let fate_of = |y| fates.iter().find_map(|fate| column(&buffer, y, fate));
        // The list of tokens below has states of the same words.
        let top = (0..size.1).find(|y| column(&buffer, *y, "All tokens of").is_some()).expect("the list has a title");
        let of_sessions: Vec<u16> =
            (2..top).filter(|y| column(&buffer, *y, " token").is_some()).filter_map(fate_of).collect();
        assert!(of_sessions.len() > 1, "several sessions are shown at {size:?}");
        assert!(of_sessions.iter().all(|x| *x == of_sessions[0]), "{of_sessions:?} at {size:?}");
        let sections = ["Logins", "Journal"].map(|section| (2..top).find_map(|y| column(&buffer, y, section)));
        assert_eq!(sections, [Some(2), Some(2)], "at {size:?}");
    }
}
