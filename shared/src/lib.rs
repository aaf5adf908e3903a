//! The data access layer of `DiracX`'s authorization database (`AuthDB`).
//!
//! Everything that speaks SQL, and every rule about what a row means, lives in this crate, so that the dashboard and
//! the janitor cannot disagree about what is live, what is stale and what may be dropped. The programs see typed rows,
//! typed outcomes and errors that say what to do; they never see a database driver.
//!
//! Start at [`db::AuthDb::connect`]. Times and randomness are parameters everywhere; [`clock`] is where they come from.
//!
//! # A tour
//!
//! A service issues a token, and an administrator looks at what is live, and ends it:
//!
//! ```
//! use authdb_shared::actor::Actor;
//! use authdb_shared::clock;
//! use authdb_shared::config::{Config, Sources};
//! use authdb_shared::db::{AuthDb, LivenessFilter, Order, PageRequest, TokenFilter};
//! use authdb_shared::ids::{Jti, Subject};
//! use authdb_shared::model::Scope;
//!
//! #[tokio::main(flavor = "current_thread")]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     // Where the database is, and how long things live. A program takes Sources::from_process().
//!     # let folder = tempfile::tempdir()?;
//!     # let url = format!("sqlite:{}", folder.path().join("authdb.sqlite3").display());
//!     let sources = Sources::default().with_variable("AUTHDB_DATABASE_URL", &url);
//!     let config = Config::load(&sources)?;
//!     # let db = AuthDb::create(&config.database, clock::host_now()).await?;
//!     # db.create_ledger(&db.write_permit(&Actor::of_this_process())?).await?;
//!     let db = AuthDb::connect(&config.database).await?;
//!     let permit = db.write_permit(&Actor::of_this_process())?;
//!
//!     // As DiracX issues a token: in a transaction, dated by the database, undone unless it is committed.
//!     let alice = Subject::new("lhcb:alice")?;
//!     let mut work = db.begin(&permit).await?;
//!     let jti = Jti::issue(work.now(), &mut clock::randomness());
//!     work.insert_refresh_token(&jti, &alice, &Scope::from_stored("vo:lhcb group:lhcb_user".to_owned())).await?;
//!     work.commit().await?;
//!
//!     // What of hers works now, newest first, the first 100.
//!     let hers = TokenFilter { liveness: Some(LivenessFilter::Active), ..TokenFilter::of(alice) };
//!     let page = db.refresh_tokens(&hers, &config.policy, &PageRequest::first(Order::NewestFirst, 100)).await?;
//!     for token in &page.rows {
//!         println!("{}  {}  {}", token.jti, token.scope, token.liveness(page.now, &config.policy));
//!     }
//!     assert_eq!(page.rows.len(), 1);
//!
//!     // The change, who made it and why are written together, or not at all.
//!     db.revoke_token(&permit.because("her laptop was stolen"), &jti).await??;
//!     assert_eq!(db.admin_actions(None, 1).await?.rows[0].reason, "her laptop was stolen");
//!     Ok(())
//! }
//! ```
//!
//! # The chapters
//!
//! - [`db`]: connecting, lists, counts, changes, clean-up, the ledger; everything that speaks SQL.
//! - [`ids`], [`model`]: the keys and the rows of the three tables.
//! - [`policy`], [`liveness`]: how long things live, and what a row means by it.
//! - [`rotation`]: which tokens are likely one session.
//! - [`registry`]: which users and groups DiracX knows, and what it would refuse to an approval.
//! - [`session_plan`]: what an action on sessions will do, before it is done.
//! - [`partition`]: the months of `RefreshTokens`, and what a roll would change.
//! - [`janitor`]: what the janitor does, how it is, and what it would do now.
//! - [`clock`]: where time and randomness come from.
//! - [`config`]: the settings of both programs, and DiracX's own names for them.
//! - [`actor`], [`text`], [`error`], [`telemetry`]: who acts, what may be shown, what can go wrong, what is logged.
//! - [`health`]: findings about an installation, and how bad they are.
//! - [`anomaly`]: what a single row holds that it should not.
//! - [`demo`]: a make-believe installation to try it all on.
//!
//! Where DiracX has a function for the same, the item names it: plain names are those of DiracX 0.7's `AuthDB`
//! (`diracx.db.sql.auth.db`) and of `diracx.logic.auth`. RFC 8628 is the device flow, RFC 6749 and RFC 7636 the
//! authorization flow, RFC 7009 revocation, and RFC 9562 has the keys.
//!
//! # What it refuses
//!
//! - To change anything without a [`WritePermit`](db::WritePermit), which a read-only connection cannot give.
//! - To take an empty subject or key for everybody's, or one subject for another that differs in case or accents.
//! - To approve a code that is unknown, used, expired or given with a VO before the subject; the guard stands in the
//!   statement that changes the row, and exactly one row must match.
//! - To read without an end: lists come in pages, counts stop at their time limit and say so, deletions go in batches.
//! - To drop a month by its name, or before its bound proves that everything in it is old ([`partition::plan_roll`]);
//!   to wait for the table while logins wait behind it, or to copy many rows while writes are blocked
//!   ([`AuthDb::roll`](db::AuthDb::roll)).
//! - To connect to a database that is not DiracX's, or to make tables in one that is not empty.
//! - To write into a journal of another version ([`DbError::LedgerVersion`](db::DbError::LedgerVersion)).
//! - To guess what a misspelt key of the configuration meant ([`config::ConfigError`]), or to print a password
//!   ([`config::Secret`]).

pub mod actor;
pub mod anomaly;
pub mod clock;
pub mod config;
pub mod db;
pub mod demo;
pub mod error;
pub mod health;
pub mod ids;
pub mod janitor;
pub mod liveness;
pub mod model;
pub mod partition;
pub mod policy;
pub mod registry;
pub mod rotation;
pub mod session_plan;
pub mod telemetry;
pub mod text;

pub use clock::Timestamp;
pub use error::Error;
pub use policy::Policy;
