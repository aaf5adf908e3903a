//! Partitions: what is planned and what is done about them, held against DiracX's planner and its maintenance.

use std::time::Duration;

use authdb_shared::Timestamp;
use authdb_shared::clock;
use authdb_shared::db::{RollStep, RollTerms};
use authdb_shared::ids::KeyBound;
use authdb_shared::partition::{Layout, Month, Partition, PartitionBound, RollPlan, RollSettings, plan_roll};
use authdb_shared::policy::Policy;
use authdb_tests::world::on_every_partitioned_table;
use authdb_tests::{Engine, World};
use rand::{Rng, RngExt as _};
use serde_json::{Value, json};

use crate::pair::{Pair, Side};

/// Layouts that are compared.
const CASES: usize = 200;

/// DiracX's defaults, and no limit to the drops, of which DiracX knows none.
const SETTINGS: RollSettings = RollSettings { months_ahead: 12, max_drops_per_run: usize::MAX };

/// DiracX continues a layout that ended long ago by months that are old already, and drops them in its next run. We leave
/// them out, and end with the same layout.
const RUNS: usize = 2;

/// A regular layout at some time: consecutive months in DiracX's naming, and `p_future`.
#[derive(Debug)]
struct Case {
    first: Month,
    months: u32,
    now: Timestamp,
    retention_months: u32,
    months_ahead: u32,
}

impl Case {
    fn random(random: &mut impl Rng) -> Self {
        const DAY: i64 = 86_400_000;
        let beginning = random.random_range(365 * DAY..=365 * 220 * DAY);
        let mut now = millis(beginning + random.random_range(-300 * DAY..=365 * 8 * DAY));
        match random.random_range(0..4) {
            // The moments at which months and years end, where calendars disagree if they do.
            0 => now = Month::of(now).start(),
            1 => now = Month::of(now).start().before(Duration::from_millis(random.random_range(1..=86_400_000))),
            _ => {}
        }
        Self {
            first: Month::of(millis(beginning)),
            months: random.random_range(1..=60),
            now,
            retention_months: random.random_range(1..=30),
            months_ahead: random.random_range(1..=30),
        }
    }

    fn existing(&self) -> impl Iterator<Item = Month> {
        (0..self.months).map(|month| self.first.plus(month))
    }

    /// As DiracX's planner takes it.
    fn question(&self) -> Value {
        json!({
            "months": self.existing().map(Month::partition_name).collect::<Vec<_>>(),
            "now": self.now.unix_millis(),
            "retention_months": self.retention_months,
            "months_ahead": self.months_ahead,
        })
    }

    fn policy(&self) -> Policy {
        Policy { refresh_token_retention_months: self.retention_months, ..Policy::default() }
    }

    /// What we plan, in the form of DiracX's answer.
    fn our_answer(&self) -> Value {
        let partition = |name: String, bound| Partition { name, bound, rows: 0, bytes: 0 };
        let mut partitions: Vec<Partition> = self
            .existing()
            .map(|month| partition(month.partition_name(), PartitionBound::Below(month.upper_bound())))
            .collect();
        partitions.push(partition("p_future".to_owned(), PartitionBound::Unbounded));
        let policy = self.policy();
        let settings = RollSettings { months_ahead: self.months_ahead, ..SETTINGS };
        let plan = plan_roll(&Layout { partitions }, self.now, &policy, settings);
        assert_eq!((plan.refusals.len(), plan.postponed_drops), (0, 0), "{self:?}: {plan:?}");
        json!({
            "add": plan.add.iter().map(|new| json!([new.name, new.bound.hex()])).collect::<Vec<_>>(),
            "drop": plan.drop.iter().map(|old| &old.name).collect::<Vec<_>>(),
        })
    }
}

fn millis(millis: i64) -> Timestamp {
    Timestamp::from_unix_millis(millis).expect("a time within the calendar")
}

#[tokio::test]
async fn plans_for_regular_layouts_are_those_of_diracx() {
    let pair = Pair::create(Engine::Sqlite).await;
    let mut random = clock::randomness();
    let cases: Vec<Case> = (0..CASES).map(|_| Case::random(&mut random)).collect();
    let questions: Vec<Value> = cases.iter().map(Case::question).collect();
    let answers = pair.done(Side::DiracX, "plan_partition_maintenance", json!({ "cases": questions })).await;
    let answers = answers.as_array().expect("an answer to each case");
    assert_eq!(answers.len(), CASES);
    for (case, theirs) in cases.iter().zip(answers) {
        let mut theirs = theirs.clone();
        let horizon = case.policy().token_horizon(case.now);
        // What they add and would drop at once.
        if let Some(added) = theirs["add"].as_array_mut() {
            added.retain(|new| new[1].as_str().is_some_and(|bound| *bound > *KeyBound::at(horizon).hex()));
        }
        assert_eq!(case.our_answer(), theirs, "{case:?}");
    }
    let has = |part: &str| answers.iter().filter(|answer| answer[part] != json!([])).count();
    assert!(has("add") > CASES / 10 && has("drop") > CASES / 10, "the cases say too little");
}

/// Months from `back` months ago on, as DiracX would have made them.
async fn set_up(world: &World, back: u32, count: u32) {
    let now = world.now().await.calendar();
    let first = now.checked_sub_months(chrono::Months::new(back)).expect("a date of this era");
    world.partition(Month::of(first.into()), count).await;
}

/// Names and bounds as the server writes them.
async fn partitions(world: &World) -> Vec<Vec<Option<String>>> {
    world
        .rows(
            "SELECT PARTITION_NAME, PARTITION_DESCRIPTION FROM information_schema.PARTITIONS \
             WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'RefreshTokens' ORDER BY PARTITION_ORDINAL_POSITION",
        )
        .await
}

async fn plan(world: &World) -> RollPlan {
    let layout = world.db.partition_layout().await.expect("the layout can be read");
    plan_roll(&layout, world.now().await, &world.policy, SETTINGS)
}

async fn terms(world: &World) -> RollTerms<'_> {
    RollTerms { now: world.now().await, policy: &world.policy, copy_limit: 100, proving: None }
}

/// Does what we plan, trying again as the janitor does: MariaDB's own background threads hold a table now and then.
async fn maintain_by_us(world: &World) {
    for _ in 0..RUNS {
        let plan = plan(world).await;
        let add = (!plan.add.is_empty()).then_some(RollStep::Add(plan.add));
        for step in add.into_iter().chain(plan.drop.into_iter().map(RollStep::Drop)) {
            while let Err(error) = world.db.roll(&world.permit, &step, &terms(world).await).await {
                assert!(error.is_contention(), "{error}");
                tokio::task::yield_now().await;
            }
        }
    }
}

async fn maintain_by_diracx(pair: &Pair) {
    for _ in 0..RUNS {
        let settings = json!({ "retention_months": 6, "months_ahead": 12 });
        pair.done(Side::DiracX, "maintain_refresh_token_partitions", settings).await;
    }
}

#[tokio::test]
async fn what_one_side_has_maintained_the_other_leaves_alone() {
    on_every_partitioned_table(|world| async move {
        let world = std::sync::Arc::into_inner(world).expect("nobody else holds the world yet");
        let pair = Pair::in_world(world).await;
        let world = &pair.world;
        for (back, count) in [(10, 14), (0, 2), (20, 5)] {
            set_up(world, back, count).await;
            let before = partitions(world).await;
            maintain_by_us(world).await;
            let ours = partitions(world).await;
            assert_ne!(ours, before, "there was something to do");
            maintain_by_diracx(&pair).await;
            assert_eq!(partitions(world).await, ours, "DiracX finds something to do on {}", pair.engine());

            set_up(world, back, count).await;
            assert_eq!(partitions(world).await, before);
            maintain_by_diracx(&pair).await;
            assert_eq!(partitions(world).await, ours, "DiracX does something else on {}", pair.engine());
            assert_eq!(plan(world).await, RollPlan::default(), "we find something to do on {}", pair.engine());
        }
    })
    .await;
}

#[tokio::test]
async fn a_table_that_diracx_has_just_made_needs_nothing() {
    crate::pair::on_every_engine(|pair| async move {
        if pair.engine() == Engine::Sqlite {
            assert!(!pair.world.db.partition_layout().await.expect("it can be read").is_partitioned());
            let settings = json!({ "retention_months": 6, "months_ahead": 12 });
            let refusal = pair.refusal(Side::DiracX, "maintain_refresh_token_partitions", settings).await;
            assert_eq!(refusal, "NotImplementedError", "DiracX has no partitions there either");
            return;
        }
        let made = partitions(&pair.world).await;
        assert_eq!(plan(&pair.world).await, RollPlan::default(), "on {}", pair.engine());
        maintain_by_diracx(&pair).await;
        assert_eq!(partitions(&pair.world).await, made, "on {}", pair.engine());
    })
    .await;
}
