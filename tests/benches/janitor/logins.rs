//! People who begin to log in while flows are deleted.
//!
//! Each uses a connection of their own as DiracX's are, under the server's default isolation (REPEATABLE READ), which is the
//! one that waits for locks on gaps. To begin a login is to insert a row into both flow tables, in one transaction.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use authdb_shared::clock;
use authdb_shared::ids::Jti;
use authdb_tests::measure::{Meanwhile, Rate, Samples};
use authdb_tests::world::SCOPE;
use rand::RngExt as _;
use sqlx::{Connection as _, MySqlConnection};

use crate::flows::FlowTables;

/// How many people, and how often each begins a login unless the one before takes longer.
const PEOPLE: u32 = 4;
const EVERY: Duration = Duration::from_millis(20);

const DEVICE_FLOW: &str = "INSERT INTO DeviceFlows (UserCode, ClientID, Scope, DeviceCode) VALUES (?, ?, ?, ?)";
const AUTHORIZATION_FLOW: &str = "INSERT INTO AuthorizationFlows \
                                  (UUID, ClientID, Scope, CodeChallenge, CodeChallengeMethod, RedirectURI) \
                                  VALUES (?, ?, ?, ?, 'S256', 'https://diracx.example.org/')";

const CLIENT: &str = "myDIRACClientID";

/// People who log in until they are told to stop.
pub(crate) struct Logins(Vec<Meanwhile<Samples>>);

/// In words.
pub(crate) fn describe() -> String {
    format!("{PEOPLE} people, each of whom begins a login every {EVERY:?}")
}

impl Logins {
    /// Begins.
    ///
    /// # Errors
    /// When the server cannot be reached.
    pub(crate) async fn begin(tables: &FlowTables) -> Result<Self> {
        let mut people = Vec::new();
        for _ in 0..PEOPLE {
            let connection =
                MySqlConnection::connect(tables.database.url()).await.context("cannot connect to log people in")?;
            people.push(Meanwhile::begin(EVERY, |rate| log_in(connection, rate)));
        }
        Ok(Self(people))
    }

    /// Ends, and gives how long each login took.
    ///
    /// # Errors
    /// When one failed.
    pub(crate) async fn end(self) -> Result<Samples> {
        let mut samples = Samples::default();
        for person in self.0 {
            samples.append(person.end().await?);
        }
        Ok(samples)
    }
}

async fn log_in(mut connection: MySqlConnection, mut rate: Rate) -> Result<Samples> {
    let mut random = clock::randomness();
    let mut samples = Samples::default();
    while rate.next().await {
        // The vowel keeps it apart from the codes of those who gave up, who have none.
        let mut code: String = (0..7).map(|_| char::from(random.random_range(b'A'..=b'Z'))).collect();
        code.push(char::from(b"AEIOU"[random.random_range(0..5)]));
        let flow = Jti::issue(clock::host_now(), &mut random).to_string().replace('-', "");
        let digest = format!("{:032x}{:032x}", random.random::<u128>(), random.random::<u128>());
        let start = Instant::now();
        let mut transaction = connection.begin().await.context("a login failed")?;
        let device = sqlx::query(DEVICE_FLOW).bind(&code).bind(CLIENT).bind(SCOPE).bind(&digest);
        device.execute(&mut *transaction).await.context("a login failed")?;
        let authorization = sqlx::query(AUTHORIZATION_FLOW).bind(&flow).bind(CLIENT).bind(SCOPE).bind(&digest);
        authorization.execute(&mut *transaction).await.context("a login failed")?;
        transaction.commit().await.context("a login failed")?;
        samples.push(start.elapsed());
    }
    connection.close().await.context("cannot close the connection of a login")?;
    Ok(samples)
}
