//! The question on a terminal: only the answer that was asked for is a yes.

use std::io::{Read as _, Write as _};
use std::time::Duration;

use authdb_tests::world::DeviceFlowRow;
use authdb_tests::{Engine, World};
use portable_pty::{CommandBuilder, PtySize, native_pty_system};

use crate::program::binary;
use crate::{Program, authdb};

/// Gives a verb on a terminal, types an answer to its question, and gives the exit code and the screen.
fn ask_and_answer(program: &Program, arguments: &[&str], answer: &str) -> (u32, String) {
    let pair = native_pty_system().openpty(PtySize::default()).expect("a terminal is made");
    let mut command = CommandBuilder::new(binary("authdb"));
    command.args(arguments);
    command.env_clear();
    let (variables, folder) = program.surroundings();
    for (name, value) in variables {
        command.env(name, value);
    }
    command.cwd(folder);
    let mut child = pair.slave.spawn_command(command).expect("the program starts");
    drop(pair.slave);
    let mut reader = pair.master.try_clone_reader().expect("the terminal can be read");
    let mut writer = pair.master.take_writer().expect("the terminal can be typed on");
    // The terminal keeps what is typed until the program reads it.
    writer.write_all(format!("{answer}\n").as_bytes()).expect("it is typed");
    let code = child.wait().expect("it ends").exit_code();
    let mut screen = Vec::new();
    // On Linux reading a terminal ends with an error once its programs are gone.
    let _ = reader.read_to_end(&mut screen);
    (code, String::from_utf8_lossy(&screen).into_owned())
}

#[tokio::test]
async fn a_change_is_made_once_it_was_confirmed_on_the_terminal() {
    let world = World::create(Engine::Sqlite).await;
    let authdb = authdb(&world);
    world.add_device_flow(DeviceFlowRow::default()).await;
    let deny = ["device", "deny", "BCDFGHJK"];
    for no in ["n", "", "yes"] {
        let (code, screen) = ask_and_answer(&authdb, &deny, no);
        assert_eq!(code, 1, "{screen}");
        assert!(screen.contains("deny BCDF-GHJK? Type y") && screen.contains("nothing was changed"), "{screen}");
        assert_eq!(world.column("SELECT Status FROM DeviceFlows").await, ["PENDING"]);
    }
    let (code, screen) = ask_and_answer(&authdb, &deny, "y");
    assert_eq!(code, 0, "{screen}");
    assert_eq!(world.column("SELECT Status FROM DeviceFlows").await, ["ERROR"]);
}

/// The name of a subject is the same word in test and in production.
#[tokio::test]
async fn all_of_a_subject_takes_the_name_of_the_context_in_production() {
    let world = World::create(Engine::Sqlite).await;
    let config = format!("[contexts.lhcb-prod]\nurl = \"{}\"\nproduction = true\n", world.database.url());
    let authdb = Program::authdb().with_file("config.toml", &config).with("AUTHDB_CONFIG", "config.toml");
    world.add_token("CREATED", "lhcb:amara", Duration::from_mins(1)).await;
    let revoke = ["token", "revoke", "--sub", "lhcb:amara", "--context", "lhcb-prod"];
    for no in ["lhcb:amara", "y"] {
        let (code, screen) = ask_and_answer(&authdb, &revoke, no);
        let question = "revoke all tokens of lhcb:amara in the PRODUCTION context lhcb-prod? Type lhcb-prod to go on";
        assert!(code == 1 && screen.contains(question) && screen.contains("nothing was changed"), "{screen}");
        assert_eq!(world.column("SELECT Status FROM RefreshTokens").await, ["CREATED"]);
    }
    let (code, screen) = ask_and_answer(&authdb, &revoke, "lhcb-prod");
    assert_eq!(code, 0, "{screen}");
    assert_eq!(world.column("SELECT Status FROM RefreshTokens").await, ["REVOKED"]);
}
