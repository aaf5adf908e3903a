//! A configuration that cannot be used: the program ends before it touches anything, and says what to write instead.

use authdb_tests::world::DeviceFlowRow;
use authdb_tests::{Engine, World};

use crate::program::{Janitor, Outcome};

async fn with_file(text: &str) -> Outcome {
    Janitor::bare().with_file("config.toml", text).run(&["once"]).await
}

#[tokio::test]
async fn what_is_wrong_in_the_file_is_named_by_its_line() {
    for (text, said) in [
        (
            "[policy]\n\ncompleted_flow_retenton = \"60m\"\n",
            ["line 3", "Did you mean `policy.completed_flow_retention`?"],
        ),
        ("[janitor]\nflows_schedule = \"*/5 * * * *\"\n", ["line 2", "\"0 */5 * * * *\""]),
        ("# short\n[policy]\ncompleted_flow_retention = \"10m\"\n", ["line 3", "policy.device_flow_expiration (10m)"]),
        ("[policy]\nmax_clock_skew = \"0s\"\n", ["line 2", "longer than nothing"]),
        ("[policy]\ndevice_flow_expiration = \"-10m\"\n", ["line 2", "negative"]),
        ("[policy]\nrefresh_token_retention_months = 0\n", ["line 2", "from 1 to 600"]),
        ("[janitor]\nbatch_size = 0\n", ["line 2", "from 1"]),
        ("[janitor]\ntokens_schedule = \"0 0 0 31 2 *\"\n", ["line 2", "never comes"]),
        ("[cleaner]\nbatch_size = 10\n", ["line 1", "[janitor]"]),
        ("[janitor]\nbatch_size = \n", ["line 2", "not TOML"]),
    ] {
        let outcome = with_file(text).await;
        outcome.assert_code(2);
        outcome.assert_errors(&["authdb-janitor: config.toml", said[0], said[1]]);
        assert_eq!(outcome.output, "", "{outcome:?}");
    }
}

#[tokio::test]
async fn the_daemon_refuses_it_as_well() {
    let janitor = Janitor::bare().with_file("config.toml", "[janitor]\nflows_schedule = \"* * * * *\"\n");
    let (status, said) = janitor.start().end().await;
    assert_eq!(status.code(), Some(2), "{said:?}");
    assert!(said.iter().any(|line| line.contains("config.toml, line 2")), "{said:?}");
}

#[tokio::test]
async fn a_misspelt_variable_is_not_passed_over() {
    let outcome = Janitor::bare().with("AUTHDB_POLICY_MAX_CLOCK_SKEWS", "1m").run(&["once"]).await;
    outcome.assert_code(2);
    outcome.assert_errors(&["AUTHDB_POLICY_MAX_CLOCK_SKEWS", "policy.max_clock_skew"]);
}

#[tokio::test]
async fn values_of_the_environment_are_named_by_their_variable() {
    for (variable, value) in [
        ("AUTHDB_JANITOR_FLOWS_SCHEDULE", "every minute"),
        ("DIRACX_SERVICE_AUTH_COMPLETED_FLOW_RETENTION_MINUTES", "5"),
        ("DIRACX_SERVICE_AUTH_DEVICE_FLOW_EXPIRATION_SECONDS", "10m"),
    ] {
        let outcome = Janitor::bare().with(variable, value).run(&["once"]).await;
        outcome.assert_code(2);
        outcome.assert_errors(&[variable]);
    }
}

#[tokio::test]
async fn a_url_that_is_refused_is_not_repeated() {
    for url in
        ["postgresql://dirac:s3cret@db/AuthDB", "mysql://dirac:s3cret@db", "mysql://dirac:s3cret@db:99999/AuthDB"]
    {
        for variable in ["AUTHDB_DATABASE_URL", "DIRACX_DB_URL_AUTHDB"] {
            // The helper looks for the password in everything that is printed.
            let outcome = Janitor::bare().with(variable, url).run(&["once"]).await;
            outcome.assert_code(2);
            outcome.assert_errors(&[variable, "database.url"]);
        }
    }
}

#[tokio::test]
async fn a_file_that_is_named_is_read_or_refused() {
    let outcome = Janitor::bare().run(&["once", "--config", "missing.toml"]).await;
    outcome.assert_code(2);
    outcome.assert_errors(&["missing.toml"]);
    let janitor = Janitor::bare().with("AUTHDB_CONFIG", "other.toml").with_file("other.toml", "[policy]\nx = 1\n");
    janitor.run(&["once"]).await.assert_errors(&["other.toml, line 2"]);
    // The flag comes first.
    let janitor = janitor.with_file("flag.toml", "\n[policy]\ny = 1\n");
    janitor.run(&["--config", "flag.toml", "once"]).await.assert_errors(&["flag.toml, line 3"]);
}

#[tokio::test]
async fn nothing_is_touched_under_a_configuration_that_is_refused() {
    let world = World::create(Engine::Sqlite).await;
    let age = std::time::Duration::from_hours(2);
    world.add_device_flow(DeviceFlowRow { age, ..DeviceFlowRow::default() }).await;
    let janitor = Janitor::on(world.database.url()).with("AUTHDB_POLICY_COMPLETED_FLOW_RETENTION", "1m");
    janitor.run(&["once"]).await.assert_code(2);
    assert_eq!(world.column("SELECT Status FROM DeviceFlows").await, ["PENDING"]);
    // Our own variable comes before DiracX's, and both before the file.
    let janitor = Janitor::on(world.database.url())
        .with("DIRACX_SERVICE_AUTH_COMPLETED_FLOW_RETENTION_MINUTES", "60")
        .with("AUTHDB_POLICY_COMPLETED_FLOW_RETENTION", "3h")
        .with_file("config.toml", "[policy]\ncompleted_flow_retention = \"30m\"\n");
    let outcome = janitor.run(&["once"]).await;
    assert_eq!((outcome.count("device flows expired"), outcome.count("device flows deleted")), (1, 0));
}

#[tokio::test]
async fn usage_is_explained() {
    for wrong in [vec!["once", "partitions"], vec!["sweep"], vec![]] {
        Janitor::bare().run(&wrong).await.assert_code(2);
    }
    let help = Janitor::bare().run(&["--help"]).await;
    help.assert_code(0);
    assert!(help.output.contains("Exit codes"), "{help:?}");
    assert!(Janitor::bare().run(&["once", "--help"]).await.output.contains("flows"));
}
