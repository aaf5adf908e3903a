//! Plans for sessions: what has to be read for them, and carrying them out a step at a time.

use super::backend::on_backend;
use super::error::nothing_if_unstorable;
use super::refresh_tokens::{COUNTED_AT_MOST, TokenRow};
use super::{AuthDb, DbError, WritePermit, statements};
use crate::clock::Timestamp;
use crate::ids::{Jti, KeyBound, Subject};
use crate::model::RefreshToken;
use crate::policy::Policy;
use crate::session_plan::{HeldTokens, PlanStep, SessionPlan, StepFate, Unfit};

/// Subjects whose other tokens are counted for one plan. The rest is warned about without a number.
const SUBJECTS_COUNTED: usize = 20;

impl AuthDb {
    /// What a subject holds: the tokens that DiracX revokes when it sees a revoked one of that subject again.
    ///
    /// # Errors
    /// If the database cannot be asked, or takes too long.
    ///
    /// # Examples
    /// ```
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// # let permit = db.write_permit(&Actor::of_this_process())?;
    /// # let alice = authdb_shared::ids::Subject::new("lhcb:alice")?;
    /// # let scope = authdb_shared::model::Scope::from_stored("vo:lhcb group:lhcb_user".to_owned());
    /// # let mut work = db.begin(&permit).await?;
    /// # let jti = authdb_shared::ids::Jti::issue(work.now(), &mut clock::randomness());
    /// # work.insert_refresh_token(&jti, &alice, &scope).await?;
    /// # work.commit().await?;
    /// let held = db.held_tokens(&alice, &config.policy).await?;
    /// assert_eq!((held.created, held.live), (1, 1));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn held_tokens(&self, subject: &Subject, policy: &Policy) -> Result<HeldTokens, DbError> {
        let created = self.revocable_tokens(subject).await?;
        let live = self
            .limited("counting the live tokens of the subject", async {
                let mut session = self.reading().await?;
                let now = session.now().await?;
                nothing_if_unstorable(on_backend!(&mut session, |connection, text| {
                    sqlx::query_scalar::<_, i64>(text(statements::COUNT_LIVE_OF_SUBJECT))
                        .bind(KeyBound::at(policy.live_since(now)).hex())
                        .bind(KeyBound::at(policy.latest_credible(now)).hex())
                        .bind(subject.as_str())
                        .bind(subject.as_str())
                        .bind(COUNTED_AT_MOST)
                        .fetch_one(connection)
                        .await
                }))
            })
            .await?;
        Ok(HeldTokens { subject: subject.clone(), created, live: live.unsigned_abs() })
    }

    /// The plan to revoke the tokens with these keys, as they are now. Keys without a token are left out, and so are
    /// tokens that are revoked already.
    ///
    /// # Errors
    /// If the database cannot be asked, or takes too long.
    ///
    /// # Examples
    /// ```
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// # let permit = db.write_permit(&Actor::of_this_process())?;
    /// # let alice = authdb_shared::ids::Subject::new("lhcb:alice")?;
    /// # let scope = authdb_shared::model::Scope::from_stored("vo:lhcb group:lhcb_user".to_owned());
    /// # let mut work = db.begin(&permit).await?;
    /// # let jti = authdb_shared::ids::Jti::issue(work.now(), &mut clock::randomness());
    /// # work.insert_refresh_token(&jti, &alice, &scope).await?;
    /// # work.commit().await?;
    /// let plan = db.plan_revocation(&[jti], &config.policy).await?;
    /// for consequence in &plan.consequences {
    ///     println!("{consequence}");
    /// }
    /// for step in plan.steps() {
    ///     println!("{step}: {:?}", db.take_step(&permit, &step, &config.policy).await);
    /// }
    /// assert_eq!(db.held_tokens(&alice, &config.policy).await?.created, 0);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn plan_revocation(&self, keys: &[Jti], policy: &Policy) -> Result<SessionPlan, DbError> {
        let (tokens, missing, now) = self.tokens_by_key(keys).await?;
        let mut held: Vec<HeldTokens> = Vec::new();
        for subject in tokens.iter().filter_map(|token| token.subject.as_ref()) {
            if held.len() < SUBJECTS_COUNTED && !held.iter().any(|counted| counted.subject == *subject) {
                held.push(self.held_tokens(subject, policy).await?);
            }
        }
        let mut plan = SessionPlan::revoke(tokens, &held, now, policy);
        let reason = "there is no such refresh token".to_owned();
        plan.unfit.extend(missing.iter().map(|jti| Unfit { key: jti.to_string(), reason: reason.clone() }));
        Ok(plan)
    }

    /// The plan to revoke all tokens of a subject.
    ///
    /// # Errors
    /// If the database cannot be asked, or takes too long.
    ///
    /// # Examples
    /// ```
    /// # use authdb_shared::{clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// let nobody = authdb_shared::ids::Subject::new("lhcb:nobody")?;
    /// let plan = db.plan_subject_revocation(&nobody, &config.policy).await?;
    /// assert!(plan.is_empty(), "there is nothing to revoke");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn plan_subject_revocation(&self, subject: &Subject, policy: &Policy) -> Result<SessionPlan, DbError> {
        let held = self.held_tokens(subject, policy).await?;
        Ok(SessionPlan::revoke_subject(held, self.now().await?, policy))
    }

    /// Takes one step of a plan: its own transaction, its own guard, its own line in the journal.
    ///
    /// # Examples
    /// See [`AuthDb::plan_revocation`].
    pub async fn take_step(&self, permit: &WritePermit, step: &PlanStep, policy: &Policy) -> StepFate {
        match step {
            PlanStep::Approve(code, claims) => one(self.approve_device_flow(permit, code, claims, policy).await),
            PlanStep::Deny(code) => one(self.deny_device_flow(permit, code).await),
            PlanStep::Cancel(id) => one(self.cancel_authorization_flow(permit, id).await),
            PlanStep::Revoke(jti) => one(self.revoke_token(permit, jti).await),
            PlanStep::RevokeSubject(subject) => {
                let outcome = self.revoke_subject(permit, subject).await;
                match outcome.stopped_by {
                    None if outcome.revoked == 0 => {
                        StepFate::Refused(format!("every token of {subject} is revoked already"))
                    }
                    None => StepFate::Done(outcome.revoked),
                    Some(error) if error.is_connection_loss() => StepFate::Unknown(outcome.revoked, error.to_string()),
                    Some(error) => StepFate::Failed(outcome.revoked, error.to_string()),
                }
            }
        }
    }

    /// The tokens with these keys, one keyed look each, the keys that have none, and the database's time.
    async fn tokens_by_key(&self, keys: &[Jti]) -> Result<(Vec<RefreshToken>, Vec<Jti>, Timestamp), DbError> {
        let attempt = "reading the refresh tokens";
        let (mut session, now) = self.reading_now(attempt).await?;
        let (mut tokens, mut missing) = (Vec::new(), Vec::new());
        for jti in keys {
            let row: Option<TokenRow> = self
                .limited(attempt, async {
                    on_backend!(&mut session, |connection, text| {
                        sqlx::query_as(text(statements::TOKEN)).bind(jti.stored()).fetch_optional(connection).await
                    })
                })
                .await?;
            match row {
                Some(row) => tokens.push(RefreshToken::from(row)),
                None => missing.push(jti.clone()),
            }
        }
        Ok((tokens, missing, now))
    }
}

/// The fate of a change of one row. A connection that broke may have broken before the commit or after it.
fn one<T, R: std::fmt::Display>(outcome: Result<Result<T, R>, DbError>) -> StepFate {
    match outcome {
        Ok(Ok(_)) => StepFate::Done(1),
        Ok(Err(refusal)) => StepFate::Refused(refusal.to_string()),
        Err(error) if error.is_connection_loss() => StepFate::Unknown(0, error.to_string()),
        Err(error) => StepFate::Failed(0, error.to_string()),
    }
}
