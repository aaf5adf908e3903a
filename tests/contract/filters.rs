//! Filters of lists: each field means what its documentation says, on every engine, whatever its columns take for the same.

mod draw;
mod model;

use authdb_shared::Timestamp;
use authdb_shared::db::{Containing, FlowFilter, Order, PageRequest, ScopeFilter, SubjectFilter, TokenFilter};
use authdb_shared::ids::Subject;
use authdb_shared::model::{FlowStatus, TokenStatus};
use authdb_tests::World;
use authdb_tests::world::{on_engines, plain, servers};
use model::Row;
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use crate::rows::{insert, on_every_kind_of_column};

/// More rows than any test here writes.
const ALL: u32 = 1000;

/// Random filters per list.
const FILTERS: usize = 120;

const TOKENS: &str = "RefreshTokens (JTI, Status, Scope, Sub)";
const DEVICE_FLOWS: &str = "DeviceFlows (UserCode, Status, CreationTime, ClientID, Scope, DeviceCode, IDToken)";
const AUTHORIZATION_FLOWS: &str = "AuthorizationFlows (UUID, Status, CreationTime, ClientID, Scope, CodeChallenge, \
                                   CodeChallengeMethod, RedirectURI, IDToken)";

fn id_token(row: &Row) -> Option<String> {
    row.subject.as_ref().map(|sub| serde_json::json!({ "name": "lhcb:amelie", "sub": sub }).to_string())
}

fn created(row: &Row) -> Option<String> {
    row.time.map(Timestamp::sql_text)
}

async fn add_tokens(world: &World, tokens: &[Row]) {
    let row =
        |row: &Row| vec![Some(row.key.clone()), Some(row.status.clone()), Some(row.scope.clone()), row.subject.clone()];
    insert(world, TOKENS, &tokens.iter().map(row).collect::<Vec<_>>()).await;
}

async fn add_device_flows(world: &World, flows: &[Row]) {
    let row = |row: &Row| {
        let mut values = vec![
            Some(row.key.clone()),
            Some(row.status.clone()),
            created(row),
            Some(row.client.clone()),
            Some(row.scope.clone()),
        ];
        values.extend([Some(format!("digest of {}", row.key)), id_token(row)]);
        values
    };
    insert(world, DEVICE_FLOWS, &flows.iter().map(row).collect::<Vec<_>>()).await;
}

async fn add_authorization_flows(world: &World, flows: &[Row]) {
    let row = |row: &Row| {
        let mut values = vec![
            Some(row.key.clone()),
            Some(row.status.clone()),
            created(row),
            Some(row.client.clone()),
            Some(row.scope.clone()),
        ];
        values.extend([
            Some("challenge".to_owned()),
            Some("S256".to_owned()),
            Some(row.redirect_uri.clone()),
            id_token(row),
        ]);
        values
    };
    insert(world, AUTHORIZATION_FLOWS, &flows.iter().map(row).collect::<Vec<_>>()).await;
}

/// The keys that a list gave, sorted.
fn sorted(keys: impl Iterator<Item = String>) -> Vec<String> {
    let mut keys: Vec<String> = keys.collect();
    keys.sort();
    keys
}

fn keys_of<'a>(rows: impl Iterator<Item = &'a Row>) -> Vec<String> {
    sorted(rows.map(|row| row.key.clone()))
}

/// Filters that select nothing, or everything, test little.
fn assert_telling(selected: &[usize], rows: usize) {
    let telling = selected.iter().filter(|count| (1..rows).contains(*count)).count();
    assert!(telling > FILTERS / 4, "only {telling} of {FILTERS} filters tell rows apart");
}

async fn token_list(world: &World, filter: &TokenFilter, order: Order) -> (Vec<String>, Timestamp) {
    let page = world.db.refresh_tokens(filter, &world.policy, &PageRequest::first(order, ALL)).await;
    let page = page.unwrap_or_else(|error| panic!("{filter:?} on {}: {error}", world.engine()));
    assert!(!page.has_more && !page.is_cut_short && page.next.is_none(), "{filter:?} on {}", world.engine());
    (sorted(page.rows.iter().map(|token| plain(&token.jti))), page.now)
}

async fn device_flow_list(world: &World, filter: &FlowFilter, order: Order) -> (Vec<String>, Timestamp) {
    let page = world.db.device_flows(filter, &world.policy, &PageRequest::first(order, ALL)).await;
    let page = page.unwrap_or_else(|error| panic!("{filter:?} on {}: {error}", world.engine()));
    assert!(!page.has_more && !page.is_cut_short && page.next.is_none(), "{filter:?} on {}", world.engine());
    (sorted(page.rows.iter().map(|flow| flow.user_code.to_string())), page.now)
}

async fn authorization_flow_list(world: &World, filter: &FlowFilter, order: Order) -> (Vec<String>, Timestamp) {
    let page = world.db.authorization_flows(filter, &world.policy, &PageRequest::first(order, ALL)).await;
    let page = page.unwrap_or_else(|error| panic!("{filter:?} on {}: {error}", world.engine()));
    assert!(!page.has_more && !page.is_cut_short && page.next.is_none(), "{filter:?} on {}", world.engine());
    (sorted(page.rows.iter().map(|flow| flow.id.to_string().replace('-', ""))), page.now)
}

#[tokio::test]
async fn tokens_are_selected_as_the_fields_of_the_filter_say() {
    on_every_kind_of_column(|world| async move {
        let mut random = StdRng::seed_from_u64(1);
        let tokens = draw::tokens(&mut random, world.start, 250);
        add_tokens(&world, &tokens).await;
        let mut selected = Vec::new();
        for _ in 0..FILTERS {
            let ((filter, text), order) = (draw::token_filter(&mut random, &tokens), draw::order(&mut random));
            let (listed, now) = token_list(&world, &filter, order).await;
            let is_wanted = |row: &&Row| row.is_token_of((&filter, &text), order, now, &world.policy);
            assert_eq!(listed, keys_of(tokens.iter().filter(is_wanted)), "{filter:?} {order:?} on {}", world.engine());
            selected.push(listed.len());
        }
        assert_telling(&selected, tokens.len());
    })
    .await;
}

#[tokio::test]
async fn device_flows_are_selected_as_the_fields_of_the_filter_say() {
    on_every_kind_of_column(|world| async move {
        let mut random = StdRng::seed_from_u64(2);
        let flows = draw::device_flows(&mut random, world.start, 200);
        add_device_flows(&world, &flows).await;
        let mut selected = Vec::new();
        for _ in 0..FILTERS {
            let ((filter, text), order) = (draw::flow_filter(&mut random, &flows), draw::order(&mut random));
            let (listed, now) = device_flow_list(&world, &filter, order).await;
            let is_wanted = |row: &&Row| row.is_flow_of((&filter, &text), now, world.policy.device_flow_expiration);
            assert_eq!(listed, keys_of(flows.iter().filter(is_wanted)), "{filter:?} {order:?} on {}", world.engine());
            selected.push(listed.len());
        }
        assert_telling(&selected, flows.len());
    })
    .await;
}

#[tokio::test]
async fn authorization_flows_are_selected_as_the_fields_of_the_filter_say() {
    on_every_kind_of_column(|world| async move {
        let mut random = StdRng::seed_from_u64(3);
        let flows = draw::authorization_flows(&mut random, world.start, 200);
        add_authorization_flows(&world, &flows).await;
        let mut selected = Vec::new();
        for _ in 0..FILTERS {
            let ((filter, text), order) = (draw::flow_filter(&mut random, &flows), draw::order(&mut random));
            let (listed, now) = authorization_flow_list(&world, &filter, order).await;
            let expiration = world.policy.authorization_flow_expiration;
            let is_wanted = |row: &&Row| row.is_flow_of((&filter, &text), now, expiration);
            assert_eq!(listed, keys_of(flows.iter().filter(is_wanted)), "{filter:?} {order:?} on {}", world.engine());
            selected.push(listed.len());
        }
        assert_telling(&selected, flows.len());
    })
    .await;
}

fn nameless(scope: ScopeFilter) -> [ScopeFilter; 3] {
    [
        ScopeFilter { vo: Some(String::new()), ..scope.clone() },
        ScopeFilter { group: Some(String::new()), ..scope.clone() },
        ScopeFilter { containing: Some(String::new()), ..scope },
    ]
}

#[tokio::test]
async fn an_empty_text_selects_what_is_empty_or_nothing() {
    on_every_kind_of_column(|world| async move {
        let full = |key: &str| Row {
            key: key.to_owned(),
            status: "DONE".to_owned(),
            client: "client".to_owned(),
            scope: "vo:lhcb group:lhcb_user".to_owned(),
            subject: Some("amelie".to_owned()),
            time: Some(world.start),
            ..Row::default()
        };
        let (one, two) = ("cafe00010000400080000cafe0000001", "cafe00020000400080000cafe0000002");
        let empty = |key| Row { status: String::new(), client: String::new(), scope: String::new(), ..full(key) };
        add_tokens(&world, &[full(one), Row { subject: Some(String::new()), ..empty(two) }]).await;
        add_device_flows(&world, &[full("ONE"), empty("TWO")]).await;
        add_authorization_flows(&world, &[full(one), empty(two)]).await;

        let empty_status = FlowFilter { status: Some(FlowStatus::Other(String::new())), ..FlowFilter::default() };
        let empty_client = FlowFilter { client: Some(String::new()), ..FlowFilter::default() };
        let scopes = nameless(ScopeFilter::default()).map(|scope| FlowFilter { scope, ..FlowFilter::default() });
        let [vo, group, text] = scopes;
        for (filter, is_found) in
            [(empty_status, true), (empty_client, true), (vo, false), (group, false), (text, true)]
        {
            let (device, _) = device_flow_list(&world, &filter, Order::NewestFirst).await;
            let (browser, _) = authorization_flow_list(&world, &filter, Order::NewestFirst).await;
            let found = usize::from(is_found);
            assert_eq!(device, &["TWO"][..found], "{filter:?} on {}", world.engine());
            assert_eq!(browser, &[two][..found], "{filter:?} on {}", world.engine());
        }
        let empty_status = TokenFilter { status: Some(TokenStatus::Other(String::new())), ..TokenFilter::default() };
        let scopes = nameless(ScopeFilter::default()).map(|scope| TokenFilter { scope, ..TokenFilter::default() });
        let [vo, group, text] = scopes;
        for (filter, is_found) in [(empty_status, true), (vo, false), (group, false), (text, true)] {
            let (tokens, _) = token_list(&world, &filter, Order::NewestFirst).await;
            assert_eq!(tokens, &[two][..usize::from(is_found)], "{filter:?} on {}", world.engine());
        }
        // Dashes stand in keys that are shown with them; by themselves they say nothing about a key.
        let dashes = TokenFilter { containing: Containing::new(" -- "), ..TokenFilter::default() };
        assert_eq!(token_list(&world, &dashes, Order::NewestFirst).await.0, Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn letters_that_latin1_lacks_select_nothing_and_are_no_error() {
    on_engines(servers(), |engine| async move {
        let world = World::create_with_charset(engine, "latin1").await;
        let mut random = StdRng::seed_from_u64(4);
        // What latin1 makes of letters that it lacks.
        let mut tokens = draw::tokens(&mut random, world.start, 5);
        for (token, text) in tokens.iter_mut().zip(["?", "??", "", "lhcb:??", "vo:??"]) {
            (token.status, token.scope, token.subject) = (text.to_owned(), text.to_owned(), Some(text.to_owned()));
        }
        add_tokens(&world, &tokens).await;
        for foreign in ["例え", "🦀", "lhcb:?東"] {
            let subject = || Subject::new(foreign).expect("it is not empty");
            let scope = ScopeFilter {
                vo: Some(foreign.to_owned()),
                group: Some(foreign.to_owned()),
                containing: Some(foreign.to_owned()),
            };
            let filters = [
                TokenFilter::of(subject()),
                TokenFilter { subject: Some(SubjectFilter::BeginningWith(subject())), ..TokenFilter::default() },
                TokenFilter { containing: Containing::new(foreign), ..TokenFilter::of(subject()) },
                TokenFilter { containing: Containing::new(foreign), ..TokenFilter::default() },
                TokenFilter { status: Some(TokenStatus::Other(foreign.to_owned())), ..TokenFilter::default() },
                TokenFilter { scope, ..TokenFilter::default() },
            ];
            for (filter, order) in filters.iter().zip([Order::NewestFirst, Order::OldestFirst].iter().cycle()) {
                assert_eq!(token_list(&world, filter, *order).await.0, Vec::<String>::new(), "{filter:?} on {engine}");
            }
        }
    })
    .await;
}
