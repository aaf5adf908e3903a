//! Registries as they are, and as somebody would write them who means harm.

use std::process::Command;

use proptest::prelude::*;

use super::*;
use crate::model::Scope;

const YAML: &str = "\
DIRAC:
  NoSetup: true
  Security: {Anything: [1, 2.5, null]}
Registry:
  lhcb:
    IdP: {ClientID: x, URL: 'https://idp.example'}
    DefaultGroup: lhcb_user
    Groups:
      lhcb_user:
        JobShare: 1000
        Properties: [NormalUser, PrivateLimitedDelegation]
        Users: [b824, '0042']
      lhcb_admin:
        Properties:
          - AdminUser
        Users:
          - b824
      lhcb_empty: {Properties: [], Users: []}
    Users:
      b824: {PreferedUsername: alice, DNs: [/CN=Alice]}
      '0042': {PreferedUsername: bob, Suspended: [lhcb]}
      c1: {PreferedUsername: carol}
Systems: {lhcb: {}}
";

fn registry() -> Registry {
    Registry::parse(YAML.as_bytes()).expect("a registry")
}

fn mismatch(scope: &str, sub: &str) -> Option<Mismatch> {
    registry().mismatch(&Scope::from_stored(scope.to_owned()), sub)
}

#[test]
fn a_real_configuration_is_read_and_the_rest_of_it_passed_over() {
    let registry = registry();
    assert_eq!((registry.vo_count(), registry.user_count()), (1, 3));
    let lhcb = registry.vo("lhcb").expect("it is there");
    assert!(lhcb.is_member("0042", "lhcb_user"), "a subject of digits stays a text");
    assert!(registry.vo("LHCB").is_none());
}

#[test]
fn a_mismatch_is_what_diracx_would_find_first() {
    assert_eq!(mismatch("vo:lhcb", "b824"), None, "a member of the default group");
    assert_eq!(mismatch("vo:lhcb group:lhcb_admin property:NormalUser", "b824"), None, "by any of her groups");
    assert!(matches!(mismatch("openid", "b824"), Some(Mismatch::NoVo { vo: None })));
    assert!(matches!(mismatch("vo:belle", "b824"), Some(Mismatch::NoVo { vo: Some(_) })));
    assert!(matches!(mismatch("vo:lhcb group:nope", "nobody"), Some(Mismatch::NoGroup { .. })));
    assert!(matches!(mismatch("vo:lhcb", "B824"), Some(Mismatch::NotRegistered { .. })), "case counts");
    assert!(matches!(mismatch("vo:lhcb", "c1"), Some(Mismatch::NotMember { is_default: true, .. })));
    assert!(matches!(
        mismatch("vo:lhcb group:lhcb_admin", "0042"),
        Some(Mismatch::NotMember { is_default: false, .. })
    ));
    assert!(matches!(mismatch("vo:lhcb property:AdminUser", "0042"), Some(Mismatch::Property { .. })));
}

#[test]
fn a_search_is_bounded_and_puts_the_exact_one_first() {
    let lhcb = registry().vo("lhcb").expect("it is there").clone();
    assert_eq!(lhcb.search("", 2).len(), 2);
    assert_eq!(lhcb.search(" BOB ", 8)[0].sub, "0042");
    assert_eq!(lhcb.search("b82", 8)[0].preferred_username, "alice");
    assert!(lhcb.search("zed", 8).is_empty());
}

#[test]
fn what_is_no_registry_is_refused_in_one_line() {
    for yaml in
        ["", "Registry: 7", "Registry: [lhcb]", "Registry: {lhcb: {Users: [alice]}}", "a: b", "{", "\u{1b}[2J: ]"]
    {
        let error = Registry::parse(yaml.as_bytes()).expect_err(yaml).to_string();
        assert!(error.lines().count() == 1 && !error.contains('\u{1b}'), "{error}");
    }
    assert!(Registry::parse(b"Registry: {\xff: {}}").is_err());
}

#[test]
fn a_key_that_stands_twice_counts_as_it_last_stood() {
    let yaml = b"Registry: {lhcb: {Users: {a: {PreferedUsername: one}, a: {PreferedUsername: two}}}}";
    let registry = Registry::parse(yaml).expect("PyYAML reads it too");
    assert_eq!(registry.vo("lhcb").and_then(|vo| vo.user("a")).expect("a user").preferred_username, "two");
}

#[test]
fn neither_depth_nor_aliases_can_exhaust_the_program() {
    let deep = format!("x: {}{}\nRegistry: {{}}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(matches!(Registry::parse(deep.as_bytes()), Err(RegistryError::Malformed(_))));
    let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (previous, name) in ('a'..'j').zip('b'..='j') {
        let again = format!("*{previous}, ").repeat(9);
        bomb.extend([name.to_string(), ": &".to_owned(), name.to_string(), format!(" [{again}]\n")]);
    }
    bomb.push_str("Registry: {}\n");
    assert!(matches!(Registry::parse(bomb.as_bytes()), Err(RegistryError::Malformed(_))));
}

proptest! {
    #[test]
    fn no_text_breaks_the_parser(text in "(Registry:|Users:|[\\[\\]{}:,&*!|>%'\"\\n -]|a|<<){0,60}") {
        let _ = Registry::parse(text.as_bytes());
    }

    #[test]
    fn no_bytes_break_the_parser(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Registry::parse(&bytes);
    }

    #[test]
    fn a_source_never_shows_its_account(user in "[a-z]{3,8}", password in "[A-Z0-9%]{6,12}") {
        let url = format!("git+https://{user}:{password}@host.example/cs.git?revision=main");
        let source = RegistrySource::parse(&url).expect("a URL").expect("a repository");
        for shown in [source.to_string(), format!("{source:?}")] {
            // With what is before it: a user may be called `tps`.
            prop_assert!(!shown.contains(&password) && !shown.contains(&format!("//{user}:")), "{}", shown);
        }
    }
}

fn git(folder: &std::path::Path, arguments: &[&str]) {
    let identity = ["-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"];
    let done = Command::new("git").current_dir(folder).args(identity).args(arguments).output().expect("git runs");
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
}

#[tokio::test]
async fn a_repository_is_read_as_it_was_committed() {
    let folder = tempfile::tempdir().expect("a folder");
    git(folder.path(), &["init", "--quiet", "--initial-branch=master", "."]);
    std::fs::write(folder.path().join("default.yml"), YAML).expect("a file");
    git(folder.path(), &["add", "."]);
    git(folder.path(), &["commit", "--quiet", "-m", "registry"]);
    git(folder.path(), &["branch", "site/next"]);
    std::fs::write(folder.path().join("default.yml"), "Registry: {}").expect("a file");
    let read = |suffix: &str| {
        let source = RegistrySource::parse(&format!("git+file://{}{suffix}", folder.path().display()));
        source.expect("a URL").expect("a repository")
    };
    assert_eq!(read("").read().await.expect("master").user_count(), 3, "not what lies in the working tree");
    assert_eq!(read("?revision=site/next").read().await.expect("the branch").vo_count(), 1);
    let error = read("?revision=nope").read().await.expect_err("no such branch").to_string();
    assert!(error.contains("nope"), "{error}");
    let plain = RegistrySource::parse(&folder.path().display().to_string()).expect("a path").expect("a folder");
    assert_eq!(plain.read().await.expect("the file").vo_count(), 0, "a plain path is read as it lies there");
}

#[tokio::test]
async fn a_host_that_does_not_answer_is_said_without_the_account() {
    let url = "git+https://bot:s3cret@127.0.0.1:1/cs.git?revision=main";
    let source = RegistrySource::parse(url).expect("a URL").expect("a repository");
    let error = source.read().await.expect_err("nobody listens there").to_string();
    assert!(error.starts_with("cannot read the registry git+https://***@127.0.0.1:1/cs.git"), "{error}");
    assert!(!error.contains("s3cret") && !error.contains("bot"), "{error}");
}
