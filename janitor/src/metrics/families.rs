//! The metrics as Prometheus sees them: their names, labels and meanings.
//!
//! A figure that is not known yet is absent, rather than a zero that looks like one.

use std::sync::atomic::AtomicU64;

use authdb_shared::db::Sweep;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric, Registry};

/// Names and values of labels; none for a figure that stands alone.
pub(super) type Labels = Vec<(&'static str, String)>;

/// Before every name.
const PREFIX: &str = "authdb_janitor";

/// In seconds: around the usual target of 25 ms, up to what only a server in trouble takes.
const BATCH_SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

/// Every family of metrics.
pub(super) struct Families {
    registry: Registry,
    pub(super) runs: Family<Labels, Counter>,
    pub(super) rows: Family<Labels, Counter>,
    pub(super) batches: Family<Labels, Histogram, fn() -> Histogram>,
    pub(super) backlog: Family<Labels, Gauge>,
    pub(super) oldest_stale_flow: Family<Labels, Gauge<f64, AtomicU64>>,
    pub(super) runway: Family<Labels, Gauge>,
    pub(super) future_rows: Family<Labels, Gauge>,
    pub(super) clock_difference: Family<Labels, Gauge<f64, AtomicU64>>,
    pub(super) has_lease: Family<Labels, Gauge>,
    pub(super) last_success: Family<Labels, Gauge<f64, AtomicU64>>,
    pub(super) is_database_up: Family<Labels, Gauge>,
    pub(super) is_configuration_refused: Family<Labels, Gauge>,
}

impl Families {
    pub(super) fn new() -> Self {
        let mut registry = Registry::with_prefix(PREFIX);
        let mut add = Adding(&mut registry);
        let batches = Family::new_with_constructor((|| Histogram::new(BATCH_SECONDS)) as fn() -> Histogram);
        Self {
            runs: add.family("runs", "Runs that ended, by job and outcome"),
            rows: add.family("rows", "Rows expired or deleted, by sweep"),
            batches: add.this(
                "batch_seconds",
                "How long batches held their locks, by sweep; a batch that did two things counts for both",
                batches,
            ),
            backlog: add.family("backlog_rows", "Rows that are due, as last seen, by sweep"),
            oldest_stale_flow: add.family(
                "oldest_stale_flow_seconds",
                "Age of the oldest flow that is past its expiration and not marked so, by kind; 0 if there is none",
            ),
            runway: add.family("runway_months", "Full months after the present one that have a partition"),
            future_rows: add.family("future_partition_rows", "Rows in p_future, counted up to 10001"),
            clock_difference: add.family("clock_difference_seconds", "The host's clock minus the database's"),
            has_lease: add.family("lease_held", "1 while this janitor is the one that works, 0 while it waits"),
            last_success: add.family(
                "last_success_timestamp_seconds",
                "When a run last ended with everything done that was due, by job",
            ),
            is_database_up: add.family("database_up", "Whether the database answered when it was last asked"),
            is_configuration_refused: add.family(
                "configuration_refused",
                "1 while an older configuration is in force because the one to be reloaded is bad",
            ),
            registry,
        }
    }

    /// All of them in the text form of `OpenMetrics`.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("writing to a String never fails");
        text
    }
}

struct Adding<'a>(&'a mut Registry);

impl Adding<'_> {
    fn family<M: Default>(&mut self, name: &str, help: &str) -> Family<Labels, M>
    where
        Family<Labels, M>: Metric + Clone,
    {
        self.this(name, help, Family::default())
    }

    fn this<M: Metric + Clone>(&mut self, name: &str, help: &str, metric: M) -> M {
        self.0.register(name, help, metric.clone());
        metric
    }
}

/// The value of the label `sweep`.
pub(super) fn sweep_labels(sweep: Sweep) -> Labels {
    let value = match sweep {
        Sweep::ExpireDeviceFlows => "expire_device_flows",
        Sweep::PurgeDeviceFlows => "purge_device_flows",
        Sweep::ExpireAuthorizationFlows => "expire_authorization_flows",
        Sweep::PurgeAuthorizationFlows => "purge_authorization_flows",
        Sweep::PurgeTokens => "purge_tokens",
    };
    vec![("sweep", value.to_owned())]
}
