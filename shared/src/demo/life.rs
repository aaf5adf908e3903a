//! The present of the demo: people log in, clients poll, refresh and go home.

use std::time::Duration;

use rand::{Rng, RngExt};
use sqlx::{FromRow, SqliteConnection};

use super::population::{HELP_DESK_CLIENT, client};
use super::rows::{self, NewFlow};
use super::{Demo, failed};
use crate::clock::Timestamp;
use crate::error::Error;
use crate::ids::Jti;
use crate::model::{FlowStatus, Scope, TokenStatus};
use crate::policy::Policy;

/// A running program that holds a refresh token.
pub(super) struct Client {
    jti: Jti,
    subject: String,
    scope: String,
    next_refresh: Timestamp,
    leaves_at: Timestamp,
}

impl Client {
    pub(super) fn new(
        jti: Jti,
        subject: String,
        scope: String,
        now: Timestamp,
        policy: &Policy,
        random: &mut impl Rng,
    ) -> Self {
        let next_refresh = now.after(policy.access_token_lifetime.mul_f64(random.random_range(0.02..1.0)));
        // Most sessions are short; one in a few goes on all day.
        let stay = random.random::<f64>().powi(4) * 1.2 + 0.02;
        let leaves_at = now.after(policy.refresh_token_lifetime.mul_f64(stay));
        Self { jti, subject, scope, next_refresh, leaves_at }
    }
}

#[derive(FromRow)]
struct ReadyFlow {
    key: String,
    scope: String,
    sub: Option<String>,
}

/// How often, per beat, a login of one kind is begun, and one of those pending is completed. What is begun and never
/// completed expires.
struct Rate {
    begun: f64,
    completed: f64,
}

const DEVICE_LOGINS: Rate = Rate { begun: 0.08, completed: 0.18 };
const AUTHORIZATION_LOGINS: Rate = Rate { begun: 0.08, completed: 0.12 };
/// However chance falls: for how many beats no login with a code begins. A demo that stands still looks broken.
const LONGEST_QUIET: u64 = 8;
/// A user who needs the help desk begins a login every so many beats, which is more often than a code expires.
const HELP_DESK_EVERY: u64 = 200;
/// How many of those who leave log out; the tokens of the others run out by themselves.
const LOGGING_OUT: f64 = 0.85;
/// Nobody is faster at the identity provider.
const FASTEST_LOGIN: Duration = Duration::from_secs(10);

/// Clients poll every five seconds (RFC 8628 section 3.5).
const POLL_INTERVAL: Duration = Duration::from_secs(5);

impl Demo {
    /// Lets about one second of life pass.
    ///
    /// # Errors
    /// If the database cannot be written.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// use authdb_shared::clock;
    /// use authdb_shared::config::Sources;
    /// use authdb_shared::demo::Demo;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let (path, random) = (folder.path().join("demo.sqlite3"), &mut clock::randomness());
    /// # let config = Demo::configuration(Sources::default(), &path)?;
    /// let begin = clock::host_now();
    /// let mut demo = Demo::create(&path, &config, begin, random).await?;
    /// for second in 1..=3 {
    ///     demo.live(begin.after(Duration::from_secs(second)), random).await?;
    /// }
    /// demo.close().await;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn live(&mut self, now: Timestamp, random: &mut impl Rng) -> Result<(), Error> {
        let result = self.beat(now, random).await;
        let path = self.db.place().to_owned();
        result.map_err(|error| failed(path.as_ref(), &error))?;
        self.tidy(now).await?;
        self.beats += 1;
        Ok(())
    }

    async fn beat(&mut self, now: Timestamp, random: &mut impl Rng) -> Result<(), sqlx::Error> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        self.quiet_beats += 1;
        let needs_help = self.beats.is_multiple_of(HELP_DESK_EVERY);
        if needs_help || self.quiet_beats >= LONGEST_QUIET || random.random_bool(DEVICE_LOGINS.begun) {
            self.quiet_beats = 0;
            let mut flow = self.new_login(now, random);
            if needs_help {
                flow.client_id = HELP_DESK_CLIENT;
            }
            rows::insert_device_flow(&mut transaction, &flow, random).await?;
        }
        if random.random_bool(AUTHORIZATION_LOGINS.begun) {
            let flow = self.new_login(now, random);
            rows::insert_authorization_flow(&mut transaction, &flow, random).await?;
        }
        self.authenticate_somebody(&mut transaction, now, random).await?;
        if self.beats.is_multiple_of(POLL_INTERVAL.as_secs()) {
            self.poll(&mut transaction, now, random).await?;
        }
        self.refresh(&mut transaction, now, random).await?;
        transaction.commit().await
    }

    fn new_login(&self, now: Timestamp, random: &mut impl Rng) -> NewFlow {
        let scope = self.population.somebody(random).scope(random);
        NewFlow { status: FlowStatus::Pending, created: now, client_id: client(random), scope, sub: None }
    }

    /// Now and then a user finishes at the identity provider. Most do it within a minute or two; some never do. Those of the
    /// help desk's client cannot: their codes are there for who tries the approval, and nobody is faster.
    async fn authenticate_somebody(
        &self,
        connection: &mut SqliteConnection,
        now: Timestamp,
        random: &mut impl Rng,
    ) -> Result<(), sqlx::Error> {
        let somebody = self.population.somebody(random);
        let claims = serde_json::json!({ "sub": somebody.sub, "preferred_username": somebody.sub }).to_string();
        let device = "UPDATE DeviceFlows SET Status = 'READY', IDToken = ? WHERE UserCode = (SELECT UserCode \
                      FROM DeviceFlows WHERE Status = 'PENDING' AND CreationTime BETWEEN ? AND ? AND Scope LIKE ? \
                      AND ClientID <> ? ORDER BY RANDOM() LIMIT 1)";
        let authorization = "UPDATE AuthorizationFlows SET Status = 'READY', IDToken = ? WHERE UUID = (SELECT UUID \
                             FROM AuthorizationFlows WHERE Status = 'PENDING' AND CreationTime BETWEEN ? AND ? \
                             AND Scope LIKE ? AND ClientID <> ? ORDER BY RANDOM() LIMIT 1)";
        let vo = format!("vo:{} %", somebody.subject().split(':').next().unwrap_or_default());
        let nobody = "";
        for (statement, chance, expiration, helpless) in [
            (device, DEVICE_LOGINS.completed, self.policy.device_flow_expiration, HELP_DESK_CLIENT),
            (authorization, AUTHORIZATION_LOGINS.completed, self.policy.authorization_flow_expiration, nobody),
        ] {
            if random.random_bool(chance) {
                sqlx::query(statement)
                    .bind(&claims)
                    .bind(now.before(expiration))
                    .bind(now.before(FASTEST_LOGIN))
                    .bind(&vo)
                    .bind(helpless)
                    .execute(&mut *connection)
                    .await?;
            }
        }
        Ok(())
    }

    /// Clients whose flow is READY fetch their tokens: the flow becomes DONE and a token is issued for `vo:sub`.
    async fn poll(
        &mut self,
        connection: &mut SqliteConnection,
        now: Timestamp,
        random: &mut impl Rng,
    ) -> Result<(), sqlx::Error> {
        let flows = [
            (
                "SELECT UserCode AS key, Scope AS scope, json_extract(IDToken, '$.sub') AS sub FROM DeviceFlows \
                 WHERE Status = 'READY' AND CreationTime > ? LIMIT 20",
                "UPDATE DeviceFlows SET Status = 'DONE' WHERE UserCode = ?",
                self.policy.device_flow_expiration,
            ),
            (
                "SELECT UUID AS key, Scope AS scope, json_extract(IDToken, '$.sub') AS sub FROM AuthorizationFlows \
                 WHERE Status = 'READY' AND CreationTime > ? LIMIT 20",
                "UPDATE AuthorizationFlows SET Status = 'DONE' WHERE UUID = ?",
                self.policy.authorization_flow_expiration,
            ),
        ];
        for (look, finish, expiration) in flows {
            let ready: Vec<ReadyFlow> =
                sqlx::query_as(look).bind(now.before(expiration)).fetch_all(&mut *connection).await?;
            for flow in ready {
                let vo = Scope::from_stored(flow.scope.clone()).vo().unwrap_or("lhcb").to_owned();
                let Some(sub) = flow.sub else { continue };
                let subject = format!("{vo}:{sub}");
                sqlx::query(finish).bind(&flow.key).execute(&mut *connection).await?;
                let jti = Jti::issue(now, random);
                rows::insert_token(connection, &jti, &TokenStatus::Created, &flow.scope, &subject).await?;
                self.clients.push(Client::new(jti, subject, flow.scope, now, &self.policy, random));
            }
        }
        Ok(())
    }

    /// Clients whose access token runs out present their refresh token, as DiracX's token endpoint handles it.
    async fn refresh(
        &mut self,
        connection: &mut SqliteConnection,
        now: Timestamp,
        random: &mut impl Rng,
    ) -> Result<(), sqlx::Error> {
        for index in (0..self.clients.len()).rev() {
            if self.clients[index].leaves_at <= now {
                let client = self.clients.swap_remove(index);
                if random.random_bool(LOGGING_OUT) {
                    revoke(connection, &client.jti).await?;
                }
                continue;
            }
            if self.clients[index].next_refresh > now {
                continue;
            }
            let Client { jti, subject, scope, leaves_at, .. } = self.clients.swap_remove(index);
            let status: Option<String> = sqlx::query_scalar("SELECT Status FROM RefreshTokens WHERE JTI = ?")
                .bind(jti.stored())
                .fetch_optional(&mut *connection)
                .await?;
            if TokenStatus::from_stored(status) != TokenStatus::Created {
                // A revoked token comes back: DiracX takes it for an attack and ends every session of the subject.
                sqlx::query("UPDATE RefreshTokens SET Status = 'REVOKED' WHERE Sub = ? AND Status = 'CREATED'")
                    .bind(&subject)
                    .execute(&mut *connection)
                    .await?;
                continue;
            }
            revoke(connection, &jti).await?;
            let next = Jti::issue(now, random);
            rows::insert_token(connection, &next, &TokenStatus::Created, &scope, &subject).await?;
            self.clients.push(Client { leaves_at, ..Client::new(next, subject, scope, now, &self.policy, random) });
        }
        Ok(())
    }
}

/// What a refresh does to the token presented, and a logout to the one held.
async fn revoke(connection: &mut SqliteConnection, jti: &Jti) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE RefreshTokens SET Status = 'REVOKED' WHERE JTI = ?")
        .bind(jti.stored())
        .execute(connection)
        .await
        .map(drop)
}
