//! What an administrator who mistypes something is told, and which source wins.

use std::path::Path;

use super::*;

fn load(file: &str, sources: Sources) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let path = folder.path().join("config.toml");
    std::fs::write(&path, file).expect("a file for the test");
    Config::load(&sources.with_config_file(Some(path)))
}

fn refusal(file: &str) -> String {
    load(file, Sources::default()).expect_err(file).to_string()
}

#[test]
fn every_key_has_a_usable_default() {
    let config = load("", Sources::default()).expect("the defaults");
    assert_eq!(config.policy, Policy::default());
    assert!(config.database.is_default);
}

#[test]
fn the_file_at_the_root_holds_every_key_with_its_default_and_a_comment() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config.toml");
    let text = std::fs::read_to_string(&path).expect("config.toml at the root");
    let values = file::read(&path).expect("config.toml is valid").values;
    for key in KEYS {
        let (value, _) = values.get(key.name).unwrap_or_else(|| panic!("config.toml lacks {}", key.name));
        assert_eq!(value, key.default, "config.toml and the program disagree about {}", key.name);
    }
    for (index, line) in text.lines().enumerate().filter(|(_, line)| line.contains(" = ")) {
        let above = text.lines().nth(index.wrapping_sub(1)).unwrap_or_default();
        assert!(above.starts_with('#') || above.contains(" = "), "no comment above line {}: {line}", index + 1);
    }
}

#[test]
fn flag_beats_environment_beats_diracx_beats_file_beats_default() {
    let file = "[policy]\nrefresh_token_lifetime = \"11m\"\naccess_token_lifetime = \"12m\"\n";
    let sources = Sources::default()
        .with_variable("DIRACX_SERVICE_AUTH_REFRESH_TOKEN_EXPIRE_MINUTES", "33")
        .with_variable("DIRACX_SERVICE_AUTH_DEVICE_FLOW_EXPIRATION_SECONDS", "120")
        .with_variable("AUTHDB_POLICY_DEVICE_FLOW_EXPIRATION", "4m")
        .with_variable("AUTHDB_DASHBOARD_READ_ONLY", "false")
        .with_flag("dashboard.read_only", "--read-only", Some("true".to_owned()));
    let config = load(file, sources).expect("a valid configuration");
    let minutes = |span: Duration| span.as_secs() / 60;
    assert_eq!(minutes(config.policy.access_token_lifetime), 12, "file over default");
    assert_eq!(minutes(config.policy.refresh_token_lifetime), 33, "DiracX's environment over file");
    assert_eq!(minutes(config.policy.device_flow_expiration), 4, "our environment over DiracX's");
    assert!(config.dashboard.read_only, "flag over environment");
}

#[test]
fn the_longest_lifetime_is_never_below_the_usual_one() {
    let sources = Sources::default().with_variable("DIRACX_SERVICE_AUTH_REFRESH_TOKEN_EXPIRE_MINUTES", "240");
    let config = load("[policy]\nlongest_token_lifetime = \"60m\"\n", sources).expect("a valid configuration");
    assert_eq!(config.policy.longest_token_lifetime, Duration::from_hours(4));
}

#[test]
fn a_misspelt_key_is_named_with_its_line_and_the_right_one() {
    let message = refusal("[policy]\n\nrefresh_token_lifetme = \"1h\"\n");
    assert!(message.contains("line 3"), "{message}");
    assert!(message.contains("Did you mean `policy.refresh_token_lifetime`?"), "{message}");
    assert!(refusal("[polcy]\nx = 1\n").contains("line 1"));
    assert!(refusal("url = \"sqlite:x\"\n").contains("[database]"));
    assert!(refusal("[janitor]\nzzzzzzzzzzzzz = 1\n").contains("[janitor] has flows_schedule"));
}

#[test]
fn a_misspelt_variable_is_refused_too() {
    let sources = Sources::default().with_variable("AUTHDB_POLICY_MAX_CLOCK_SKEWS", "1s");
    let message = load("", sources).expect_err("unknown").to_string();
    assert!(message.contains("AUTHDB_POLICY_MAX_CLOCK_SKEWS"), "{message}");
}

#[test]
fn impossible_values_are_refused_with_what_to_write() {
    for (line, expected) in [
        ("[policy]\ncompleted_flow_retention = \"10m\"", "must exceed policy.device_flow_expiration"),
        ("[policy]\nrefresh_token_retention_months = 0", "from 1 to 600"),
        ("[policy]\nrefresh_token_retention_months = -6", "from 1 to 600"),
        ("[policy]\nmax_clock_skew = \"0s\"", "longer than nothing"),
        ("[policy]\nmax_clock_skew = \"-5s\"", "negative"),
        ("[policy]\nmax_clock_skew = 30", "\"30s\""),
        ("[policy]\nmax_clock_skew = \"300y\"", "century"),
        ("[policy]\nmax_clock_skew = [\"5s\"]", "single value"),
        ("[janitor]\nmonths_ahead = 0", "from 1 to 600"),
        ("[janitor]\nbatch_size = 0", "from 1"),
        ("[janitor]\nflows_schedule = \"*/5 * * * *\"", "\"0 */5 * * * *\""),
        ("[janitor]\nflows_schedule = \"0 0 0 31 2 *\"", "never comes"),
        ("[janitor]\nflows_schedule = \"0 99 * * * *\"", "six fields"),
        ("[dashboard]\nread_only = \"maybe\"", "true or false"),
        ("[database]\nurl = \"postgresql://x\"", "sqlite:PATH"),
        ("[database\nurl = 1", "not TOML"),
    ] {
        let message = refusal(line);
        assert!(message.contains(expected), "{line}: {message}");
        assert!(message.contains("config.toml, line "), "{line}: {message}");
    }
}

#[test]
fn a_refused_url_is_not_repeated() {
    let message = refusal("[database]\nurl = \"mysql://dirac:topsecret@h:99999/d\"");
    assert!(message.contains("database.url") && !message.contains("topsecret"), "{message}");
}

fn password_of(config: &Config) -> Option<String> {
    match &config.database.url {
        DatabaseUrl::MySql(address) => address.password.as_ref().map(|password| password.reveal().to_owned()),
        DatabaseUrl::Sqlite(path) => panic!("{} is no server", path.display()),
    }
}

#[test]
fn a_password_comes_from_the_first_place_that_has_one() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    std::fs::write(folder.path().join("secret"), "from file\n").expect("a file for the test");
    std::fs::write(folder.path().join(CREDENTIAL), "from credential\n").expect("a file for the test");
    let file = folder.path().join("secret").display().to_string();
    let url = |url: &str| Sources::default().with_variable("AUTHDB_DATABASE_URL", url);
    let with = |sources: Sources, name: &str, value: &str| sources.with_variable(name, value);
    let credential = with(url("mysql://authdb@db/auth"), "CREDENTIALS_DIRECTORY", &folder.path().display().to_string());
    let in_file = with(credential.clone(), "AUTHDB_DATABASE_PASSWORD_FILE", &file);
    let in_variable = with(in_file.clone(), "AUTHDB_DATABASE_PASSWORD", "from variable");
    let in_url = with(in_variable.clone(), "AUTHDB_DATABASE_URL", "mysql://authdb:from%20url@db/auth");
    for (sources, expected) in [
        (url("mysql://authdb@db/auth"), None),
        (credential, Some("from credential")),
        (in_file, Some("from file")),
        (in_variable, Some("from variable")),
        (in_url, Some("from url")),
    ] {
        let config = load("", sources).expect("a valid configuration");
        assert_eq!(password_of(&config).as_deref(), expected);
        assert!(!format!("{config:?}").contains("from "), "{config:?}");
    }
}

#[test]
fn a_password_file_that_cannot_be_used_is_named() {
    let file = "[database]\nurl = \"mysql://authdb@db/auth\"\npassword_file = \"nowhere/secret\"\n";
    let message = refusal(file);
    assert!(message.contains("line 3") && message.contains("cannot be read"), "{message}");
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let sources = Sources::default().with_config_file(Some("nowhere/config.toml".into()));
    let message = Config::load(&sources).expect_err("no such file").to_string();
    assert!(message.contains("nowhere/config.toml") && message.contains("--config"), "{message}");
}

#[test]
fn diracx_minutes_must_be_whole() {
    let sources = Sources::default().with_variable("DIRACX_SERVICE_AUTH_REFRESH_TOKEN_EXPIRE_MINUTES", "1h");
    let message = load("", sources).expect_err("not a number").to_string();
    assert!(message.contains("DIRACX_SERVICE_AUTH_REFRESH_TOKEN_EXPIRE_MINUTES"), "{message}");
}

const CONTEXTS: &str = "\
[dashboard]
context = \"test\"
[keys]
quit = \"Q\"
[contexts.test]
url = \"mysql://tester:hunter2@test-db/auth\"
[contexts.lhcb]
url = \"mysql://operator@db/auth\"
production = true
read_only = true
[contexts.lhcb.policy]
access_token_lifetime = \"5m\"
";

fn in_context(sources: Sources) -> Config {
    load(CONTEXTS, sources.choosing_a_context()).expect("a valid configuration")
}

#[test]
fn the_context_of_the_strongest_source_is_worked_in() {
    let of_file = in_context(Sources::default());
    assert_eq!(
        (of_file.context.name.as_str(), of_file.database.url.place()),
        ("test", "auth at test-db:3306".to_owned())
    );
    let by_variable = || Sources::default().with_variable("AUTHDB_CONTEXT", "lhcb");
    let config = in_context(by_variable());
    assert!(config.context.is_production && config.dashboard.read_only);
    assert_eq!(config.context.colour, Some(Colour::Red), "production is red unless told otherwise");
    assert_eq!(config.policy.access_token_lifetime, Duration::from_mins(5));
    let by_flag = by_variable().with_flag("dashboard.context", "--context", Some("default".to_owned()));
    assert_eq!(in_context(by_flag).context.name, "default");
    let by_url = Sources::default().with_variable("DIRACX_DB_URL_AUTHDB", "sqlite+aiosqlite:////srv/auth.db");
    assert_eq!(in_context(by_url.clone()).database.url.place(), "/srv/auth.db", "an environment beats a file");
    assert_eq!(in_context(by_url.with_variable("AUTHDB_CONTEXT", "lhcb")).context.name, "lhcb");
    let demo = Sources::default().with_flag("database.url", "demo", Some("sqlite:demo".to_owned()));
    assert_eq!((in_context(demo.clone()).context.name, in_context(demo).contexts), ("default".to_owned(), Vec::new()));
}

#[test]
fn a_database_of_production_stays_one_whatever_way_leads_to_it() {
    let by_url = |place: &str| Sources::default().with_variable("DIRACX_DB_URL_AUTHDB", place);
    let of_lhcb = CONTEXTS.lines().skip_while(|line| !line.starts_with("[contexts.lhcb]"));
    let of_lhcb = of_lhcb.skip(1).find(|line| line.starts_with("url")).expect("it has one");
    let url = of_lhcb.split('"').nth(1).expect("it is quoted");
    let config = in_context(by_url(url));
    assert_eq!(config.context.name, "default", "an environment beats a file");
    assert!(config.context.is_production && config.context.read_only && config.dashboard.read_only);
    assert_eq!(config.context.colour, Some(Colour::Red));
    assert!(config.contexts[0].is_production, "among those to choose from, too");
    let elsewhere = in_context(by_url("sqlite+aiosqlite:////srv/auth.db"));
    assert!(!elsewhere.context.is_production && !elsewhere.dashboard.read_only);
}

#[test]
fn who_chooses_no_context_works_on_the_database_section_and_looks_into_no_other() {
    let wrong = "[contexts.x]\ncolour = \"bleu\"\n[keys]\nnothing = \"x\"\n";
    let config = load(wrong, Sources::default()).expect("neither is the janitor's");
    assert!(config.database.is_default && config.context.name == "default");
    assert!(refusal("[context.x]\nurl = \"sqlite:x\"\n").contains("[contexts.NAME]"), "but a section is not misspelt");
}

#[test]
fn a_password_is_tried_on_no_database_but_its_own() {
    let sources = Sources::default().with_variable("AUTHDB_DATABASE_PASSWORD", "hunter3");
    assert_eq!(password_of(&in_context(sources.clone())).as_deref(), Some("hunter2"));
    assert_eq!(password_of(&in_context(sources.clone().with_variable("AUTHDB_CONTEXT", "lhcb"))), None);
    let listed = format!("{:?}", settings_of(CONTEXTS, sources));
    assert!(listed.contains("mysql://tester:***@test-db:3306/auth") && listed.contains("keys.quit"), "{listed}");
    assert!(!listed.contains("hunter"), "{listed}");
}

#[test]
fn the_registry_of_one_installation_is_asked_about_no_other() {
    let file = format!("{CONTEXTS}[contexts.own]\nurl = \"sqlite:own\"\nregistry = \"/srv/own\"\n");
    let sources = Sources::default().with_variable("DIRACX_CONFIG_BACKEND_URL", "git+file:///srv/cs_store");
    let registry = |context: &str| {
        let config = load(&file, sources.clone().with_variable("AUTHDB_CONTEXT", context).choosing_a_context());
        config.expect("a valid configuration").approval.registry.map(|it| it.to_string())
    };
    assert!(registry("default").is_some_and(|it| it.starts_with("git+file:///srv/cs_store")));
    assert_eq!((registry("lhcb"), registry("own").as_deref()), (None, Some("/srv/own")));
}

#[test]
fn where_nothing_can_be_changed_no_context_says_otherwise() {
    let read_only = |sources: Sources| -> Vec<(String, bool)> {
        in_context(sources).contexts.into_iter().map(|it| (it.name, it.read_only)).collect()
    };
    assert_eq!(read_only(Sources::default()), [("test".to_owned(), false), ("lhcb".to_owned(), true)]);
    let sources = Sources::default().with_flag("dashboard.read_only", "--read-only", Some("true".to_owned()));
    assert!(read_only(sources).into_iter().all(|(_, read_only)| read_only));
}

#[test]
fn what_is_printed_of_the_sources_holds_no_value() {
    let sources = Sources::default().with_variable("AUTHDB_DATABASE_PASSWORD", "hunter2");
    let printed = format!("{:?}", sources.with_flag("database.url", "demo", Some("mysql://u:hunter2@h/d".to_owned())));
    assert!(printed.contains("AUTHDB_DATABASE_PASSWORD") && !printed.contains("hunter2"), "{printed}");
}

fn settings_of(file: &str, sources: Sources) -> Vec<ShownSetting> {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let path = folder.path().join("config.toml");
    std::fs::write(&path, file).expect("a file for the test");
    Config::settings(&sources.with_config_file(Some(path)).choosing_a_context()).expect("a valid configuration")
}

#[test]
fn a_context_that_cannot_be_used_is_refused_with_what_to_write() {
    for (file, said) in [
        ("[contexts.a]\nurl = \"sqlite:a\"\n", ["no database is chosen", "contexts are a"]),
        ("[dashboard]\ncontext = \"b\"\n[contexts.a]\nurl = \"sqlite:a\"\n", ["line 2", "There are default, a"]),
        ("[contexts.a]\nread_only = true\n", ["line 1", "cannot be without a url"]),
        (
            "[contexts.a]\nurl = \"sqlite:a\"\ncolour = \"bleu\"\n",
            ["line 3", "red, green, yellow, blue, magenta or cyan"],
        ),
        ("[contexts.a]\nurl = \"sqlite:a\"\ncolor = \"red\"\n", ["line 3", "A context has url, password"]),
        ("[contexts.a]\nurl = \"mysql://u:hunter2@h:x/d\"\n", ["line 2", "contexts.a.url cannot be what it is"]),
        ("[contexts.\"a b\"]\nurl = \"sqlite:a\"\n", ["line 1", "it must be typed"]),
        ("[contexts]\na = \"sqlite:a\"\n", ["line 2", "write a section [contexts.a]"]),
        ("[keys]\nquit = [[\"a\"]]\n", ["line 2", "a list of texts"]),
    ] {
        let refused = load(file, Sources::default().choosing_a_context()).expect_err(file).to_string();
        assert!(said.iter().all(|part| refused.contains(part)) && !refused.contains("hunter2"), "{refused}");
    }
}
