//! Privacy on a screen that is shared: nobody is named, on any engine, while everything can still be done.

use std::time::Duration;

use authdb_tests::World;
use authdb_tests::world::{DeviceFlowRow, on_every_engine, on_every_server};

use crate::program::Program;
use crate::terminal::{DOWN, ENTER, ESC, Terminal, contains};
use crate::view::View;

/// Letters that only people have here: in their names, and in what is written about them.
const MARK: &str = "zaphod";
const SUBJECT: &str = "lhcb:zaphod.beeblebrox";
/// A pending code, as it is stored and as it is shown, which is as good as a name.
const CODE: (&str, &str) = ("ZZZZZZZX", "ZZZZ-ZZZX");

/// A database full of one person, with a journal that tells about it.
async fn fill(world: &World) {
    world.db.create_ledger(&world.permit).await.expect("the journal is made");
    for minutes in [5, 25] {
        world.add_token("CREATED", SUBJECT, Duration::from_mins(minutes)).await;
    }
    let stolen = world.add_token("CREATED", SUBJECT, Duration::from_mins(3)).await;
    let revoked = world.db.revoke_token(&world.permit.clone().because("the laptop of zaphod"), &stolen).await;
    revoked.expect("it works").expect("it is CREATED");
    let id_token = Some(r#"{"sub": "zaphod.beeblebrox", "preferred_username": "zaphod"}"#);
    world.add_device_flow(DeviceFlowRow { status: "READY", id_token, ..DeviceFlowRow::default() }).await;
    world.add_device_flow(DeviceFlowRow { code: CODE.0, ..DeviceFlowRow::default() }).await;
}

/// Waits for a screen that says something and names nobody.
#[track_caller]
fn shows(terminal: &Terminal, keys: &str, said: &str) -> View {
    terminal.type_keys(keys);
    let view = terminal.wait_until(said, |view| view.says(said) && !view.contains("reading…"));
    assert!(!view.contains(MARK) && !view.contains(CODE.1), "{said} names somebody:\n{view}");
    view
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_named_while_all_of_a_subject_is_revoked() {
    on_every_engine(|world| async move {
        fill(&world).await;
        let program = Program::on(world.database.url()).with("AUTHDB_DASHBOARD_PRIVACY", "true").size(120, 40);
        let terminal = program.start_on_device_flows();
        let view = shows(&terminal, "", "code-1");
        assert!(view.rows()[0].contains("PRIVATE") && view.contains("subject-1"), "{view}");
        shows(&terminal, "1", "lhcb:subject-1");
        shows(&terminal, "8", "chain of 2 actions verified");
        shows(&terminal, DOWN, "▶");
        shows(&terminal, "4", "lhcb:subject-1");
        shows(&terminal, DOWN, "▶");
        shows(&terminal, ENTER, "All tokens of lhcb:subject-1 3");
        shows(&terminal, "", "Likely sessions:");
        shows(&terminal, "R", "Type lhcb:subject-1 to go on");
        shows(&terminal, "\tabout zaphod again", "ticket: ••••••••••••••••••");
        shows(&terminal, &format!("{ENTER}lhcb:subject-1{ENTER}"), "2 tokens of lhcb:subject-1 revoked.");
        assert_eq!(world.column("SELECT DISTINCT Status FROM RefreshTokens").await, ["REVOKED"]);
        let reasons = world.column("SELECT Reason FROM AdminActions WHERE Action = 'revoke-subject'").await;
        assert_eq!(reasons, ["about zaphod again"], "it is hidden where it is shown, and not where it is kept");
        // A copy would hide nothing.
        shows(&terminal, "y", "Privacy is on, and what is copied or exported would hide nothing.");
        shows(&terminal, "2", "code-1");
        shows(&terminal, "/zaphod", "/ ••••••");
        shows(&terminal, ESC, "? help");
        terminal.type_keys("P");
        terminal.wait_until("everything is shown as it is", |view| view.contains(MARK) && view.contains(CODE.1));
        terminal.type_keys("P");
        shows(&terminal, "", "Who people are is hidden");
        terminal.type_keys("q");
        terminal.exit().leaves_whole(0);
    })
    .await;
}

/// What a server says of a login that it refuses names the account, and whence it came.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_login_does_not_name_the_account() {
    on_every_server(|world| async move {
        let account = format!("zaphod_{:08x}", rand::random::<u32>());
        let (_, place) = world.database.url().rsplit_once('@').expect("the harness has an account");
        let (_, database) = place.rsplit_once('/').expect("the URL ends with the database");
        let [first, other] = ["right", "wrong"];
        world
            .execute(&format!(
                "CREATE USER '{account}'@'%' IDENTIFIED BY '{first}'; GRANT ALL PRIVILEGES ON {database}.* TO '{account}'@'%'"
            ))
            .await;
        let url = format!("mysql://{account}:{first}@{place}");
        let program = Program::on(&url).with("AUTHDB_DASHBOARD_PRIVACY", "true").size(120, 40);
        let terminal = program.start_on_device_flows();
        terminal.wait_for("no device flows");
        world.execute(&format!("ALTER USER '{account}'@'%' IDENTIFIED BY '{other}'")).await;
        let sessions = format!(
            "SELECT CAST(PROCESSLIST_ID AS CHAR) FROM performance_schema.threads WHERE PROCESSLIST_USER = '{account}'"
        );
        for session in world.column(&sessions).await {
            world.execute(&format!("KILL {session}")).await;
        }
        let view = terminal.wait_for("DATABASE LOST");
        let view = if view.says("Access denied") { view } else { terminal.wait_for_sentence("Access denied") };
        assert!(view.says("Access denied for user hidden"), "{view}");
        terminal.type_keys("q");
        let ended = terminal.exit().leaves_whole(0);
        assert!(!contains(&ended.output, MARK.as_bytes()), "the account was shown");
    })
    .await;
}
