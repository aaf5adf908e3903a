//! The units of systemd: they are right by systemd's own judgement, and open to no more than they need.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::program::program;

/// Where packages put the program, and the units expect it.
const INSTALLED: &str = "/usr/bin/authdb-janitor";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../janitor/systemd")
}

fn read(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Runs one of systemd's tools, which need no running systemd for this.
fn run(tool: &str, arguments: &[&str]) -> Output {
    let missing = |error| panic!("{tool} does not run ({error}): install systemd (Debian package systemd)");
    let output = Command::new(tool).args(arguments).env("SYSTEMD_PAGER", "").output().unwrap_or_else(missing);
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{tool} {arguments:?}: {}\n{said}\n{errors}", output.status);
    output
}

#[test]
fn systemd_finds_nothing_wrong_with_the_units() {
    // The program is not installed where the tests run.
    let copies = tempfile::tempdir().expect("a folder is made");
    let names = ["authdb-janitor.service", "authdb-janitor-once.service", "authdb-janitor-once.timer"];
    for name in names {
        let text = read(name).replace(INSTALLED, &program().display().to_string());
        std::fs::write(copies.path().join(name), text).expect("a file is written");
    }
    for name in names {
        let copy = copies.path().join(name).display().to_string();
        let output = run("systemd-analyze", &["verify", "--man=no", &copy]);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(!errors.contains("authdb"), "{name}: {errors}");
    }
}

#[test]
fn the_services_are_hardened() {
    for name in ["authdb-janitor.service", "authdb-janitor-once.service"] {
        let unit = folder().join(name).display().to_string();
        // The threshold is ten times the exposure: 2.0.
        run("systemd-analyze", &["security", "--offline=true", "--no-pager", "--threshold=20", &unit]);
        for line in ["User=authdb", "LoadCredential=authdb-password", "StateDirectory=authdb", "NoNewPrivileges=yes"] {
            assert!(read(name).lines().any(|other| other == line), "{name} lacks {line}");
        }
    }
}

#[test]
fn the_daemon_is_one_that_notifies_reloads_and_is_watched() {
    let unit = read("authdb-janitor.service");
    for line in
        ["Type=notify", "ExecStart=/usr/bin/authdb-janitor run", "Restart=on-failure", "TimeoutStartSec=infinity"]
    {
        assert!(unit.lines().any(|other| other == line), "{line} is missing");
    }
    for start in ["ExecReload=/bin/kill -HUP", "WatchdogSec="] {
        assert!(unit.lines().any(|other| other.starts_with(start)), "{start} is missing");
    }
}

#[test]
fn both_services_are_hardened_alike() {
    let sandbox = |name: &str| {
        let text = read(name);
        let begin = text.find("# Settings are in").expect("the part that both have");
        text[begin..].split("\n[Install]").next().unwrap_or_default().trim_end().to_owned()
    };
    assert_eq!(sandbox("authdb-janitor.service"), sandbox("authdb-janitor-once.service"));
}

#[test]
fn the_user_can_be_made() {
    let root = tempfile::tempdir().expect("a folder is made");
    let path = |name: &str| root.path().join(name);
    std::fs::create_dir(path("etc")).expect("a folder is made");
    let file = folder().join("sysusers.conf").canonicalize().expect("it is there").display().to_string();
    run("systemd-sysusers", &[&format!("--root={}", root.path().display()), "--inline", read_line(&file).trim()]);
    let users = std::fs::read_to_string(path("etc/passwd")).expect("it makes the file");
    let user = users.lines().find(|line| line.starts_with("authdb:")).expect("it makes the user");
    assert!(user.contains(":/var/lib/authdb:") && user.ends_with("nologin"), "{user}");
}

/// The only line that is no comment.
fn read_line(file: &str) -> String {
    let text = std::fs::read_to_string(file).expect("it can be read");
    let mut lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let line = lines.next().expect("there is one").to_owned();
    assert_eq!(lines.next(), None);
    line
}
