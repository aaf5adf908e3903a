//! The question on a terminal: only the answer that was asked for is a yes.

use std::io::{Read as _, Write as _};

use authdb_tests::world::DeviceFlowRow;
use authdb_tests::{Engine, World};
use portable_pty::{CommandBuilder, PtySize, native_pty_system};

use crate::authdb;
use crate::program::binary;

/// Denies the flow on a terminal, types an answer to the question, and gives the exit code and the screen.
fn deny_and_answer(program: &crate::Program, answer: &str) -> (u32, String) {
    let pair = native_pty_system().openpty(PtySize::default()).expect("a terminal is made");
    let mut command = CommandBuilder::new(binary("authdb"));
    command.args(["device", "deny", "BCDFGHJK"]);
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
    for no in ["n", "", "yes"] {
        let (code, screen) = deny_and_answer(&authdb, no);
        assert_eq!(code, 1, "{screen}");
        assert!(screen.contains("deny BCDF-GHJK? Type y") && screen.contains("nothing was changed"), "{screen}");
        assert_eq!(world.column("SELECT Status FROM DeviceFlows").await, ["PENDING"]);
    }
    let (code, screen) = deny_and_answer(&authdb, "y");
    assert_eq!(code, 0, "{screen}");
    assert_eq!(world.column("SELECT Status FROM DeviceFlows").await, ["ERROR"]);
}
