//! What can be wrong before there is anything to show: a sentence, advice, the status that scripts rely on, and a
//! terminal that was never touched. No password is ever printed.

use authdb_shared::ids::UserCode;
use authdb_tests::environment::server_url;
use authdb_tests::world::{DeviceFlowRow, on_every_engine};
use authdb_tests::{Engine, Flavour, TestDatabase};

use crate::program::Program;
use crate::terminal::{Ended, contains};

const REFUSED: u32 = 1;
const USAGE: u32 = 2;
const UNREACHABLE: u32 = 3;

const PASSWORD: &str = "hunter2";

/// Runs a program that must end by itself with this status, and say this.
#[track_caller]
fn refuses(program: Program, status: u32, sentence: &str) -> Ended {
    let ended = program.start().exit().never_took_over(status);
    assert!(ended.view.says(sentence), "it does not say {sentence:?} but:\n{}", ended.view);
    assert!(ended.view.rows()[0].starts_with("authdb: "), "it does not say who speaks:\n{}", ended.view);
    assert!(!contains(&ended.output, PASSWORD.as_bytes()), "it shows the password:\n{}", ended.view);
    ended.leaves_no_files();
    ended
}

#[test]
fn without_a_terminal_there_is_no_dashboard() {
    for arguments in [&[][..], &["demo"], &["--read-only"]] {
        let program = Program::authdb().arguments(arguments);
        let output = program.pipe();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(2), &b""[..]), "{said}");
        assert!(said.starts_with("authdb: the dashboard needs a terminal, but standard output is not one"), "{said}");
        let left = program.work().read_dir().expect("the folder is there").count();
        assert_eq!(left, 0, "a database was made although nothing could be shown");
    }
}

#[test]
fn a_file_that_is_not_there_is_not_made_unasked() {
    let url = "sqlite:no-such-file.sqlite3";
    let ended = refuses(Program::on(url), UNREACHABLE, "there is no file no-such-file.sqlite3");
    assert!(ended.view.says("`authdb init` makes an empty database there, `authdb demo` shows one with data"));
    assert_eq!(ended.folders.work().read_dir().expect("the folder is there").count(), 0);
}

#[test]
fn nobody_who_configures_nothing_is_left_without_a_dashboard() {
    let terminal = Program::authdb().start();
    terminal.wait_for("Alarms");
    terminal.type_keys("q");
    let ended = terminal.exit().leaves_whole(0);
    assert!(ended.folders.work().join("authdb.sqlite3").is_file(), "the embedded database is made on the spot");
}

/// A terminal may answer late, or never: whoever waits for that shows nothing when it is needed most.
#[test]
fn a_terminal_that_answers_no_questions_shows_the_dashboard() {
    let terminal = Program::authdb().in_silent_terminal().start();
    terminal.wait_for("Alarms");
    terminal.type_keys("q");
    terminal.exit().leaves_whole(0);
}

#[tokio::test]
async fn an_empty_database_is_told_with_advice() {
    let database = TestDatabase::create(Engine::Sqlite).await.expect("a database is made");
    refuses(Program::on(database.url()), REFUSED, "is empty. `authdb init` creates the tables as DiracX does");
}

#[tokio::test]
async fn a_database_of_something_else_is_refused() {
    let database = TestDatabase::create(Engine::Sqlite).await.expect("a database is made");
    database.execute("CREATE TABLE recipes (name TEXT)").await.expect("a table is made");
    let sentence = "is not DiracX's AuthDB: it lacks table DeviceFlows";
    refuses(Program::on(database.url()), REFUSED, sentence);
    refuses(Program::on(database.url()).arguments(&["init"]), REFUSED, "is not empty: it holds recipes");
}

#[tokio::test]
async fn init_makes_what_is_missing_once() {
    let database = TestDatabase::create(Engine::Sqlite).await.expect("a database is made");
    let init = || Program::on(database.url()).arguments(&["init"]).start().exit().never_took_over(0);
    let first = init();
    assert!(first.view.says("now holds DiracX's tables"), "{}", first.view);
    let again = init();
    assert!(again.view.says("holds DiracX's tables") && !again.view.says("now holds"), "{}", again.view);
    assert_eq!(database.number("SELECT COUNT(*) FROM AdminActions").await.expect("the journal is there"), 1);
    let terminal = Program::on(database.url()).start();
    terminal.wait_for("Alarms");
}

#[tokio::test]
async fn init_on_a_database_of_diracx_adds_the_journal_and_changes_nothing_else() {
    on_every_engine(|world| async move {
        let flow = DeviceFlowRow::default();
        world.add_device_flow(flow).await;
        let url = world.database.url().to_owned();
        let run = move || Program::on(&url).arguments(&["init"]).start().exit().never_took_over(0);
        let ended = tokio::task::spawn_blocking(run).await.expect("the program ends");
        assert!(ended.view.says("holds DiracX's tables, and the journal"), "{}", ended.view);
        assert_eq!(world.column("SELECT Status FROM DeviceFlows").await, ["PENDING"]);
        assert_eq!(world.column("SELECT Action FROM AdminActions").await, ["init"]);
        world
            .db
            .deny_device_flow(&world.permit, &code(flow.code))
            .await
            .expect("it can be done")
            .expect("it is pending");
        assert_eq!(world.column("SELECT Action FROM AdminActions ORDER BY Id").await, ["init", "deny"]);
    })
    .await;
}

fn code(stored: &str) -> UserCode {
    UserCode::from_stored(stored.to_owned())
}

#[test]
fn a_configuration_that_cannot_be_used_is_refused_with_file_and_line() {
    let wrong = [
        ("[dashboard]\n\nrefresh_intervall = \"1s\"\n", "config.toml, line 3: there is no key"),
        ("[dashboard]\nrefresh_interval = \"0s\"\n", "config.toml, line 2: dashboard.refresh_interval cannot be `0s`"),
        ("[dashboard\n", "config.toml, line 1: this is not TOML"),
        ("[keys]\nrefresh = \"f99\"\n", "config.toml, line 2: keys.refresh cannot be `f99`: it is no key"),
        ("[columns]\ntoken = [\"age\"]\n", "line 2: there is no key `columns.token`. The lists are device_flows"),
        ("[columns]\ntokens = [\"client\"]\n", "columns.tokens cannot be `client`: its columns are age, state"),
    ];
    for (content, sentence) in wrong {
        refuses(Program::authdb().file("config.toml", content), USAGE, sentence);
    }
    let missing = Program::authdb().arguments(&["--config", "elsewhere.toml"]);
    refuses(missing, USAGE, "cannot read the configuration file elsewhere.toml");
    let variable = Program::authdb().with("AUTHDB_DASHBOARD_LIST_LIMIT", "none");
    refuses(variable, USAGE, "environment variable AUTHDB_DASHBOARD_LIST_LIMIT: dashboard.list_limit cannot be `none`");
}

#[test]
fn a_url_that_cannot_be_used_is_refused_without_its_password() {
    let urls = [
        (format!("postgresql://authdb:{PASSWORD}@db.example.org/auth"), "is not a database that can be used"),
        (format!("mysql://authdb:{PASSWORD}@db.example.org"), "it names no database"),
        (format!("mysql://authdb:{PASSWORD}@db.example.org:port/auth"), "is no port"),
        // The host is forgotten, so that the password stands where a port would.
        (format!("mysql://authdb:{PASSWORD}/auth"), "is no port"),
    ];
    for (url, sentence) in urls {
        refuses(Program::on(&url), USAGE, sentence);
        let program = Program::authdb().file("config.toml", &format!("[database]\nurl = \"{url}\"\n"));
        refuses(program, USAGE, "config.toml, line 2: database.url cannot be what it is");
    }
}

#[test]
fn a_server_that_is_not_there_or_lets_nobody_in_is_unreachable() {
    let nobody = format!("mysql://authdb:{PASSWORD}@127.0.0.1:1/auth");
    refuses(Program::on(&nobody), UNREACHABLE, "no connection to auth at 127.0.0.1:1");
    let server = server_url(Flavour::MariaDb);
    let (_, address) = server.rsplit_once('@').expect("the URL names a host");
    let stranger = format!("mysql+aiomysql://stranger:{PASSWORD}@{address}/auth");
    refuses(Program::on(&stranger), UNREACHABLE, "refuses this account");
}
