//! Whether DiracX will mint anything for who is approved: its registry is asked before the code is spent.

use authdb_shared::Error;
use authdb_shared::config::Config;
use authdb_shared::db::ApproveRefusal;
use authdb_shared::health::Finding;
use authdb_shared::ids::UserCode;
use authdb_shared::model::IdTokenClaims;

use super::Run;

/// What the registry says about a change, beside what the database says.
#[derive(Debug, Default)]
pub(super) struct Remark {
    /// Why the change is refused.
    pub(super) refusal: Option<String>,
    /// What is wrong with it, though it was insisted on.
    pub(super) warning: Option<String>,
}

impl Remark {
    fn objection(text: String, is_insisted_on: bool) -> Self {
        if is_insisted_on {
            Self { warning: Some(text), refusal: None }
        } else {
            Self { refusal: Some(format!("{text} --despite-registry approves all the same.")), warning: None }
        }
    }
}

impl Run {
    /// Holds an approval against the registry, where one is configured, and fills in the name that it has.
    pub(super) async fn registered(
        &mut self,
        code: &UserCode,
        claims: &mut IdTokenClaims,
        is_insisted_on: bool,
    ) -> anyhow::Result<Remark> {
        let Some(source) = self.config()?.approval.registry else { return Ok(Remark::default()) };
        let (db, config) = self.reading().await?;
        let (flow, now) = db.device_flow(code).await.map_err(Error::from)?;
        db.close().await;
        // What the row itself refuses is said as ever.
        let Some(flow) = flow.filter(|flow| {
            let refusal = ApproveRefusal::of_flow(flow, now, &config.policy);
            refusal.or_else(|| ApproveRefusal::of_subject(flow, &claims.sub)).is_none()
        }) else {
            return Ok(Remark::default());
        };
        let registry = match source.read().await {
            Ok(registry) => registry,
            Err(error) => {
                let text = format!("{error}. Whether {} is registered is not known.", claims.sub.trim());
                return Ok(Remark::objection(text, is_insisted_on));
            }
        };
        if claims.preferred_username.is_none() {
            let user = flow.scope.vo().and_then(|vo| registry.vo(vo)?.user(claims.sub.trim()));
            claims.preferred_username =
                user.map(|user| user.preferred_username.clone()).filter(|name| !name.is_empty());
        }
        let mismatch = registry.mismatch(&flow.scope, &claims.sub);
        Ok(mismatch.map_or_else(Remark::default, |mismatch| Remark::objection(mismatch.to_string(), is_insisted_on)))
    }
}

/// The line of `doctor` about the registry.
pub(super) async fn finding(config: &Config) -> Finding {
    let Some(source) = &config.approval.registry else {
        return Finding::ok(
            "registry",
            "not configured: who is approved is not held against DiracX's users and groups",
        );
    };
    match source.read().await {
        Ok(registry) if registry.user_count() == 0 => Finding::warning(
            "registry",
            format!("{source} has no users; look whether approval.registry is the right one"),
        ),
        Ok(registry) => {
            let (vos, users) = (registry.vo_count(), registry.user_count());
            Finding::ok("registry", format!("{source} has {users} users of {vos} VOs, read just now"))
        }
        Err(error) => {
            Finding::warning("registry", format!("{error}; mend approval.registry, or approvals go unchecked"))
        }
    }
}
