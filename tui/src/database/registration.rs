//! Who can be approved: DiracX's registry, and the subjects that the database knows.

use authdb_shared::db::{Containing, DbError};
use authdb_shared::ids::Subject;
use authdb_shared::registry::{Registry, RegistryError};

use super::Database;

impl Database {
    /// The registry, if one is configured.
    pub(super) async fn read_registry(&self) -> Option<Result<Registry, RegistryError>> {
        Some(self.config.approval.registry.as_ref()?.read().await)
    }

    /// Subjects of a VO that have live tokens, those with most of them first.
    pub(super) async fn live_subjects_of(&self, vo: &str) -> Result<Vec<Subject>, DbError> {
        let page = self.db.subjects(&Containing::new(&format!("{vo}:")), &self.policy, self.limit).await?;
        let subjects = page.rows.into_iter().map(|summary| summary.subject);
        Ok(subjects.filter(|subject| subject.vo() == Some(vo)).collect())
    }
}
