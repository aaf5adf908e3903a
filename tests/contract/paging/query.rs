//! A list with its filter, whichever of the three it is, read page by page.

use authdb_shared::db::{AuthDb, DbError, FlowFilter, Order, Page, PageRequest, TokenFilter};
use authdb_shared::policy::Policy;
use authdb_tests::World;

#[derive(Clone, Debug)]
pub(super) enum Query {
    Tokens(TokenFilter),
    DeviceFlows(FlowFilter),
    AuthorizationFlows(FlowFilter),
}

impl Query {
    /// Its table, and the key of that.
    pub(super) fn table(&self) -> (&'static str, &'static str) {
        match self {
            Self::Tokens(_) => ("RefreshTokens", "JTI"),
            Self::DeviceFlows(_) => ("DeviceFlows", "UserCode"),
            Self::AuthorizationFlows(_) => ("AuthorizationFlows", "UUID"),
        }
    }

    /// The keys of a page.
    pub(super) async fn page(
        &self,
        db: &AuthDb,
        policy: &Policy,
        request: &PageRequest,
    ) -> Result<Page<String>, DbError> {
        fn keys<T>(page: Page<T>, key: impl Fn(&T) -> String) -> Page<String> {
            let Page { rows, has_more, next, is_cut_short, now } = page;
            Page { rows: rows.iter().map(key).collect(), has_more, next, is_cut_short, now }
        }
        Ok(match self {
            Self::Tokens(filter) => keys(db.refresh_tokens(filter, policy, request).await?, |row| row.jti.to_string()),
            Self::DeviceFlows(filter) => {
                keys(db.device_flows(filter, policy, request).await?, |row| row.user_code.to_string())
            }
            Self::AuthorizationFlows(filter) => {
                keys(db.authorization_flows(filter, policy, request).await?, |row| row.id.to_string())
            }
        })
    }

    /// The whole list, read by pages of so many.
    pub(super) async fn whole(&self, world: &World, order: Order, size: u32) -> Vec<String> {
        let first = PageRequest::first(order, size);
        self.rest(world, &world.policy, first).await
    }

    /// The list from a page on.
    pub(super) async fn rest(&self, world: &World, policy: &Policy, mut request: PageRequest) -> Vec<String> {
        let mut keys = Vec::new();
        loop {
            let what = format!("{self:?} {request:?} on {}", world.engine());
            let page = self.page(&world.db, policy, &request).await;
            let page = page.unwrap_or_else(|error| panic!("{what}: {error}"));
            assert!(!page.is_cut_short, "{what} is cut short");
            assert_eq!(page.has_more, page.next.is_some(), "{what}");
            assert!(!page.has_more || page.rows.len() == request.limit as usize, "{what} is not full");
            let next = request.after(&page);
            keys.extend(page.rows);
            let Some(next) = next else { return keys };
            assert_ne!(next, request, "{what} comes to no end");
            request = next;
        }
    }
}
