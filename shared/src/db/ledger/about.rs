//! What the journal says about one subject.
//!
//! Actions name their target, and a target is a code, a key or a subject; whose token was revoked and who was approved
//! stands among the details. The statement finds whatever holds these texts, among so many actions as bound its time; what
//! comes back is compared exactly.

use crate::db::backend::on_backend;
use crate::db::filter::literal;
use crate::db::{AuthDb, DbError, Page, statements};
use crate::ids::Subject;
use crate::model::Scope;

use super::actions::{ActionRow, AdminAction, DETAIL_WIDTH, TARGET_WIDTH};
use super::kept;

/// How many of the newest actions are searched.
const SEARCHED: i64 = 10_000;

const SEARCHING: &str = "searching the journal for the subject";

impl AdminAction {
    /// Whether it was about a subject: its tokens were revoked, all or one of them, or a code was approved for it. An approval
    /// that was refused before the scope of its code was known is about nobody.
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
    /// # db.create_ledger(&permit).await?;
    /// db.revoke_token(&permit, &jti).await??;
    /// let action = &db.admin_actions(None, 1).await?.rows[0];
    /// assert!(action.is_about(&alice), "the target is the token, and its subject stands among the details");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_about(&self, subject: &Subject) -> bool {
        let detail = |name: &str| self.details.get(name).and_then(serde_json::Value::as_str);
        match self.action.as_str() {
            "revoke-subject" => self.target == kept(subject.as_str(), TARGET_WIDTH),
            "revoke" => detail("subject") == Some(kept(subject.as_str(), DETAIL_WIDTH).as_str()),
            "approve" => {
                let scope = detail("scope").map(|scope| Scope::from_stored(scope.to_owned()));
                scope.is_some_and(|scope| scope.vo() == subject.vo())
                    && detail("sub") == Some(kept(subject.within_vo(), DETAIL_WIDTH).as_str())
            }
            _ => false,
        }
    }
}

impl AuthDb {
    /// The newest actions about a subject, as [`AdminAction::is_about`] knows them.
    ///
    /// The last 10,000 actions are searched; where the journal is longer, the page is said to be cut short. It cannot be
    /// gone on from.
    ///
    /// # Errors
    /// If the database cannot be asked, takes too long, or has no ledger.
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
    /// # db.create_ledger(&permit).await?;
    /// db.revoke_subject(&permit.because("has left"), &alice).await;
    /// let about_her = db.admin_actions_about(&alice, 10).await?;
    /// assert_eq!((about_her.rows.len(), about_her.rows[0].reason.as_str()), (1, "has left"));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn admin_actions_about(&self, subject: &Subject, limit: u32) -> Result<Page<AdminAction>, DbError> {
        let newest = self.admin_actions(None, 1).await?;
        let Some(last) = newest.rows.first().map(|action| action.id) else { return Ok(newest) };
        let detail = |name: &str, text: &str| {
            let value = serde_json::Value::from(kept(text, DETAIL_WIDTH));
            format!("%{}%", literal(&format!("\"{name}\":{value}")))
        };
        let (target, sub) = (kept(subject.as_str(), TARGET_WIDTH), detail("sub", subject.within_vo()));
        let whole = detail("subject", subject.as_str());
        let rows: Vec<ActionRow> = self
            .limited(SEARCHING, async {
                let mut session = self.reading().await?;
                on_backend!(&mut session, |connection, text| {
                    sqlx::query_as(text(statements::ACTIONS_NAMING))
                        .bind(last.saturating_sub(SEARCHED))
                        .bind(last)
                        .bind(&target)
                        .bind(&whole)
                        .bind(&sub)
                        .bind(SEARCHED)
                        .fetch_all(connection)
                        .await
                })
            })
            .await?;
        let about = rows.into_iter().map(AdminAction::from).filter(|action| action.is_about(subject));
        let page = Page::cut(about.collect(), limit, newest.now);
        Ok(Page { is_cut_short: last > SEARCHED, ..page })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn action(action: &str, target: &str, details: Value) -> AdminAction {
        AdminAction { details, ..AdminAction::done(action, target) }
    }

    #[test]
    fn an_action_is_about_whom_it_names_and_about_nobody_alike() {
        let alice = Subject::new("lhcb:alice").expect("not empty");
        let approval = |sub: &str, scope: Value| action("approve", "BCDF-GHJK", json!({ "sub": sub, "scope": scope }));
        assert!(action("revoke-subject", "lhcb:alice", json!({})).is_about(&alice));
        assert!(!action("revoke-subject", "lhcb:Alice", json!({})).is_about(&alice));
        assert!(action("revoke", "a token", json!({ "subject": "lhcb:alice" })).is_about(&alice));
        assert!(!action("revoke", "lhcb:alice", json!({ "subject": null })).is_about(&alice));
        assert!(approval("alice", json!("vo:lhcb group:lhcb_user")).is_about(&alice));
        assert!(!approval("alice", json!("vo:belle")).is_about(&alice), "somebody else of that name");
        assert!(!approval("alice", Value::Null).is_about(&alice), "nobody knows which");
        assert!(!action("deny", "lhcb:alice", json!({ "sub": "alice" })).is_about(&alice));
    }
}
