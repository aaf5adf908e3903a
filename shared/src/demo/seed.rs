//! The past of the demo: what the database holds when the dashboard opens.

use std::time::Duration;

use rand::{Rng, RngExt};
use sqlx::SqliteConnection;

use super::Demo;
use super::life::Client;
use super::population::{Member, client};
use super::rows::{self, NewFlow};
use crate::clock::Timestamp;
use crate::ids::Jti;
use crate::model::{FlowStatus, TokenStatus};

const TOKENS: u32 = 2000;
const LIVE: u32 = 150;
/// Of the tokens that are no longer live, those that the present sessions have rotated away.
const ROTATED: u32 = 350;
/// Tokens from before DiracX used `UUIDv7`.
const UNDATED: u32 = 3;

/// A session of the past that still lives.
struct Session {
    subject: String,
    scope: String,
    /// When the oldest of its tokens so far was issued.
    oldest: Timestamp,
}

impl Demo {
    pub(super) async fn seed(&mut self, now: Timestamp, random: &mut impl Rng) -> Result<(), sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        self.seed_flows(&mut transaction, now, random).await?;
        let sessions = self.seed_live_tokens(&mut transaction, now, random).await?;
        self.seed_rotated_tokens(&mut transaction, sessions, random).await?;
        self.seed_old_tokens(&mut transaction, now, random).await?;
        self.seed_runs(&mut transaction, now, random).await?;
        transaction.commit().await
    }

    async fn seed_flows(
        &mut self,
        connection: &mut SqliteConnection,
        now: Timestamp,
        random: &mut impl Rng,
    ) -> Result<(), sqlx::Error> {
        // What the last clean-up found stale is in ERROR since then.
        let unswept = self.janitor.since_clean_up(now).as_secs().min(290);
        // Status, how many, and between which ages in seconds. The retention is an hour.
        let device = [
            (FlowStatus::Pending, 9, 2..580),
            (FlowStatus::Ready, 2, 30..300),
            (FlowStatus::Done, 32, 60..3590),
            (FlowStatus::Error, 7, 60..3590),
            (FlowStatus::Pending, 5, 601..602 + unswept),
        ];
        let authorization = [
            (FlowStatus::Pending, 5, 2..290),
            (FlowStatus::Ready, 1, 5..200),
            (FlowStatus::Done, 48, 30..3590),
            (FlowStatus::Error, 5, 60..3590),
            (FlowStatus::Pending, 4, 301..302 + unswept),
        ];
        for (status, count, ages) in device {
            for _ in 0..count {
                let flow = self.past_flow(
                    status.clone(),
                    now.before(Duration::from_secs(random.random_range(ages.clone()))),
                    random,
                );
                rows::insert_device_flow(connection, &flow, random).await?;
            }
        }
        for (status, count, ages) in authorization {
            for _ in 0..count {
                let flow = self.past_flow(
                    status.clone(),
                    now.before(Duration::from_secs(random.random_range(ages.clone()))),
                    random,
                );
                rows::insert_authorization_flow(connection, &flow, random).await?;
            }
        }
        Ok(())
    }

    fn past_flow(&self, status: FlowStatus, created: Timestamp, random: &mut impl Rng) -> NewFlow {
        let member = self.population.somebody(random);
        let sub = matches!(status, FlowStatus::Ready | FlowStatus::Done).then(|| member.sub.clone());
        NewFlow { status, created, client_id: client(random), scope: member.scope(random), sub }
    }

    async fn seed_live_tokens(
        &mut self,
        connection: &mut SqliteConnection,
        now: Timestamp,
        random: &mut impl Rng,
    ) -> Result<Vec<Session>, sqlx::Error> {
        let lifetime = self.policy.refresh_token_lifetime;
        let mut sessions = Vec::new();
        for _ in 0..LIVE {
            let member = self.population.somebody(random);
            let scope = member.scope(random);
            let issued = now.before(lifetime.mul_f64(random.random_range(0.0..0.98)));
            let jti = Jti::issue(issued, random);
            rows::insert_token(connection, &jti, &TokenStatus::Created, &scope, &member.subject()).await?;
            // Older tokens belong to clients that have gone away; they just run out.
            if now.since(issued) < self.policy.access_token_lifetime {
                self.clients.push(Client::new(jti, member.subject(), scope.clone(), now, &self.policy, random));
            }
            sessions.push(Session { subject: member.subject(), scope, oldest: issued });
        }
        Ok(sessions)
    }

    /// The tokens that those sessions have rotated away, each issued when its predecessor's access token ran out.
    async fn seed_rotated_tokens(
        &self,
        connection: &mut SqliteConnection,
        mut sessions: Vec<Session>,
        random: &mut impl Rng,
    ) -> Result<(), sqlx::Error> {
        for _ in 0..ROTATED {
            let index = random.random_range(0..sessions.len());
            let session = &mut sessions[index];
            session.oldest =
                session.oldest.before(self.policy.access_token_lifetime.mul_f64(random.random_range(0.8..1.0)));
            let jti = Jti::issue(session.oldest, random);
            rows::insert_token(connection, &jti, &TokenStatus::Revoked, &session.scope, &session.subject).await?;
        }
        Ok(())
    }

    async fn seed_old_tokens(
        &mut self,
        connection: &mut SqliteConnection,
        now: Timestamp,
        random: &mut impl Rng,
    ) -> Result<(), sqlx::Error> {
        let lifetime = self.policy.refresh_token_lifetime;
        let oldest = now.since(self.policy.token_horizon(now));
        for index in 0..TOKENS - LIVE - ROTATED - UNDATED {
            // More logins lately than half a year ago, and everybody has been here at least once.
            let age = lifetime * 2 + oldest.mul_f64(random.random::<f64>().powf(1.3));
            let status = if random.random_bool(0.85) { TokenStatus::Revoked } else { TokenStatus::Created };
            let member = self.population.members().get(index as usize).cloned();
            self.seed_token(connection, now.before(age), status, member, random).await?;
        }
        for _ in 0..UNDATED {
            let member = self.population.somebody(random);
            let mut bytes = [0; 16];
            random.fill(&mut bytes);
            let jti = Jti::from_uuid(uuid::Builder::from_random_bytes(bytes).into_uuid());
            let scope = member.scope(random);
            rows::insert_token(connection, &jti, &TokenStatus::Created, &scope, &member.subject()).await?;
        }
        Ok(())
    }

    async fn seed_token(
        &self,
        connection: &mut SqliteConnection,
        issued: Timestamp,
        status: TokenStatus,
        member: Option<Member>,
        random: &mut impl Rng,
    ) -> Result<(), sqlx::Error> {
        let member = member.unwrap_or_else(|| self.population.somebody(random));
        let scope = member.scope(random);
        rows::insert_token(connection, &Jti::issue(issued, random), &status, &scope, &member.subject()).await
    }
}
