//! The manual pages and completions that stand in the repository are those that the programs would get now.

use std::path::Path;
use std::process::Command;

use authdb_tests::pages;

#[test]
fn the_pages_in_the_repository_are_current() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(pages::FOLDER);
    let stale = pages::stale(&folder).expect("the folder can be read");
    assert!(stale.is_empty(), "run `cargo run -p authdb-tests --bin pages` and commit what it changes: {stale:?}");
}

#[test]
fn every_verb_and_every_key_stands_in_a_page() {
    let pages = pages::all().expect("the pages can be made");
    let content = |name: &str| {
        let page = pages.iter().find(|page| page.name == name).expect("there is such a page");
        page.content.replace("\\-", "-")
    };
    let (authdb, janitor, settings) = (content("authdb.1"), content("authdb-janitor.8"), content("authdb.toml.5"));
    for verb in ["authdb token revoke", "authdb device approve", "authdb doctor", "--dry-run", "Exit codes: 0 done"] {
        assert!(authdb.contains(verb), "authdb(1) lacks {verb}");
    }
    assert!(janitor.contains("authdb-janitor apply"), "{janitor}");
    for key in authdb_shared::config::KEYS {
        let (_, name) = key.name.rsplit_once('.').expect("keys stand in sections");
        assert!(settings.contains(&format!("\\fB{name}\\fR")), "authdb.toml(5) lacks {}", key.name);
    }
}

#[test]
fn troff_has_nothing_to_complain_about() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(pages::FOLDER);
    for page in ["authdb.1", "authdb-janitor.8", "authdb.toml.5"] {
        let Ok(output) = Command::new("groff")
            .args(["-man", "-Tutf8", "-ww", "-Wbreak", "-z", "-K", "utf8"])
            .arg(folder.join(page))
            .output()
        else {
            // Minimal systems have no troff; the test above holds the content.
            return;
        };
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() && said.is_empty(), "{page}: {said}");
    }
}
