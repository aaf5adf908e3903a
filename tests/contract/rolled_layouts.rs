//! Random layouts, on real tables with tokens in them, rolled until nothing is left to do.
//!
//! What holds for every layout is shown for the planner alone, a thousand times, in `shared`. Here the servers have a
//! say: they sort the bounds, take or refuse the names, and move or drop the rows.

use std::collections::BTreeSet;
use std::time::Duration;

use authdb_shared::Timestamp;
use authdb_shared::clock;
use authdb_shared::db::{RollOutcome, RollStep, RollTerms};
use authdb_shared::ids::KeyBound;
use authdb_shared::partition::{
    KeyForm, Layout, Month, NewPartition, Partition, PartitionBound, RollPlan, RollSettings, plan_roll,
};
use authdb_shared::policy::Policy;
use authdb_tests::World;
use authdb_tests::long::sized;
use authdb_tests::world::{TokenRow, key_at, on_every_partitioned_table, on_every_server, plain};
use rand::{Rng, RngExt as _};

const SUBJECT: &str = "lhcb:amara";

const TOKENS: usize = 60;

/// More than there are, so that the `MAXVALUE` partition can always be split.
const COPY_LIMIT: u32 = 100;

/// No layout needs more: each of them drops something.
const RUNS: usize = 40;

const DAY: Duration = Duration::from_hours(24);

/// A layout to be made, and the tokens in it.
#[derive(Debug)]
struct Case {
    partitioning: String,
    policy: Policy,
    settings: RollSettings,
    /// When the tokens were issued.
    issued: Vec<Timestamp>,
}

impl Case {
    fn random(now: Timestamp, form: KeyForm, random: &mut impl Rng) -> Self {
        let start = Month::of(now.before(DAY * random.random_range(0..1200))).start();
        let mut partitions: Vec<(String, String)> = Vec::new();
        let mut end = start;
        for _ in 0..random.random_range(1..30) {
            end = match random.random_range(0..10) {
                0 => Month::of(end).plus(random.random_range(2..20)).start(),
                1 => end.after(Duration::from_millis(random.random_range(1..4_000_000_000))),
                _ => Month::of(end).plus(1).start(),
            };
            partitions.push((name(end, random), format!("'{}'", bound(end, form, random))));
        }
        let future = match random.random_range(0..4) {
            0 => None,
            1 => Some("the rest"),
            _ => Some("p_future"),
        };
        partitions.extend(future.map(|name| (name.to_owned(), "MAXVALUE".to_owned())));
        let retention = random.random_range(1..=18);
        let policy = Policy { refresh_token_retention_months: retention, ..Policy::default() };
        // Without a MAXVALUE partition the server takes no token above the range.
        let newest = if future.is_some() { now } else { now.min(end.before(DAY)) };
        let kept = policy.token_horizon(now);
        let mut issued: Vec<Timestamp> =
            (0..TOKENS).map(|_| newest.before(DAY.mul_f64(random.random_range(0.0..1500.0)))).collect();
        issued.extend([kept, now].into_iter().filter(|time| *time <= newest));
        Self {
            partitioning: partitioning(partitions),
            policy,
            settings: RollSettings {
                months_ahead: random.random_range(1..=14),
                max_drops_per_run: *[1, 3, usize::MAX].get(random.random_range(0..3)).expect("one of three"),
            },
            issued,
        }
    }
}

/// A name for the partition that ends at `end`: DiracX's, zero-padded, another month's, or anything.
fn name(end: Timestamp, random: &mut impl Rng) -> String {
    let month = Month::of(end.before(Duration::from_millis(1)));
    match random.random_range(0..8) {
        0 => format!("p_{}", month.to_string().replace('-', "_")),
        1 => month.plus(random.random_range(1..30)).partition_name().to_uppercase(),
        2 => "o`dd; --".to_owned(),
        3 if random.random_range(0..6) == 0 => "p_future".to_owned(),
        _ => month.partition_name(),
    }
}

/// A bound at `end`: DiracX's, one with other bits, or none that has a time.
fn bound(end: Timestamp, form: KeyForm, random: &mut impl Rng) -> String {
    let exact = form.write(KeyBound::at(end));
    match random.random_range(0..20) {
        0 => format!("{}{}", &exact[..exact.len() - 9], "f00dfacef"),
        // Native columns take nothing but keys.
        1 if form == KeyForm::Plain => format!("{} or so", &exact[..12]),
        _ => exact,
    }
}

/// The clause, with names made unique.
fn partitioning(partitions: Vec<(String, String)>) -> String {
    let mut taken = BTreeSet::new();
    let unique = partitions.into_iter().map(|(mut name, bound)| {
        while !taken.insert(name.to_lowercase()) {
            name.push('x');
        }
        format!("PARTITION `{}` VALUES LESS THAN ({bound})", name.replace('`', "``"))
    });
    format!("PARTITION BY RANGE COLUMNS (JTI) ({})", unique.collect::<Vec<_>>().join(", "))
}

async fn layout(world: &World) -> Layout {
    world.db.partition_layout().await.expect("the layout can be read")
}

async fn keys(world: &World) -> BTreeSet<String> {
    let keys = world.column("SELECT JTI FROM RefreshTokens").await;
    keys.into_iter().map(|key| plain(&authdb_tests::world::jti(&key))).collect()
}

fn steps(plan: RollPlan) -> Vec<RollStep> {
    let add = (plan.adds_future || !plan.add.is_empty()).then_some(RollStep::Add(plan.add));
    add.into_iter().chain(plan.drop.into_iter().map(RollStep::Drop)).collect()
}

/// Takes a step, trying again as the janitor does: MariaDB's own background threads hold a table now and then.
async fn roll(world: &World, now: Timestamp, case: &Case, step: &RollStep) -> RollOutcome {
    let terms = RollTerms { now, policy: &case.policy, copy_limit: COPY_LIMIT, proving: None };
    loop {
        match world.db.roll(&world.permit, step, &terms).await {
            Err(error) if error.is_contention() => tokio::task::yield_now().await,
            result => return result.expect("the server can do it"),
        }
    }
}

/// Makes the table of a case and rolls it until nothing is left to do.
async fn check(world: &World, now: Timestamp, case: &Case) {
    world.execute("DELETE FROM RefreshTokens").await;
    world.execute(&format!("ALTER TABLE RefreshTokens {}", case.partitioning)).await;
    let tokens: Vec<(Timestamp, String)> = case.issued.iter().map(|issued| (*issued, key_at(*issued))).collect();
    let rows: Vec<TokenRow> = tokens.iter().map(|(_, key)| TokenRow::created(key.clone(), SUBJECT)).collect();
    world.add_tokens(&rows).await;

    let before = layout(world).await;
    let first = plan_roll(&before, now, &case.policy, case.settings);
    let mut plan = first.clone();
    for run in 0.. {
        assert!(run < RUNS, "it does not come to an end: {case:?}");
        let steps = steps(plan);
        if steps.is_empty() {
            break;
        }
        for step in steps {
            assert!(run == 0 || matches!(step, RollStep::Drop(_)), "a second run adds {step:?}: {case:?}");
            assert_eq!(roll(world, now, case, &step).await, RollOutcome::Done, "{step:?} of {case:?}");
        }
        plan = plan_roll(&layout(world).await, now, &case.policy, case.settings);
    }

    let after = layout(world).await;
    let has =
        |wanted: &Partition| after.partitions.iter().any(|is| (&is.name, &is.bound) == (&wanted.name, &wanted.bound));
    let is_added = |new: &NewPartition| {
        after.partitions.iter().any(|is| is.name == new.name && is.bound == PartitionBound::Below(new.bound))
    };
    assert!(first.add.iter().all(is_added), "{:?}: {case:?}", first.add);
    if first.refusals.iter().any(|refusal| refusal.starts_with("no months are added")) {
        assert_eq!(after.fingerprint(), before.fingerprint(), "{case:?}");
    } else {
        assert!(after.runway_months(now) >= case.settings.months_ahead, "{case:?}");
        assert!(after.future().is_some(), "{case:?}");
    }
    let unlimited = RollSettings { max_drops_per_run: usize::MAX, ..case.settings };
    let second = plan_roll(&after, now, &case.policy, unlimited);
    assert_eq!(second, RollPlan { refusals: first.refusals, ..RollPlan::default() }, "{case:?}");

    // Whatever is gone was older than all that is kept.
    let left = keys(world).await;
    let kept = case.policy.token_horizon(now);
    let lost: Vec<_> = tokens.iter().filter(|(issued, key)| *issued >= kept && !left.contains(key)).collect();
    assert!(lost.is_empty(), "{lost:?} are missing on {}: {case:?}", world.engine());
    // And it is gone only with a partition that could be dropped.
    if before.partitions.iter().all(has) {
        assert_eq!(left.len(), tokens.len(), "{case:?}");
    }
}

#[tokio::test]
async fn every_layout_is_rolled_to_its_end_without_losing_a_token() {
    on_every_partitioned_table(|world| async move {
        let form = if world.has_native_keys().await { KeyForm::Dashed } else { KeyForm::Plain };
        let now = world.now().await;
        for _ in 0..sized(5, 50) {
            let case = Case::random(now, form, &mut clock::randomness());
            check(&world, now, &case).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_bound_that_mariadb_sorts_by_its_end_is_not_taken_for_a_time() {
    on_every_server(|world| async move {
        if !world.has_native_keys().await {
            return; // Others compare keys as text.
        }
        let old = KeyBound::at(world.now().await.before(DAY * 1000)).dashed();
        for (version, is_above_all) in [("0", false), ("1", true), ("4", true), ("5", true), ("6", false), ("7", false)]
        {
            let bound = format!("{}{version}000-8fff-ffffffffffff", &old[..14]);
            let partitions = [("old", format!("'{bound}'")), ("p_future", "MAXVALUE".to_owned())];
            let partitions = partitions.map(|(name, bound)| (name.to_owned(), bound)).to_vec();
            world.execute("DELETE FROM RefreshTokens").await;
            world.execute(&format!("ALTER TABLE RefreshTokens {}", partitioning(partitions))).await;
            world.add_token("CREATED", SUBJECT, Duration::ZERO).await;
            let layout = layout(&world).await;
            let first = &layout.partitions[0];
            let live = world.db.count_partition_rows(first, 10).await.expect("they can be counted");
            assert_eq!(live == 1, is_above_all, "where MariaDB puts a live token below {bound}");
            assert_eq!(matches!(first.bound, PartitionBound::Unreadable(_)), is_above_all, "{bound}");
            let plan = plan_roll(
                &layout,
                world.now().await,
                &world.policy,
                RollSettings { months_ahead: 1, max_drops_per_run: usize::MAX },
            );
            assert_eq!(plan.drop.is_empty(), is_above_all, "{bound}");
        }
    })
    .await;
}
