//! The units of systemd: they are right by systemd's own judgement, and open to no more than they need.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::program::program;

const SERVICES: [&str; 3] = ["authdb-janitor.service", "authdb-janitor-flows.service", "authdb-janitor-tokens.service"];
const TIMERS: [&str; 2] = ["authdb-janitor-flows.timer", "authdb-janitor-tokens.timer"];

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
    let names = [SERVICES.as_slice(), &TIMERS].concat();
    for name in &names {
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
    for name in SERVICES {
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
fn all_services_are_hardened_alike() {
    let sandbox = |name: &str| {
        let text = read(name);
        let begin = text.find("# Settings are in").expect("the part that all have");
        text[begin..].split("\n[Install]").next().unwrap_or_default().trim_end().to_owned()
    };
    for name in SERVICES {
        assert_eq!(sandbox(name), sandbox(SERVICES[0]), "{name}");
    }
}

/// The limit of months per run is one of months per day only if a run comes once a day.
#[test]
fn the_timers_run_the_flows_every_five_minutes_and_the_tokens_once_a_day() {
    for (job, calendar) in [("flows", "OnCalendar=*:0/5"), ("tokens", "OnCalendar=*-*-* 02:32:00 UTC")] {
        let service = read(&format!("authdb-janitor-{job}.service"));
        let starts: Vec<&str> = service.lines().filter(|line| line.starts_with("ExecStart=")).collect();
        assert_eq!(starts, [format!("ExecStart={INSTALLED} once {job}")]);
        let timer = read(&format!("authdb-janitor-{job}.timer"));
        let calendars: Vec<&str> = timer.lines().filter(|line| line.starts_with("On")).collect();
        assert_eq!(calendars, [calendar]);
        assert!(!timer.contains("Unit="), "it starts the service of its own name");
    }
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
