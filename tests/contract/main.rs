//! The contract of the data access layer: what it promises to the programs, on every engine.

mod authorization_flows;
mod clocks;
mod connections;
mod contention;
mod demo;
mod device_flow_list;
mod device_flows;
mod partition_locks;
mod partitions;
mod privileges;
mod purge_tokens;
mod read_only;
mod revocations;
mod schema;
mod server_facts;
mod subjects;
mod sweeps;
mod time_limits;
mod tokens;
