//! Approving where DiracX's registry is configured: who can be meant, whom DiracX would mint nothing for, and a registry that
//! cannot be read.

use std::time::Duration;

use authdb_tests::World;

use crate::approvals::{id_token, look_up};
use crate::program::Program;
use crate::terminal::{DOWN, ENTER, ESC, Terminal};
use crate::{CODE, SHOWN, add_pending, status, world};

const REGISTRY: &str = "\
Registry:
  lhcb:
    DefaultGroup: lhcb_user
    Groups:
      lhcb_user: {Properties: [NormalUser], Users: [alice, amélie]}
      lhcb_admin: {Properties: [ServiceAdministrator], Users: [bob]}
    Users:
      alice: {PreferedUsername: 'Alice A.'}
      amélie: {PreferedUsername: 'Amélie 東'}
      bob: {PreferedUsername: Bob}
";

/// The dashboard on a world with one pending code, whose registry is this file.
async fn dashboard(world: &World, registry: &str) -> Terminal {
    add_pending(world, CODE, Duration::from_mins(1)).await;
    let program = Program::on(world.database.url()).file("default.yml", registry).with("AUTHDB_APPROVAL_REGISTRY", ".");
    let terminal = program.start_on_device_flows();
    terminal.wait_for(SHOWN);
    terminal
}

#[tokio::test]
async fn a_member_is_chosen_among_the_users_of_the_vo_and_gets_the_name_of_the_registry() {
    let world = world().await;
    let terminal = dashboard(&world, REGISTRY).await;
    look_up(&terminal, SHOWN);
    let view = terminal.wait_for("users of lhcb in the registry");
    assert!(["Alice A.", "Amélie 東", "Bob"].iter().all(|name| view.contains(name)), "{view}");
    terminal.type_keys("am");
    terminal.wait_until("those who match are left", |view| view.contains("Amélie 東") && !view.contains("Alice A."));
    terminal.type_keys(DOWN);
    terminal.wait_until("one is chosen", |view| view.row_with("Amélie 東").is_some_and(|row| row.contains('›')));
    let view = terminal.type_and_wait(ENTER, "User name (may stay empty): Amélie 東");
    assert!(view.contains("Subject, without the VO: amélie"), "{view}");
    terminal.type_keys(ENTER);
    let view = terminal.wait_for("y approve it");
    assert!(view.says("Whoever holds this code is logged in as lhcb:amélie."), "{view}");
    assert!(view.contains("Held against the registry as it was") && !view.contains("insist"), "{view}");
    terminal.type_keys("y");
    terminal.wait_for_sentence(&format!("{SHOWN} is approved for lhcb:amélie."));
    let token = id_token(&world).await.expect("it is stored");
    assert_eq!((&token["sub"], &token["preferred_username"]), (&"amélie".into(), &"Amélie 東".into()));
    terminal.type_keys("q");
    terminal.exit().leaves_whole(0);
}

/// Somebody of another group, and somebody whom nobody knows: DiracX would mint nothing, so Enter is not enough.
#[tokio::test]
async fn whom_diracx_would_refuse_is_said_to_be_and_must_be_insisted_on() {
    for (sub, reason) in [
        (
            "bob",
            "Warning: bob is not a member of the group lhcb_user: DiracX answers the client's polls with an error (403)",
        ),
        (
            "mallory",
            "Warning: mallory is not a registered user of lhcb: DiracX answers the client's polls with an error (500)",
        ),
    ] {
        let world = world().await;
        let terminal = dashboard(&world, REGISTRY).await;
        look_up(&terminal, SHOWN);
        terminal.wait_for("users of lhcb in the registry");
        terminal.type_keys(sub);
        terminal.wait_for(&format!("without the VO: {sub}"));
        terminal.type_and_wait(ENTER, "User name (may stay empty)");
        terminal.type_keys(ENTER);
        let view = terminal.wait_for_sentence(reason);
        assert!(view.contains(&format!("Type lhcb:{sub} to insist")) && !view.contains("y approve it"), "{view}");
        for answer in ["", "y", sub] {
            terminal.type_keys(&format!("{answer}{ENTER}"));
            let view = terminal.wait_for_sentence(&format!("That is not lhcb:{sub}, so nothing was done."));
            assert!(!view.contains("y approve it"), "{answer:?} is no insistence: {view}");
            terminal.type_keys(&"\x7f".repeat(answer.len().max(1)));
            terminal.wait_until("what was wrong is forgotten", |view| !view.contains("so nothing was done"));
        }
        assert_eq!(status(&world, CODE).await.as_deref(), Some("PENDING"));
        terminal.type_keys(&format!("lhcb:{sub}"));
        terminal.wait_for(&format!("to insist: lhcb:{sub}"));
        terminal.type_keys(ENTER);
        let view = terminal.wait_for("y approve it");
        assert!(view.says("mints no token. The login fails, and its code cannot be approved again."), "{view}");
        terminal.type_keys(ESC);
        terminal.wait_for(&format!("to insist: lhcb:{sub}"));
        assert_eq!(status(&world, CODE).await.as_deref(), Some("PENDING"));
        terminal.type_and_wait(ENTER, "y approve it");
        terminal.type_keys("y");
        terminal.wait_for_sentence(&format!("{SHOWN} is approved for lhcb:{sub}."));
        assert_eq!(id_token(&world).await.expect("it is stored")["sub"], sub);
    }
}

/// Where it cannot be read, the database says who may be meant, and nobody believes that anything was checked.
#[tokio::test]
async fn a_registry_that_cannot_be_read_is_said_not_to_have_been_asked() {
    let world = world().await;
    world.add_token("CREATED", "lhcb:carol", Duration::from_mins(1)).await;
    let terminal = dashboard(&world, "Registry: [").await;
    look_up(&terminal, SHOWN);
    let view = terminal.wait_for("subjects of lhcb with live tokens");
    assert!(view.says("the registry is not what DiracX reads") && view.contains("carol"), "{view}");
    terminal.type_keys(DOWN);
    terminal.wait_until("one is chosen", |view| view.row_with("› carol").is_some());
    terminal.type_and_wait(ENTER, "User name (may stay empty)");
    terminal.type_keys(ENTER);
    terminal.wait_for("NOT held against the registry, which cannot be read.");
    terminal.type_keys("y");
    terminal.wait_for_sentence(&format!("{SHOWN} is approved for lhcb:carol."));
}
