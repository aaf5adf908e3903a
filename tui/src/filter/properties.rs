//! What holds for every filter and every row.

use authdb_shared::clock;
use authdb_shared::db::{FlowFilter, TokenFilter};
use authdb_shared::ids::{Jti, Subject, UserCode};
use authdb_shared::model::{
    AuthorizationFlow, DeviceFlow, FlowStatus, RefreshToken, Scope, SubjectSummary, TokenStatus,
};
use authdb_shared::{Policy, Timestamp};
use proptest::prelude::*;
use proptest::sample::select;

use super::evaluate::folded;
use super::*;
use crate::table::{Kind, Viewpoint};
use crate::telling::Telling;

const NOW: i64 = 1_795_000_000_000;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_unix_millis(millis).expect("within the calendar")
}

fn viewpoint() -> Viewpoint {
    Viewpoint { now: at(NOW), policy: Policy::default(), telling: Telling::default(), veil: std::sync::Arc::default() }
}

/// Texts that rows hold, parts of them, what is shown in place of nothing, signs of the language, and anything at all.
fn text() -> impl Strategy<Value = String> {
    let telling = [
        "alice",
        "LHCB",
        "lhcb:alice",
        "lhcb",
        "vo:",
        "lhcb_user",
        "(nobody)",
        "nobody",
        "(default)",
        "-",
        "?",
        "live",
        "ready",
        "revoked",
        "expir",
        "unknown",
        "stale",
        "e",
        "PENDING",
        "CREATED",
        "BCDF-GHJK",
        "FGH",
        "a\"b",
        "!",
        "age<5m",
        "two words",
        " ",
        "\u{1b}",
        "␛",
        "É",
        "é",
    ];
    prop_oneof![3 => select(telling.to_vec()).prop_map(str::to_owned), 1 => "[ -~é]{1,8}"]
}

fn comparison() -> impl Strategy<Value = Comparison> {
    use Comparison::{AtLeast, AtMost, Equal, Less, More};
    select(vec![Less, AtMost, Equal, AtLeast, More])
}

fn condition(kind: Kind) -> BoxedStrategy<Condition> {
    let compares =
        |operand: BoxedStrategy<Operand>| (comparison(), operand).prop_map(|(is, to)| Condition::Compares(is, to));
    match kind {
        Kind::Text | Kind::State | Kind::Remark => {
            prop_oneof![text().prop_map(Condition::Contains), text().prop_map(Condition::Is)].boxed()
        }
        Kind::Count => compares((0..9_u64).prop_map(Operand::Count).boxed()).boxed(),
        Kind::Span => compares((0..9_u64).prop_map(|span| Operand::Span(Duration::from_secs(span))).boxed())
            .prop_filter("spans are not compared for being equal", |is| {
                !matches!(is, Condition::Compares(Comparison::Equal, _))
            })
            .boxed(),
        Kind::Time => {
            let times = ["2026", "2026-11", "2026-11-18", "2026-11-18 11:06:40"];
            compares(select(times.to_vec()).prop_map(|time| Operand::Time(time.to_owned())).boxed()).boxed()
        }
    }
}

fn term<R: Row>() -> impl Strategy<Value = Term> {
    let field = (0..R::COLUMNS.len()).prop_flat_map(|column| {
        let head = R::COLUMNS[column].head;
        condition(head.kind).prop_map(move |condition| Test::Field { column, field: head.field, condition })
    });
    let test = prop_oneof![1 => text().prop_map(Test::Word), 2 => field];
    (prop::bool::weighted(0.2), test).prop_map(|(is_negated, test)| Term { is_negated, test })
}

fn filter<R: Row>(terms: &[Term]) -> Filter {
    Filter::of::<R>(&terms.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
}

fn filters<R: Row>() -> impl Strategy<Value = Filter> {
    prop::collection::vec(term::<R>(), 1..4).prop_map(|terms| filter::<R>(&terms))
}

/// To the millisecond and to the second, before and after now.
fn time() -> impl Strategy<Value = Timestamp> {
    prop_oneof![(-9_000..3_000_i64).prop_map(|ago| at(NOW + ago)), (-9..3_i64).prop_map(|ago| at(NOW + ago * 1000))]
}

fn scope() -> impl Strategy<Value = Scope> {
    let scopes =
        ["", "vo:lhcb group:lhcb_user", "vo:LHCB", "group:alice vo:-", "vo:ready É", "(default)", "\u{1b}two words"];
    select(scopes.to_vec()).prop_map(|scope| Scope::from_stored(scope.to_owned()))
}

fn sub() -> impl Strategy<Value = Option<String>> {
    select(vec![
        None,
        Some("alice"),
        Some("lhcb:alice"),
        Some("lhcb:ALICE"),
        Some("a\"b"),
        Some("(nobody)"),
        Some("é-!"),
    ])
    .prop_map(|sub| sub.map(str::to_owned))
}

fn token() -> impl Strategy<Value = RefreshToken> {
    let jti = prop_oneof![
        3 => time().prop_map(|time| Jti::issue(time, &mut clock::randomness())),
        1 => select(vec!["odd-key", "\u{1b}alice", "live"]).prop_map(|key| Jti::from_stored(key.to_owned())),
    ];
    let status = select(vec![TokenStatus::Created, TokenStatus::Revoked, TokenStatus::Other("alice".to_owned())]);
    (jti, status, scope(), sub()).prop_map(|(jti, status, scope, sub)| RefreshToken {
        jti,
        status,
        scope,
        subject: sub.and_then(|sub| Subject::new(sub).ok()),
    })
}

fn device_flow() -> impl Strategy<Value = DeviceFlow> {
    let codes = select(vec!["BCDFGHJK", "B-C", "\u{1b}alice", "ready"]);
    let statuses = select(vec![FlowStatus::Pending, FlowStatus::Done, FlowStatus::Other("e".to_owned())]);
    let clients = select(vec!["alice", "myDIRACClientID", "", "two words"]);
    (codes, statuses, prop::option::of(time()), clients, scope(), sub()).prop_map(
        |(code, status, created, client, scope, sub)| DeviceFlow {
            user_code: UserCode::from_stored(code.to_owned()),
            status,
            created,
            client_id: client.to_owned(),
            scope,
            sub,
        },
    )
}

fn authorization_flow() -> impl Strategy<Value = AuthorizationFlow> {
    (device_flow(), select(vec!["https://lhcb.ch/ready", "alice", ""])).prop_map(|(flow, uri)| AuthorizationFlow {
        id: authdb_shared::ids::FlowId::from_stored(flow.user_code.to_string()),
        status: flow.status,
        created: flow.created,
        client_id: flow.client_id,
        scope: flow.scope,
        redirect_uri: uri.to_owned(),
        sub: flow.sub,
    })
}

/// What the database finds must hold every row that the filter shows, and nothing else if the filter is left to it.
fn is_narrowed_safely<R: Row>(filter: &Filter, row: &R, is_found: bool) -> Result<(), TestCaseError> {
    prop_assert_eq!(filter.complaint(), None);
    let is_shown = filter.admits(row, &viewpoint());
    prop_assert!(is_found || !is_shown, "{} is lost", filter.text());
    prop_assert!(filter.narrowing().is_partial || is_found == is_shown, "{} is not exact", filter.text());
    Ok(())
}

proptest! {
    #[test]
    fn what_is_printed_is_read_as_the_same(terms in prop::collection::vec(term::<RefreshToken>(), 1..5)) {
        prop_assert_eq!(filter::<RefreshToken>(&terms).meaning, Meaning::Terms(terms));
    }

    #[test]
    fn any_text_is_read_or_complained_about_in_a_sentence(text in "[ -~é]{1,20}", row in token()) {
        let filter = Filter::of::<RefreshToken>(&text);
        if let Some(complaint) = filter.complaint() {
            prop_assert!(complaint.len() > 20 && complaint.ends_with('.'), "{}", complaint);
            prop_assert!(!filter.admits(&row, &viewpoint()));
        }
    }

    #[test]
    fn negation_is_the_complement(term in term::<DeviceFlow>(), row in device_flow()) {
        let negated = Term { is_negated: !term.is_negated, ..term.clone() };
        prop_assert_ne!(term.admits(&row, &viewpoint()), negated.admits(&row, &viewpoint()));
    }

    #[test]
    fn several_terms_are_the_intersection(terms in prop::collection::vec(term::<RefreshToken>(), 1..4), row in token()) {
        let each = terms.iter().all(|term| filter::<RefreshToken>(std::slice::from_ref(term)).admits(&row, &viewpoint()));
        prop_assert_eq!(filter::<RefreshToken>(&terms).admits(&row, &viewpoint()), each);
    }

    #[test]
    fn the_database_loses_no_token(filter in filters::<RefreshToken>(), row in token()) {
        let asked = filter.narrowing().tokens(TokenFilter::default());
        is_narrowed_safely(&filter, &row, asked.admits(&row, at(NOW), &Policy::default()))?;
    }

    #[test]
    fn the_database_loses_no_device_flow(filter in filters::<DeviceFlow>(), row in device_flow()) {
        let asked: FlowFilter = filter.narrowing().flows();
        is_narrowed_safely(&filter, &row, asked.admits_device_flow(&row, at(NOW), &Policy::default()))?;
    }

    #[test]
    fn the_database_loses_no_authorization_flow(filter in filters::<AuthorizationFlow>(), row in authorization_flow()) {
        let asked: FlowFilter = filter.narrowing().flows();
        is_narrowed_safely(&filter, &row, asked.admits_authorization_flow(&row, at(NOW), &Policy::default()))?;
    }

    #[test]
    fn the_database_loses_no_subject(filter in filters::<SubjectSummary>(), name in sub(), live in 0..9_u64) {
        let Some(name) = name else { return Ok(()) };
        let subject = Subject::new(name.clone()).expect("not empty");
        let row = SubjectSummary { subject, live, revoked: 0, first: None, last: Some(at(NOW)) };
        let is_found = filter.narrowing().text.as_deref().is_none_or(|text| folded(&name).contains(&folded(text)));
        is_narrowed_safely(&filter, &row, is_found)?;
    }
}
