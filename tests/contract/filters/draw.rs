//! Random rows and random filters, drawn from words that are easily mistaken for one another.

use std::time::Duration;

use authdb_shared::Timestamp;
use authdb_shared::db::{
    AgeFilter, Containing, FlowFilter, FlowStateFilter, Horizon, LivenessFilter, Order, ScopeFilter, SubjectFilter,
    TokenFilter,
};
use authdb_shared::ids::{Jti, Subject};
use authdb_shared::model::{FlowStatus, TokenStatus};
use rand::RngExt as _;
use rand::rngs::StdRng;

use super::model::Row;

const TOKEN_STATUSES: [&str; 9] =
    ["CREATED", "CREATED", "CREATED", "REVOKED", "REVOKED", "SUSPENDED", "created", "CREATED ", ""];
const FLOW_STATUSES: [&str; 9] = ["PENDING", "PENDING", "READY", "READY", "DONE", "ERROR", "HELD", "pending", ""];
const CLIENTS: [&str; 8] =
    ["myDIRACClientID", "mydiracclientid", "client-1", "client 1", "client_1", "100%", "café", ""];
const SCOPES: [&str; 14] = [
    "vo:lhcb group:lhcb_user property:NormalUser property:Pilot",
    "vo:lhcb group:lhcb_user",
    "vo:lhcb",
    "vo:lhcb2 group:lhcb",
    "vo:LHCB group:LHCB_USER",
    "vo:lh group:lhcb_user2",
    "group:lhcb_user vo:belle vo:lhcb",
    "vo:café group:100%_!",
    "vo:lhcb\tgroup:tab",
    "xvo:lhcb property:vo:lhcb",
    "vo: vo:lhcb",
    "vo: group:",
    "openid",
    "",
];
const SUBJECTS: [&str; 17] = [
    "lhcb:amelie",
    "lhcb:Amelie",
    "LHCB:AMELIE",
    "lhcb:amélie",
    "lhcb:amelie ",
    "lhcb:amelie2",
    "lhcb:100%",
    "lhcb:1000",
    "lhcb:a_b",
    "lhcb:axb",
    "lhcb:a!b",
    "lhcb:a\\b",
    "lhcb:'\u{1b}[2J",
    "lhcb:",
    "belle:bjorn",
    "amelie",
    "",
];
/// What rows may contain, or cannot: the last ones are in no column of latin1.
const TEXTS: [&str; 26] = [
    "lhcb",
    "LHCB_U",
    "amelie",
    "amélie",
    "É",
    "e",
    "%",
    "_",
    "!",
    "\\",
    "'",
    "100%",
    "a_b",
    "-",
    "t-1",
    "7-8",
    " ",
    "  vo:",
    "CREATED\nlhcb",
    "\t",
    "CAFE",
    "\u{1b}[2J",
    "pending",
    "例",
    "🦀",
    "lhcb:東",
];
const AGES: [u64; 9] = [0, 60, 500, 1800, 3000, 4000, 7200, 86_400, 2_000_000];

fn one_of<T: Copy>(random: &mut StdRng, values: &[T]) -> T {
    values[random.random_range(0..values.len())]
}

/// Mostly nothing, so that a filter wants a few things at once.
fn sometimes<T>(random: &mut StdRng, value: impl FnOnce(&mut StdRng) -> T) -> Option<T> {
    (random.random_range(0..4) == 0).then(|| value(random))
}

/// An age in milliseconds: mostly young, sometimes of the future.
fn age(random: &mut StdRng) -> i64 {
    let reach = one_of(random, &[400, 800, 3600, 8000, 90_000, 2_500_000]);
    let millis = random.random_range(0..reach * 1000);
    if random.random_range(0..12) == 0 { -millis } else { millis }
}

fn at(start: Timestamp, age: i64) -> Timestamp {
    Timestamp::from_unix_millis(start.unix_millis() - age).expect("within the calendar")
}

/// A key without a time, which sorts behind today's in every kind of column.
fn undated_key(random: &mut StdRng) -> String {
    format!("cafe{:08x}4abc8000cafe{:08x}", random.random::<u32>(), random.random::<u32>())
}

fn key(random: &mut StdRng, time: Timestamp) -> (String, Option<Timestamp>) {
    if random.random_range(0..8) == 0 {
        return (undated_key(random), None);
    }
    (Jti::issue(time, random).to_string().replace('-', ""), Some(time))
}

/// Tokens around `start`.
pub(super) fn tokens(random: &mut StdRng, start: Timestamp, count: usize) -> Vec<Row> {
    let token = |random: &mut StdRng| {
        let time = at(start, age(random));
        let (key, time) = key(random, time);
        Row {
            key,
            time,
            status: one_of(random, &TOKEN_STATUSES).to_owned(),
            scope: one_of(random, &SCOPES).to_owned(),
            subject: Some(one_of(random, &SUBJECTS).to_owned()),
            ..Row::default()
        }
    };
    (0..count).map(|_| token(random)).collect()
}

/// Flows around `start`, with the ID tokens of their users. Their keys are not filled in.
fn flow(random: &mut StdRng, start: Timestamp) -> Row {
    // The column holds whole seconds.
    let millis = at(start, age(random)).unix_millis();
    Row {
        time: Timestamp::from_unix_millis(millis - millis.rem_euclid(1000)),
        status: one_of(random, &FLOW_STATUSES).to_owned(),
        client: one_of(random, &CLIENTS).to_owned(),
        scope: one_of(random, &SCOPES).to_owned(),
        subject: random.random_bool(0.6).then(|| one_of(random, &SUBJECTS).to_owned()),
        ..Row::default()
    }
}

/// Device flows around `start`, some of them under codes of older versions.
pub(super) fn device_flows(random: &mut StdRng, start: Timestamp, count: usize) -> Vec<Row> {
    let code =
        |number| if number % 5 == 0 { format!("x{}-{number:03}", number % 7) } else { format!("CODE{number:04}") };
    (0..count).map(|number| Row { key: code(number), ..flow(random, start) }).collect()
}

/// Authorization flows around `start`, whose keys were issued by a host with a clock of its own.
pub(super) fn authorization_flows(random: &mut StdRng, start: Timestamp, count: usize) -> Vec<Row> {
    let row = |random: &mut StdRng| {
        let row = flow(random, start);
        let created = row.time.expect("flows have a time").unix_millis();
        let issued = Timestamp::from_unix_millis(created + random.random_range(-25_000..25_000));
        let (key, _) = key(random, issued.expect("within the calendar"));
        let redirect_uri = format!("https://{}.example.org/100%25_!", one_of(random, &["a", "b-1", "CAFE"]));
        Row { key, redirect_uri, ..row }
    };
    (0..count).map(|_| row(random)).collect()
}

fn duration(random: &mut StdRng) -> Duration {
    Duration::from_secs(one_of(random, &AGES))
}

fn age_filter(random: &mut StdRng) -> AgeFilter {
    AgeFilter { younger_than: sometimes(random, duration), older_than: sometimes(random, duration) }
}

/// The name behind a colon in one of the scopes, or none that is in one.
fn name(random: &mut StdRng) -> String {
    let words = SCOPES.iter().flat_map(|scope| scope.split_whitespace()).filter_map(|word| word.split_once(':'));
    let names: Vec<&str> = words.map(|(_, name)| name).chain(["lhc", "LHCB_user", "例", "%"]).collect();
    one_of(random, &names).to_owned()
}

fn scope(random: &mut StdRng) -> ScopeFilter {
    let text = |random: &mut StdRng| one_of(random, &["", "lhcb", "USER", "%", "property:pilot", "É", "例"]).to_owned();
    ScopeFilter { vo: sometimes(random, name), group: sometimes(random, name), containing: sometimes(random, text) }
}

fn subject(random: &mut StdRng) -> SubjectFilter {
    let mut words = SUBJECTS.to_vec();
    words.extend(["lhcb", "lhcb:a", "lhcb:é", "%", "lhcb:a%", "a", "lhcb:例", "LHCB:amelie"]);
    words.retain(|word| !word.is_empty());
    let wanted = Subject::new(one_of(random, &words)).expect("it is not empty");
    if random.random() { SubjectFilter::Exactly(wanted) } else { SubjectFilter::BeginningWith(wanted) }
}

/// A text that rows may contain, or a piece of a key.
fn text(random: &mut StdRng, rows: &[Row]) -> String {
    if random.random_range(0..4) > 0 {
        return one_of(random, &TEXTS).to_owned();
    }
    let key = &rows[random.random_range(0..rows.len())].key;
    let (one, two) = key.split_at(key.len() / 2);
    format!("{}-{}", one.to_uppercase(), &two[..two.len() / 2])
}

/// A filter, and what was put into its `containing`.
pub(super) fn token_filter(random: &mut StdRng, rows: &[Row]) -> (TokenFilter, String) {
    let text = sometimes(random, |random| text(random, rows)).unwrap_or_default();
    let status = |random: &mut StdRng| {
        let word = one_of(random, &[&TOKEN_STATUSES[..], &["CREATE", "%"]].concat());
        TokenStatus::from_stored(Some(word.to_owned()))
    };
    let liveness = [
        LivenessFilter::Active,
        LivenessFilter::Live,
        LivenessFilter::Expired,
        LivenessFilter::Revoked,
        LivenessFilter::Undated,
        LivenessFilter::FromTheFuture,
        LivenessFilter::Unrecognised,
        LivenessFilter::NotRevoked,
        LivenessFilter::Nothing,
    ];
    let horizon = match random.random_range(0..6) {
        0 => Horizon::Live,
        1 | 2 => Horizon::Last(duration(random)),
        _ => Horizon::All,
    };
    let filter = TokenFilter {
        containing: Containing::new(&text),
        horizon,
        status: sometimes(random, status),
        liveness: sometimes(random, |random| one_of(random, &liveness)),
        scope: scope(random),
        subject: sometimes(random, subject),
        age: age_filter(random),
    };
    (filter, text)
}

/// The same for flows.
pub(super) fn flow_filter(random: &mut StdRng, rows: &[Row]) -> (FlowFilter, String) {
    let text = sometimes(random, |random| text(random, rows)).unwrap_or_default();
    let status = |random: &mut StdRng| {
        let word = one_of(random, &[&FLOW_STATUSES[..], &["PEND", "_ONE"]].concat());
        FlowStatus::from_stored(Some(word.to_owned()))
    };
    let all = [
        FlowStateFilter::Pending,
        FlowStateFilter::Ready,
        FlowStateFilter::Stale,
        FlowStateFilter::Done,
        FlowStateFilter::Error,
        FlowStateFilter::Unrecognised,
    ];
    let client = |random: &mut StdRng| one_of(random, &[&CLIENTS[..], &["client", "%", "例"]].concat()).to_owned();
    let filter = FlowFilter {
        containing: Containing::new(&text),
        status: sometimes(random, status),
        states: sometimes(random, |random| {
            let share = one_of(random, &[0.0, 0.2, 0.5, 1.0]);
            all.into_iter().filter(|_| random.random_bool(share)).collect()
        }),
        client: sometimes(random, client),
        scope: scope(random),
        subject: sometimes(random, subject),
        age: age_filter(random),
    };
    (filter, text)
}

/// One of the orders.
pub(super) fn order(random: &mut StdRng) -> Order {
    one_of(random, &[Order::NewestFirst, Order::OldestFirst, Order::TimeLeft])
}
