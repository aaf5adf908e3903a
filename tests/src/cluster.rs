//! A Galera cluster of three MariaDB nodes on the loopback address, for a test that kills some of them.
//!
//! Galera comes with MariaDB's server. A node joins by fetching the data from another one: by `rsync`, which refuses to
//! write into root's folders. So where root runs the tests, the nodes run as the user `mysql`, whom the package makes.
//!
//! All methods block, as those of a [`Server`] do. Starting takes about ten seconds, most of it for the two transfers.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::geteuid;
use sqlx::{Connection as _, MySqlConnection, Row as _};

use crate::flavour::Flavour;
use crate::installation::{ADDRESS, Installation, Setup, new_password};
use crate::server::{PORT_ATTEMPTS, Server, free_port};

/// Nodes in a cluster: the fewest of which one can be lost while the others still are the majority.
pub const NODES: usize = 3;

/// The user whom Debian's package makes for the server.
const USER: &str = "mysql";

/// What the names of folders begin with that `with-servers` makes.
const RUN_FOLDER: &str = "authdb-run-";

/// Where distributions keep the library that makes a server a node.
const PROVIDERS: [&str; 4] = [
    "/usr/lib/galera/libgalera_smm.so",
    "/usr/lib64/galera-4/libgalera_smm.so",
    "/usr/lib64/galera/libgalera_smm.so",
    "/usr/lib/libgalera_smm.so",
];

/// How long nodes may take to agree. They do in seconds; the rest is for machines under load.
const AGREEMENT_LIMIT: Duration = Duration::from_mins(2);

/// How long a node may take to tell its state.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);

/// The pause between two looks at a node's state, of which it sends no event.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Nodes that hold the same databases, killed and removed on drop. Each is a [`Server`], on a port and in a folder of its
/// own.
#[derive(Debug)]
pub struct Cluster {
    nodes: Vec<Server>,
}

impl Cluster {
    /// Starts three nodes, and waits until they agree.
    ///
    /// # Errors
    /// When a program or library is missing, or when a node does not start; the end of its log is in the error.
    pub fn start() -> Result<Self> {
        for _ in 0..PORT_ATTEMPTS {
            if let Some(cluster) = Self::try_start()? {
                return Ok(cluster);
            }
        }
        bail!("cannot start a cluster: other processes took one of its ports {PORT_ATTEMPTS} times in a row")
    }

    /// A node, counted from 0.
    ///
    /// # Panics
    /// When there is no such node.
    #[must_use]
    pub fn node(&self, number: usize) -> &Server {
        &self.nodes[number]
    }

    /// Kills nodes (SIGKILL), and waits until they are gone. The others notice after about three seconds.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn kill(&mut self, numbers: &[usize]) -> Result<()> {
        numbers.iter().try_for_each(|&number| self.nodes[number].kill())
    }

    /// Starts nodes again, all at the same time since they may be needed for a majority, and waits until all nodes that run
    /// agree.
    ///
    /// # Errors
    /// When one does not start; the end of its log is in the error.
    pub fn restart(&mut self, numbers: &[usize]) -> Result<()> {
        thread::scope(|scope| {
            let chosen = self.nodes.iter_mut().enumerate().filter(|(number, _)| numbers.contains(number));
            let starts: Vec<_> = chosen.map(|(_, node)| scope.spawn(move || node.restart())).collect();
            starts.into_iter().try_for_each(|start| start.join().expect("starting a node gives errors, not panics"))
        })?;
        self.await_agreement()
    }

    /// Stops all nodes in good order (SIGTERM), one after the other.
    ///
    /// # Errors
    /// When one has not stopped within a minute.
    pub fn stop(&mut self) -> Result<()> {
        for node in &mut self.nodes {
            if node.is_running()? {
                node.stop()?;
            }
        }
        Ok(())
    }

    fn try_start() -> Result<Option<Self>> {
        let user = geteuid().is_root().then_some(USER);
        if user.is_some() {
            open_the_way(&std::env::temp_dir())?;
        }
        let ports: Vec<Ports> = (0..NODES).map(|_| Ports::choose()).collect::<Result<_>>()?;
        let members: Vec<String> = ports.iter().map(|ports| format!("{ADDRESS}:{}", ports.group)).collect();
        let password = new_password();
        let mut cluster = Self { nodes: Vec::new() };
        for ports in ports {
            let is_first = cluster.nodes.is_empty();
            let setup = Setup {
                options: node_options(&ports, &members)?,
                user,
                // Accounts are data, which the nodes share.
                password: password.clone(),
                is_filled_by_others: !is_first,
                environment: Vec::new(),
            };
            let installation = Installation::create(Flavour::MariaDb, setup)?;
            let first_time: &[&str] = if is_first { &["--wsrep-new-cluster"] } else { &[] };
            let Some(node) = Server::try_start_on(installation, first_time)? else { return Ok(None) };
            cluster.nodes.push(node);
            // One after the other: two that join at the same time hinder each other for a quarter of a minute.
            cluster.await_agreement()?;
        }
        Ok(Some(cluster))
    }

    /// Waits until each node that runs takes statements and sees all that run.
    fn await_agreement(&mut self) -> Result<()> {
        let deadline = Instant::now() + AGREEMENT_LIMIT;
        loop {
            let mut running = Vec::new();
            for node in &mut self.nodes {
                if node.is_running()? {
                    running.push(&*node);
                }
            }
            let states: Vec<String> = running.iter().map(|node| state(node)).collect();
            let wished = format!("Synced, ready ON, of {}", running.len());
            if states.iter().all(|state| *state == wished) {
                return Ok(());
            }
            ensure!(
                Instant::now() < deadline,
                "the nodes of a cluster did not agree within {AGREEMENT_LIMIT:?}; they say: {}",
                states.join("; ")
            );
            thread::sleep(LOOK_EVERY);
        }
    }
}

/// The ports that a node listens on beside that of its server.
struct Ports {
    /// For the other nodes.
    group: u16,
    /// For what it has missed.
    increments: u16,
    /// For everything.
    state: u16,
}

impl Ports {
    fn choose() -> Result<Self> {
        Ok(Self { group: free_port()?, increments: free_port()?, state: free_port()? })
    }
}

fn node_options(ports: &Ports, members: &[String]) -> Result<Vec<OsString>> {
    let provider = PROVIDERS.iter().find(|path| Path::new(path).exists()).context(
        "there is no Galera library (libgalera_smm.so): run tests/run, which installs it, or install the Debian package \
         galera-4",
    )?;
    let group = [
        format!("gmcast.listen_addr=tcp://{ADDRESS}:{}", ports.group),
        format!("ist.recv_addr={ADDRESS}:{}", ports.increments),
        // A member that is lost is missed sooner than after the usual five seconds, and who joins is heard sooner.
        "evs.suspect_timeout=PT3S;evs.inactive_timeout=PT6S;evs.keepalive_period=PT0.3S".to_owned(),
        "evs.inactive_check_period=PT0.1S;evs.join_retrans_period=PT0.3S".to_owned(),
        // The usual 128 MB would be written in full by every node.
        "gcache.size=16M".to_owned(),
    ];
    let options = [
        "--wsrep-on=ON".to_owned(),
        format!("--wsrep-provider={provider}"),
        format!("--wsrep-provider-options={}", group.join(";")),
        "--wsrep-cluster-name=authdb".to_owned(),
        format!("--wsrep-cluster-address=gcomm://{}", members.join(",")),
        format!("--wsrep-node-address={ADDRESS}"),
        "--wsrep-sst-method=rsync".to_owned(),
        format!("--wsrep-sst-receive-address={ADDRESS}:{}", ports.state),
        // What Galera needs of a server.
        "--binlog-format=ROW".to_owned(),
        "--innodb-autoinc-lock-mode=2".to_owned(),
        // It is transferred, too.
        "--innodb-log-file-size=8M".to_owned(),
    ];
    Ok(options.into_iter().map(OsString::from).collect())
}

/// Lets other users through to a folder. `with-servers` makes the one for temporary files, and for its own user alone.
fn open_the_way(folder: &Path) -> Result<()> {
    for ancestor in folder.ancestors() {
        let mode =
            ancestor.metadata().with_context(|| format!("cannot look at {}", ancestor.display()))?.permissions().mode();
        if mode & 0o001 != 0 {
            continue;
        }
        let is_ours = ancestor.file_name().is_some_and(|name| name.to_string_lossy().starts_with(RUN_FOLDER));
        ensure!(
            is_ours,
            "the user {USER}, as whom the nodes of a cluster run, cannot pass through {}: set TMPDIR to a folder that \
             everybody can reach",
            ancestor.display()
        );
        fs::set_permissions(ancestor, Permissions::from_mode(mode | 0o011))
            .with_context(|| format!("cannot let others through {}", ancestor.display()))?;
    }
    Ok(())
}

/// What a node says of itself. SHOW is answered by one that takes no other statements, too.
fn state(node: &Server) -> String {
    let status = || -> Result<BTreeMap<String, String>> {
        // Nothing can be awaited here, and the caller's own runtime must not be entered twice; hence a thread.
        tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
            tokio::time::timeout(ANSWER_LIMIT, async {
                let mut connection = MySqlConnection::connect(&node.admin_url()).await?;
                let rows = sqlx::raw_sql("SHOW STATUS LIKE 'wsrep_%'").fetch_all(&mut connection).await?;
                connection.close().await?;
                rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
            })
            .await?
        })
    };
    let answer = thread::scope(|scope| scope.spawn(status).join()).expect("asking a node gives errors, not panics");
    answer.map_or_else(
        |error| format!("{error:#}"),
        |status| {
            let value = |name: &str| status.get(name).map_or("unknown", String::as_str);
            format!(
                "{}, ready {}, of {}",
                value("wsrep_local_state_comment"),
                value("wsrep_ready"),
                value("wsrep_cluster_size")
            )
        },
    )
}
