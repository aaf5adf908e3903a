//! Where DiracX is installed for the tests: a virtual environment under `target/`, made once and kept between runs.

use std::env;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context as _, Result, ensure};

/// What is installed from `PyPI`.
const REQUIREMENT: &str = "diracx-db==0.7.0";

/// Fails unless this Python can make environments that DiracX runs in. Debian keeps `ensurepip` in a package apart.
const CHECK: &str = "import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))";

/// Tells one Python from another: an environment is bound to the version that made it.
const VERSION: &str = "import sys; print(sys.version)";

/// The Python of the environment in which DiracX is installed.
///
/// # Panics
/// When there is no Python to make it with, or DiracX cannot be installed. Each test says so in full.
pub(crate) fn with_diracx() -> &'static Path {
    static PYTHON: OnceLock<Result<PathBuf>> = OnceLock::new();
    PYTHON.get_or_init(install).as_ref().unwrap_or_else(|error| panic!("{error:#}"))
}

/// Makes the environment unless it is there and complete. Other test programs may be doing the same.
fn install() -> Result<PathBuf> {
    let folder = target()?.join("conformance");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let lock = File::create(folder.join("lock")).context("cannot make the lock file of the Python environment")?;
    lock.lock().context("cannot lock the Python environment")?;

    let environment = folder.join("venv");
    let python = environment.join("bin/python");
    let receipt = folder.join("receipt");
    // The receipt is written last, and so an environment that was half made has none.
    if fs::read_to_string(&receipt).is_ok_and(|found| contents(&python).is_ok_and(|wanted| found == wanted)) {
        return Ok(python);
    }
    for path in [&receipt, &environment] {
        remove(path)?;
    }
    let base = find_in(&env::var_os("PATH").unwrap_or_default())?;
    run(Command::new(base).args(["-I", "-m", "venv"]).arg(&environment)).context("cannot make a Python environment")?;
    run(Command::new(&python).args(["-I", "-m", "pip", "install", "--quiet", REQUIREMENT]))
        .with_context(|| format!("cannot install {REQUIREMENT} from PyPI, which needs the network the first time"))?;
    fs::write(&receipt, contents(&python)?).context("cannot write the receipt of the Python environment")?;
    Ok(python)
}

/// What a receipt says of an environment.
fn contents(python: &Path) -> Result<String> {
    Ok(format!("{REQUIREMENT} in Python {}", run(Command::new(python).args(["-I", "-c", VERSION]))?))
}

/// The folder into which cargo has built this test.
fn target() -> Result<PathBuf> {
    let test = env::current_exe().context("the test does not know its own file")?;
    let target = test.ancestors().nth(3).context("cargo puts tests three folders deep")?;
    Ok(target.to_owned())
}

/// The first Python of a PATH that can make environments and is new enough.
fn find_in(path: &OsStr) -> Result<PathBuf> {
    env::split_paths(path)
        .map(|folder| folder.join("python3"))
        .find(|python| run(Command::new(python).args(["-I", "-c", CHECK])).is_ok())
        .context(
            "the conformance tests run DiracX itself and need Python 3.11 or newer with its venv module, and the PATH \
             has none: install the Debian packages python3 and python3-venv, or run tests/run, which does",
        )
}

/// What a command prints, once it has succeeded.
fn run(command: &mut Command) -> Result<String> {
    let program = command.get_program().display().to_string();
    let output = command.output().with_context(|| format!("cannot run {program}"))?;
    ensure!(
        output.status.success(),
        "{program} failed ({}): {}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn remove(path: &Path) -> Result<()> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

#[test]
fn without_a_fitting_python_it_says_what_to_install() {
    use std::os::unix::fs::PermissionsExt as _;

    let none = tempfile::tempdir().expect("a folder is made");
    let too_old = tempfile::tempdir().expect("a folder is made");
    let script = too_old.path().join("python3");
    fs::write(&script, "#!/bin/sh\nexit 1\n").expect("a script is written");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("it becomes executable");
    let path = env::join_paths([none.path(), too_old.path()]).expect("the folders make a PATH");
    let error = find_in(&path).expect_err("there is no Python in these folders").to_string();
    for wanted in ["Python 3.11", "venv", "python3 and python3-venv"] {
        assert!(error.contains(wanted), "{error}");
    }
}
