//! Clusters: nodes that share their data, the loss and return of some, and that none is left behind.

use std::path::PathBuf;
use std::process::Stdio;
use std::thread;

use authdb_tests::{Cluster, TestDatabase, cluster, leash};
use rustix::process::geteuid;
use sqlx::{Connection as _, Executor as _, MySqlConnection};

use crate::{await_that, block_on, runs};

/// The rows of the test's table as a node has them, once it has applied all that the cluster has acknowledged.
async fn rows(cluster: &Cluster, node: usize, database: &str) -> i64 {
    let mut connection = MySqlConnection::connect(&cluster.node(node).url(database)).await.expect("the node lets in");
    connection.execute("SET SESSION wsrep_sync_wait = 1").await.expect("the node can be told to wait");
    sqlx::query_scalar("SELECT COUNT(*) FROM t").fetch_one(&mut connection).await.expect("the table is there")
}

#[test]
fn a_cluster_keeps_what_it_acknowledged_whichever_node_is_killed() {
    let mut cluster = Cluster::start().expect("a cluster starts");
    let first: Vec<u32> = (0..cluster::NODES).map(|node| cluster.node(node).pid()).collect();
    let folders: Vec<PathBuf> = (0..cluster::NODES).map(|node| cluster.node(node).folder().to_owned()).collect();
    let database = block_on(async {
        let database = TestDatabase::create_on(cluster.node(0)).await.expect("a database is made");
        database
            .execute("CREATE TABLE t (n INT PRIMARY KEY); INSERT INTO t VALUES (1)")
            .await
            .expect("a row is written");
        database
    });
    let name = database.url().rsplit_once('/').expect("the URL ends with the name").1.to_owned();
    for node in 0..cluster::NODES {
        assert_eq!(block_on(rows(&cluster, node, &name)), 1, "on node {node}");
    }

    cluster.kill(&[1]).expect("it can be killed");
    assert!(!runs(first[1]));
    block_on(database.execute("INSERT INTO t VALUES (2)")).expect("two of three are the majority");
    cluster.restart(&[1]).expect("it starts again");
    assert_eq!(block_on(rows(&cluster, 1, &name)), 2, "what it had missed was fetched");

    cluster.kill(&[0, 2]).expect("they can be killed");
    cluster.restart(&[0, 2]).expect("together with the one that was left they are a cluster again");
    for node in 0..cluster::NODES {
        assert_eq!(block_on(rows(&cluster, node, &name)), 2, "on node {node}");
    }

    drop(database);
    let last: Vec<u32> = (0..cluster::NODES).map(|node| cluster.node(node).pid()).collect();
    cluster.stop().expect("all stop");
    assert!(!last.into_iter().any(runs), "a node outlived its end");
    drop(cluster);
    for folder in folders {
        assert!(!folder.exists(), "{} was left behind", folder.display());
    }
}

#[test]
fn a_process_that_became_another_user_ends_with_the_thread_that_spawned_it() {
    let spawn = || {
        let mut command = if geteuid().is_root() { leash::command_as("mysql", "sh") } else { leash::command("sh") };
        // It says that it runs: a signal that came before would prove nothing.
        command.args(["-c", "echo; exec sleep 1000"]).stdout(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let output = child.stdout.take().expect("its output is a pipe");
        std::io::BufRead::read_line(&mut std::io::BufReader::new(output), &mut String::new()).expect("it says so");
        assert!(runs(child.id()));
        child
    };
    let mut child = thread::spawn(spawn).join().expect("the thread ends well");
    await_that("the end of the process", || !runs(child.id()));
    child.wait().expect("it can be reaped");
}
