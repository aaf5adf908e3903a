//! The head: whatever else there is to say, what somebody would act on is never left out.

use super::*;

const SIZES: [(u16, u16); 4] = [(50, 15), (80, 24), (120, 40), (200, 60)];

/// In a production context of this name, which has been read just now.
fn in_production(context: &str, is_read_only: bool, is_private: bool, is_paused: bool) -> Harness {
    let mut harness = Harness::new(is_read_only);
    harness.app.is_production = true;
    harness.app.context_name = context.to_owned();
    harness.flows(Ok(page(vec![flow("BCDFGHJK", FlowStatus::Pending, 60)])));
    if is_private {
        harness.key('P');
    }
    if is_paused {
        harness.key('p');
    }
    harness.now = at(NOW + 605_000);
    harness
}

fn head(screen: &str) -> &str {
    screen.lines().next().expect("a screen has lines")
}

#[test]
fn production_paused_private_and_read_only_are_told_together_on_every_terminal() {
    for context in ["lhcb", "lhcb-production", "a-context-with-a-name-as-long-as-nobody-should-give-one"] {
        for (width, height) in SIZES {
            for bits in 0..8_u8 {
                let [is_read_only, is_private, is_paused] = [1, 2, 4].map(|bit| bits & bit > 0);
                let mut harness = in_production(context, is_read_only, is_private, is_paused);
                let screen = harness.screen(width, height);
                let head = head(&screen);
                assert!(head.contains("PRODUCTION") && head.contains(&context[..4]), "{head}");
                let words = [("READ-ONLY", is_read_only), ("PRIVATE", is_private), ("PAUSED", is_paused)];
                for (word, holds) in words {
                    assert_eq!(head.contains(word), holds, "{word} at {width}×{height}: {head}");
                }
            }
        }
    }
}

#[test]
fn the_time_yields_to_the_place_and_the_place_to_what_holds() {
    let mut harness = in_production("lhcb", false, false, false);
    assert!(head(&harness.screen(80, 24)).contains("AuthDB at db"));
    harness.app.is_production = false;
    let clock = harness.app.telling.clock(harness.app.now());
    let heads = [80, 60, 50, 40].map(|width| head(&harness.screen(width, 24)).to_owned());
    assert!(heads.iter().all(|head| head.contains("AuthDB at db")), "{heads:?}");
    let told = heads.map(|head| head.contains(&clock));
    assert_eq!(told, [true, true, true, true], "without a context there is room for both");
    harness.key('p');
    let screen = harness.screen(40, 24);
    assert!(head(&screen).contains("AuthDB at db") && head(&screen).contains("PAUSED"), "{screen}");
    assert!(!head(&screen).contains(&clock), "{screen}");
}

#[test]
fn a_long_answer_is_told_beside_the_context_on_a_narrow_terminal() {
    let mut harness = in_production("lhcb", true, false, false);
    harness.act(Action::Tick);
    harness.now = harness.now.after(Duration::from_secs(9));
    let screen = harness.screen(50, 15);
    let head = head(&screen);
    assert!(head.contains("waiting 9s READ-ONLY") && head.contains("PRODUCTION lhcb"), "{head}");
}

/// How long nothing has been read by itself is not how old what is in view is: it may have been read later, or long before.
#[test]
fn rows_and_sections_show_their_age_while_paused() {
    let mut harness = in_production("lhcb", false, false, true);
    let screen = harness.screen(50, 15);
    assert!(screen.contains("from 10m05s ago"), "{screen}");
    harness.key('1');
    harness.see_counts(3);
    harness.now = harness.now.after(Duration::from_mins(2));
    let screen = harness.screen(50, 15);
    assert!(screen.contains("Now  from 2m ago"), "{screen}");
}
