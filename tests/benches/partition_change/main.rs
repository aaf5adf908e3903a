//! `cargo bench -p authdb-tests --bench partition_change`: what people who log in notice of a change of the partitions
//! while somebody holds the table with an open transaction.
//!
//! Two ways are measured on one server: an ALTER as anybody would send it, which waits for the table with every login
//! behind it, and this janitor's roll of the partitions, which gives up instead. It ends with 0 also when a target is
//! missed, unless `--check` is given.

mod holder;
mod logins;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use authdb_shared::clock;
use authdb_shared::partition::Month;
use authdb_tests::measure::{
    Arguments, Figure, Interruption, JanitorProgram, Report, Samples, conditions, ratio, start_roomy,
};
use authdb_tests::world::{World, native_form};
use authdb_tests::{Engine, Flavour, Server, TestDatabase};
use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection};

use crate::holder::{Holder, Sight};
use crate::logins::Logins;

/// How long people log in with nothing beside them.
const IDLE: Duration = Duration::from_secs(10);

/// How long the table stays held once somebody waits for it.
const HELD: Duration = Duration::from_secs(3);

/// How long a login may take where the server tells who holds the table or gives up at once, and where it does not.
const LONGEST_LOGIN: Figure = Figure::Time(Duration::from_millis(20));
const LONGEST_LOGIN_UNSEEN: Figure = Figure::Time(Duration::from_millis(1100));

/// The partitions that a table begins with: from so many months ago, and so many, so that some are to go and some to come.
const MONTHS_AGO: u32 = 9;
const MONTHS: u32 = 10;

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("partition_change: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<ExitCode> {
    let arguments = Arguments::read()?;
    let program = JanitorProgram::find()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start a runtime")?;
    let mut interruption = Interruption::listen(&runtime)?;
    let flavours = arguments.flavours()?;
    let mut missed = 0;
    for flavour in &flavours {
        let server = start_roomy(*flavour)?;
        println!("{} {}: {}", server.flavour(), server.version(), conditions(server.flavour()));
        println!("{}\n", logins::describe());
        let report = interruption.end(&runtime, measure(&server, &program))?;
        missed += report.missed();
        println!("{report}");
    }
    if arguments.engine.is_none() && !flavours.contains(&Flavour::MySql) {
        println!("MySQL was not measured: there is no server of it, see tests/README.md.");
    }
    println!("{missed} targets missed");
    Ok(if arguments.check && missed > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn measure(server: &Server, program: &JanitorProgram) -> Result<Report> {
    let mut report = Report::default();
    let sights: &[Sight] =
        if server.flavour() == Flavour::MySql { &[Sight::Usual, Sight::Hidden] } else { &[Sight::Usual] };
    let world = world_on(server).await?;
    let database = &world.database;
    let logins = Logins::begin(database).await?;
    tokio::time::sleep(IDLE).await;
    let idle = logins.end().await?;
    report.timing("logins with nothing beside them", idle);

    let plain = beside_alter(database).await?;
    report.timing("logins beside an ALTER that waits for an open transaction", plain.clone());
    for &sight in sights {
        let unseen = if sight == Sight::Hidden { ", which the server does not show" } else { "" };
        let held = beside_janitor(database, program, sight, Outcome::GivesUp).await?;
        let name = format!("logins beside the janitor and an open transaction{unseen}");
        report.timing(&name, held.clone());
        let target = if sight == Sight::Hidden { LONGEST_LOGIN_UNSEEN } else { LONGEST_LOGIN };
        report.check(format!("{name}: the longest"), Figure::Time(held.max()), target);
        let compared = Figure::Ratio(ratio(held.max(), plain.max()));
        report.compare(format!("{name}: the longest to that beside the ALTER"), compared);
    }
    let free = beside_janitor(database, program, Sight::Usual, Outcome::Rolls).await?;
    report.timing("logins beside the janitor when nobody holds the table", free);
    Ok(report)
}

async fn world_on(server: &Server) -> Result<World> {
    let database = TestDatabase::create_on(server).await?;
    let form = native_form(database.engine());
    let world = World::create_in(database, form).await;
    world.execute("ALTER TABLE RefreshTokens REMOVE PARTITIONING").await;
    let first = clock::host_now().calendar().checked_sub_months(chrono::Months::new(MONTHS_AGO));
    world.partition(Month::of(first.context("the date is of this era")?.into()), MONTHS).await;
    ensure!(world.engine() != Engine::Sqlite, "there are partitions on servers only");
    Ok(world)
}

/// Logins beside a change that waits until the table is free, as long as the server's settings say: a year.
async fn beside_alter(database: &TestDatabase) -> Result<Samples> {
    let holder = Holder::open(database, Sight::Usual).await?;
    let oldest = database
        .rows(
            "SELECT PARTITION_NAME FROM information_schema.PARTITIONS WHERE TABLE_SCHEMA = DATABASE() \
             AND TABLE_NAME = 'RefreshTokens' ORDER BY PARTITION_ORDINAL_POSITION LIMIT 1",
        )
        .await?;
    let oldest = oldest.into_iter().flatten().flatten().next().context("the table has partitions")?;
    let logins = Logins::begin(database).await?;
    let mut connection = MySqlConnection::connect(database.url()).await.context("cannot connect to alter")?;
    let alter = tokio::spawn(async move {
        let statement = format!("ALTER TABLE RefreshTokens DROP PARTITION {oldest}");
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await?;
        connection.close().await
    });
    tokio::time::sleep(HELD).await;
    holder.close(database, Sight::Usual).await?;
    alter.await?.context("the ALTER failed")?;
    logins.end().await
}

/// What the janitor is expected to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    GivesUp,
    Rolls,
}

/// Logins beside a run of the janitor, with the table held from its beginning to its end or not at all.
async fn beside_janitor(
    database: &TestDatabase,
    program: &JanitorProgram,
    sight: Sight,
    expected: Outcome,
) -> Result<Samples> {
    let holder = if expected == Outcome::GivesUp { Some(Holder::open(database, sight).await?) } else { None };
    let logins = Logins::begin(database).await?;
    let status = program.run(database.url(), &["once", "tokens"]).await;
    let samples = logins.end().await?;
    if let Some(holder) = holder {
        holder.close(database, sight).await?;
    }
    let status = status?;
    ensure!(status.success() == (expected == Outcome::Rolls), "the janitor was expected to end otherwise: {status}");
    Ok(samples)
}
