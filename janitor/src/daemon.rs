//! The daemon: waits for the database, runs each job at start and on its schedule, reads its configuration again when it
//! is told to, and stops between two batches.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use authdb_shared::config::{Config, JanitorConfig, Sources};
use authdb_shared::db::{AuthDb, DbError};
use authdb_shared::janitor::Job;
use authdb_shared::{Error, clock};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, info, warn};

use crate::jobs::Janitor;
use crate::ledger::Ledger;
use crate::listener::Listener;
use crate::metrics::Metrics;
use crate::post::Post;
use crate::runner::{Runner, jittered};
use crate::schedule::Schedule;
use crate::signals::Hangups;
use crate::{survey, systemd};

/// The first wait for a database that cannot be reached; doubled each time.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// A database that is connected, and whether there is a ledger in it.
type Base = (AuthDb, Ledger);

/// By which each job is triggered.
type Bells = [Arc<Notify>; Job::ALL.len()];

/// Runs until `stop` is cancelled.
///
/// # Errors
/// If the database is not an `AuthDB`, or holds a ledger that this program may not use, or the listener or the scheduler
/// cannot be started. A database that is down is waited for.
pub(crate) async fn run(sources: Sources, config: Config, stop: CancellationToken) -> anyhow::Result<()> {
    let mut hangups = Hangups::listen().context("listening for SIGHUP")?;
    let metrics = Metrics::new();
    metrics.configured(&config.janitor, clock::host_now());
    let status = tokio::spawn(systemd::keep_status(metrics.clone(), stop.clone()));
    let listener = Listener::open(config.janitor.listen, metrics.clone()).await?;
    let mut daemon = Daemon { sources, config, metrics, stop, listener };
    let outcome = match daemon.connect(&mut hangups).await {
        Ok(Some(base)) => daemon.serve(base, &mut hangups).await,
        Ok(None) => Ok(()),
        Err(error) => Err(error),
    };
    status.abort();
    outcome
}

/// What is in force.
struct Daemon {
    sources: Sources,
    config: Config,
    metrics: Metrics,
    stop: CancellationToken,
    listener: Listener,
}

/// What a good configuration is replaced by, made before anything is replaced.
struct Replacement {
    config: Config,
    /// If the address is another one.
    listener: Option<Listener>,
    /// If a schedule is another one.
    schedule: Option<Schedule>,
    /// If the database is another one.
    base: Option<Base>,
}

impl Daemon {
    /// Connects, however long it takes; `None` if the daemon is stopped first.
    async fn connect(&mut self, hangups: &mut Hangups) -> anyhow::Result<Option<Base>> {
        let mut wait = FIRST_WAIT;
        loop {
            let config = self.config.clone();
            let attempt = async {
                let connected = base(&config).await;
                if let Err(error) = &connected
                    && error.is_passing()
                {
                    self.metrics.database_lost(&error.to_string());
                    tokio::time::sleep(jittered(wait)).await;
                }
                connected
            };
            tokio::select! {
                () = self.stop.cancelled() => {
                    systemd::stopping();
                    return Ok(None);
                }
                () = hangups.next() => {
                    self.reload_while_connecting().await;
                    wait = FIRST_WAIT;
                }
                connected = attempt => match connected {
                    Ok(base) => return Ok(Some(base)),
                    Err(error) if error.is_passing() => wait = (wait * 2).min(LONGEST_WAIT),
                    Err(error) => return Err(Error::from(error).into()),
                }
            }
        }
    }

    /// There is nothing to replace yet but the listener, and the database is about to be tried in any case.
    async fn reload_while_connecting(&mut self) {
        let reloaded = async {
            let config = self.read()?;
            let listener = self.other_listener(&config).await?;
            anyhow::Ok((config, listener))
        };
        match reloaded.await {
            Ok((config, listener)) => self.adopt(config, listener),
            Err(error) => self.refuse(&error),
        }
    }

    /// Works until it is stopped.
    async fn serve(&mut self, base: Base, hangups: &mut Hangups) -> anyhow::Result<()> {
        self.metrics.database_answered();
        let (posts, post) = watch::channel(Post::new(self.janitor_on(base)));
        let bells: Bells = Job::ALL.map(|_| Arc::new(Notify::new()));
        let mut schedule = timetable(&self.config.janitor, &bells).await?;
        schedule.start().await?;
        let tasks = TaskTracker::new();
        for job in Job::ALL {
            info!("{job}: now and at `{}` UTC", job.schedule(&self.config.janitor));
            let bell = Arc::clone(&bells[job as usize]);
            tasks.spawn(Runner::new(post.clone(), job, bell, self.stop.clone()).serve());
        }
        let (metrics, stop) = (self.metrics.clone(), self.stop.clone());
        tasks.spawn(survey::follow_charge(post.clone(), metrics.clone(), stop.clone()));
        tasks.spawn(survey::keep_looking(post, metrics, stop));
        let watchdog = tokio::spawn(systemd::feed_watchdog(self.metrics.clone()));
        systemd::ready();
        loop {
            let ledger = posts.borrow().janitor().ledger().clone();
            tokio::select! {
                () = self.stop.cancelled() => break,
                () = hangups.next() => {}
                () = ledger.made() => {
                    self.open_ledger(&posts, &tasks).await;
                    continue;
                }
            }
            systemd::reloading();
            tokio::select! {
                () = self.stop.cancelled() => break,
                replacement = self.replacement(&bells) => match replacement {
                    Ok(replacement) => {
                        let has_moved = replacement.config.database.url.place() != self.config.database.url.place();
                        self.replace(replacement, &posts, &mut schedule, &tasks).await?;
                        if has_moved {
                            // Nobody has looked there what is due.
                            self.metrics.moved();
                            for bell in &bells {
                                bell.notify_one();
                            }
                        }
                    }
                    Err(error) => self.refuse(&error),
                }
            }
            systemd::ready();
        }
        systemd::stopping();
        schedule.stop().await?;
        tasks.close();
        tasks.wait().await;
        watchdog.abort();
        let last = posts.borrow().clone();
        last.leave().await;
        info!("stopped");
        Ok(())
    }

    /// Works under the lease of a ledger that somebody has made. Where that fails, the next run asks for it again.
    async fn open_ledger(&self, posts: &watch::Sender<Post>, tasks: &TaskTracker) {
        let opened = tokio::select! {
            () = self.stop.cancelled() => return,
            opened = base(&self.config) => opened,
        };
        match opened {
            Ok(base) => {
                let without = posts.send_replace(Post::new(self.janitor_on(base)));
                tasks.spawn(without.leave());
            }
            Err(error) => error!("nothing is done until the janitor's tables can be used: {error}"),
        }
    }

    fn janitor_on(&self, (db, ledger): Base) -> Janitor {
        info!("working on {} ({})", db.place(), db.server());
        let janitor = Janitor::new(db, ledger, &self.config, self.stop.clone()).with_metrics(self.metrics.clone());
        if let Some(obstacle) = janitor.ledger_obstacle() {
            warn!("runs are not written down: {obstacle}");
        }
        janitor
    }

    /// Reads the configuration again. A file that is gone is no wish for the defaults: they may keep tokens for less long.
    fn read(&self) -> anyhow::Result<Config> {
        let config = Config::load(&self.sources).map_err(Error::from)?;
        match (&self.config.file, &config.file) {
            (Some(old), None) => bail!("{} is gone; restart the janitor if it is to work without", old.display()),
            (Some(old), Some(new)) if old != new => bail!(
                "{} would be read in place of {}; restart the janitor if that is meant",
                new.display(),
                old.display()
            ),
            _ => Ok(config),
        }
    }

    /// Reads the configuration again, and makes what it asks for and is not there yet.
    async fn replacement(&self, bells: &Bells) -> anyhow::Result<Replacement> {
        let config = self.read()?;
        let listener = self.other_listener(&config).await?;
        let has_other_schedule =
            Job::ALL.iter().any(|job| job.schedule(&config.janitor) != job.schedule(&self.config.janitor));
        let schedule = if has_other_schedule { Some(timetable(&config.janitor, bells).await?) } else { None };
        let is_elsewhere = config.database != self.config.database;
        let base = if is_elsewhere { Some(base(&config).await.map_err(Error::from)?) } else { None };
        Ok(Replacement { config, listener, schedule, base })
    }

    /// Puts a new configuration into force. Runs under way end as they began.
    async fn replace(
        &mut self,
        replacement: Replacement,
        posts: &watch::Sender<Post>,
        schedule: &mut Schedule,
        tasks: &TaskTracker,
    ) -> anyhow::Result<()> {
        let Replacement { config, listener, schedule: other_schedule, base } = replacement;
        if let Some(other) = other_schedule {
            other.start().await?;
            std::mem::replace(schedule, other).stop().await?;
        }
        self.adopt(config, listener);
        let present = posts.borrow().clone();
        match base {
            Some(base) => {
                posts.send_replace(Post::new(self.janitor_on(base)));
                self.metrics.database_answered();
                tasks.spawn(present.leave());
            }
            None => {
                posts.send_replace(present.reconfigured(&self.config));
            }
        }
        Ok(())
    }

    fn adopt(&mut self, config: Config, listener: Option<Listener>) {
        let (new, old) = (&config.janitor, &self.config.janitor);
        for (key, is_other) in [
            ("janitor.log_format", new.log_format != old.log_format),
            ("janitor.lease_duration", new.lease_duration != old.lease_duration),
        ] {
            if is_other {
                warn!("{key} is taken from the next start on");
            }
        }
        if let Some(listener) = listener {
            self.listener = listener;
        }
        self.metrics.configured(&config.janitor, clock::host_now());
        self.config = config;
        info!("the configuration is reloaded");
    }

    fn refuse(&self, error: &anyhow::Error) {
        let reason = format!("{error:#}");
        error!("the configuration is not reloaded, the old one stays in force: {reason}");
        self.metrics.configuration_refused(&reason);
    }

    /// The listener that `config` asks for, if that is another one.
    async fn other_listener(&self, config: &Config) -> anyhow::Result<Option<Listener>> {
        if config.janitor.listen == self.listener.address() {
            return Ok(None);
        }
        Listener::open(config.janitor.listen, self.metrics.clone()).await.map(Some)
    }
}

/// Connects, and finds out whether there is a ledger. A database of which that cannot be told is not connected: a janitor
/// that took the ledger for absent would work beside the one that holds its lease.
async fn base(config: &Config) -> Result<Base, DbError> {
    let db = AuthDb::connect(&config.database).await?;
    let ledger = Ledger::open(&db).await?;
    Ok((db, ledger))
}

/// Rings the bell of each job on its schedule, once it is started.
async fn timetable(settings: &JanitorConfig, bells: &Bells) -> anyhow::Result<Schedule> {
    let schedule = Schedule::new().await?;
    for job in Job::ALL {
        schedule.ring(job.schedule(settings), Arc::clone(&bells[job as usize])).await?;
    }
    Ok(schedule)
}
