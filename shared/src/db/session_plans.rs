//! Plans for sessions: what has to be read for them, and carrying them out a step at a time.

use super::backend::on_backend;
use super::error::nothing_if_unstorable;
use super::refresh_tokens::{COUNTED_AT_MOST, TokenRow};
use super::{AuthDb, DbError, WritePermit, statements};
use crate::clock::Timestamp;
use crate::ids::{FlowId, Jti, KeyBound, Subject, UserCode};
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
        self.held_tokens_up_to(subject, policy, COUNTED_AT_MOST).await
    }

    async fn held_tokens_up_to(&self, subject: &Subject, policy: &Policy, at_most: u32) -> Result<HeldTokens, DbError> {
        let (created, has_more) = self.counted_revocable(subject, at_most).await?;
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
                        .bind(at_most)
                        .fetch_one(connection)
                        .await
                }))
            })
            .await?;
        Ok(HeldTokens { subject: subject.clone(), created, live: live.unsigned_abs(), has_more })
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
        self.plan_subject_revocations(std::slice::from_ref(subject), policy).await
    }

    /// The plan to revoke all tokens of several subjects. Those who hold nothing are left out.
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
    /// let plan = db.plan_subject_revocations(&[nobody], &config.policy).await?;
    /// assert_eq!((plan.steps().len(), plan.unfit.len()), (0, 1));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn plan_subject_revocations(
        &self,
        subjects: &[Subject],
        policy: &Policy,
    ) -> Result<SessionPlan, DbError> {
        let mut held = Vec::with_capacity(subjects.len());
        for subject in subjects {
            held.push(self.held_tokens(subject, policy).await?);
        }
        Ok(SessionPlan::revoke_subjects(held, self.now().await?, policy))
    }

    /// The plan to deny the device flows with these codes, as they are now. Codes without a flow, and flows that have
    /// ended, are left out.
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
    /// let unknown = authdb_shared::ids::UserCode::read("bcdf-ghjk")?;
    /// let plan = db.plan_denial(&[unknown], &config.policy).await?;
    /// assert_eq!(plan.unfit[0].to_string(), "BCDF-GHJK: there is no such device flow");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn plan_denial(&self, codes: &[UserCode], policy: &Policy) -> Result<SessionPlan, DbError> {
        let (mut flows, mut missing) = (Vec::new(), Vec::new());
        for code in codes {
            match self.device_flow(code).await?.0 {
                Some(flow) => flows.push(flow),
                None => missing.push(missing_row(code, "device flow")),
            }
        }
        let mut plan = SessionPlan::deny(flows, self.now().await?, policy);
        plan.unfit.extend(missing);
        Ok(plan)
    }

    /// The plan to cancel the authorization flows with these keys, as they are now. Keys without a flow, and flows that
    /// have ended, are left out.
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
    /// let unknown = authdb_shared::ids::FlowId::read("01a22ee6-b000-7abc-8000-00000000000f")?;
    /// let plan = db.plan_cancellation(&[unknown], &config.policy).await?;
    /// assert_eq!(plan.unfit[0].reason, "there is no such authorization flow");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn plan_cancellation(&self, keys: &[FlowId], policy: &Policy) -> Result<SessionPlan, DbError> {
        let (mut flows, mut missing) = (Vec::new(), Vec::new());
        for id in keys {
            match self.authorization_flow(id).await?.0 {
                Some(flow) => flows.push(flow),
                None => missing.push(missing_row(id, "authorization flow")),
            }
        }
        let mut plan = SessionPlan::cancel(flows, self.now().await?, policy);
        plan.unfit.extend(missing);
        Ok(plan)
    }

    /// The newest token of a subject that is CREATED and was issued at `since` or later, and young enough to be
    /// refreshed; with the database's time. Without `since`, whenever it was issued.
    ///
    /// This is how one sees whether a revocation holds: after all of a subject was revoked, any such token has come since,
    /// also one from a refresh that was under way, whose key was drawn before the revocation and written after it. The
    /// time of a token is what the service that issued it wrote into its key, and one from the future counts as well.
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
    /// db.revoke_subject(&permit, &alice).await;
    /// # let scope = authdb_shared::model::Scope::from_stored("vo:lhcb group:lhcb_user".to_owned());
    /// assert_eq!(db.newest_live_token(&alice, None, &config.policy).await?.0, None, "she is out");
    /// let mut work = db.begin(&permit).await?;
    /// let jti = authdb_shared::ids::Jti::issue(work.now(), &mut clock::randomness());
    /// work.insert_refresh_token(&jti, &alice, &scope).await?;
    /// work.commit().await?;
    /// assert_eq!(db.newest_live_token(&alice, None, &config.policy).await?.0, Some(jti), "she is in again");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn newest_live_token(
        &self,
        subject: &Subject,
        since: Option<Timestamp>,
        policy: &Policy,
    ) -> Result<(Option<Jti>, Timestamp), DbError> {
        self.limited("looking for new tokens of the subject", async {
            let mut session = self.reading().await?;
            let now = session.now().await?;
            let live_since = policy.live_since(now);
            let from = since.map_or(live_since, |since| since.max(live_since));
            let newest: Option<String> = nothing_if_unstorable(on_backend!(&mut session, |connection, text| {
                sqlx::query_scalar(text(statements::NEWEST_CREATED_OF_SUBJECT))
                    .bind(KeyBound::at(from).hex())
                    .bind(subject.as_str())
                    .bind(subject.as_str())
                    .bind(COUNTED_AT_MOST)
                    .fetch_one(connection)
                    .await
            }))?;
            Ok((newest.map(Jti::from_stored), now))
        })
        .await
    }

    /// Takes one step of a plan: its own transaction, its own guard, its own line in the journal.
    ///
    /// # Examples
    /// See [`AuthDb::plan_revocation`].
    pub async fn take_step(&self, permit: &WritePermit, step: &PlanStep, policy: &Policy) -> StepFate {
        self.take_step_while(permit, step, policy, |_| true).await
    }

    /// The same for as long as `goes_on` says so. Only a step of several batches asks, with the number of rows that it has
    /// changed so far.
    ///
    /// # Examples
    /// See [`AuthDb::revoke_subject_while`].
    pub async fn take_step_while(
        &self,
        permit: &WritePermit,
        step: &PlanStep,
        policy: &Policy,
        goes_on: impl FnMut(u64) -> bool + Send,
    ) -> StepFate {
        match step {
            PlanStep::Approve(code, claims) => one(self.approve_device_flow(permit, code, claims, policy).await),
            PlanStep::Deny(code) => one(self.deny_device_flow(permit, code).await),
            PlanStep::Cancel(id) => one(self.cancel_authorization_flow(permit, id).await),
            PlanStep::Revoke(jti) => one(self.revoke_token(permit, jti).await),
            PlanStep::RevokeSubject(subject) => {
                let outcome = self.revoke_subject_while(permit, subject, goes_on).await;
                match outcome.stopped_by {
                    None if outcome.is_stopped => StepFate::Stopped(outcome.revoked),
                    None if outcome.revoked == 0 => {
                        StepFate::Refused(format!("every token of {subject} is revoked already"))
                    }
                    None => StepFate::Done(outcome.revoked),
                    Some(error) if error.is_connection_loss() => {
                        StepFate::Unknown(outcome.revoked, after_some(outcome.revoked, &error))
                    }
                    Some(error) => StepFate::Failed(outcome.revoked, after_some(outcome.revoked, &error)),
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

fn missing_row(key: &impl std::fmt::Display, what: &str) -> Unfit {
    Unfit { key: key.to_string(), reason: format!("there is no such {what}") }
}

/// Why revoking stopped after so many tokens. What an error says of its own batch, that nothing was changed, is not true of
/// those before it.
fn after_some(revoked: u64, error: &DbError) -> String {
    if revoked == 0 {
        return error.to_string();
    }
    let reason = match error {
        DbError::Locked { attempt, reason } => format!("{attempt}: somebody else holds what it needs ({reason})"),
        DbError::Busy { attempt, place } => format!("{attempt}: every connection to {place} is at work"),
        DbError::NotReady { attempt, place, reason } => format!("{attempt}: {place} is not ready: {reason}"),
        other => other.to_string(),
    };
    let tokens = if revoked == 1 { "token" } else { "tokens" };
    format!("{revoked} {tokens} revoked; the rest is NOT revoked: {reason}")
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::Actor;
    use crate::clock;
    use crate::config::Sources;
    use crate::demo::Demo;
    use crate::model::Scope;

    #[tokio::test]
    async fn where_counting_stops_the_plan_says_that_there_are_more() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("authdb.sqlite3");
        let config = Demo::configuration(Sources::default(), &file).expect("a configuration");
        let db = AuthDb::create(&config.database, clock::host_now()).await.expect("the tables are made");
        let permit = db.write_permit(&Actor::of_this_process()).expect("it may write");
        let robot = Subject::new("lhcb:robot").expect("not empty");
        let scope = Scope::from_stored("vo:lhcb".to_owned());
        let mut work = db.begin(&permit).await.expect("a transaction");
        for _ in 0..3 {
            let jti = Jti::issue(work.now(), &mut clock::randomness());
            work.insert_refresh_token(&jti, &robot, &scope).await.expect("a token");
        }
        work.commit().await.expect("they are there");

        let held = async |at_most| db.held_tokens_up_to(&robot, &config.policy, at_most).await.expect("a count");
        assert_eq!(held(3).await.to_string(), "3 tokens that are not revoked yet, 3 of them live");
        let capped = held(2).await;
        assert_eq!(capped.to_string(), "more than 2 tokens that are not revoked yet, at least 2 of them live");
        let plan = SessionPlan::revoke_subject(capped, clock::host_now(), &config.policy).to_json();
        assert_eq!((&plan["count"], &plan["count_is_complete"]), (&2.into(), &false.into()));
        assert_eq!(plan["targets"][0]["tokens_are_complete"], false);
    }

    #[test]
    fn what_fails_after_some_batches_does_not_say_that_nothing_was_changed() {
        let locked = DbError::Locked { attempt: "revoking", reason: "Lock wait timeout".to_owned() };
        assert!(after_some(0, &locked).contains("Nothing was changed"));
        let said = after_some(400, &locked);
        assert!(
            said.starts_with("400 tokens revoked; the rest is NOT revoked: revoking: somebody else holds"),
            "{said}"
        );
        assert!(!said.contains("Nothing was changed"), "{said}");
    }
}
