//! Encryption: each mode does what its name says, and a server that cannot be trusted is refused with the reason.
//!
//! The server is asked what cipher a session has, since the code under test could only repeat what it hopes. The
//! certificates are the test's own: MariaDB's names the address of the server and MySQL's its name, so that a host can be
//! right and wrong in both ways.

use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use authdb_shared::db::{AuthDb, DbError};
use authdb_shared::ids::Subject;
use authdb_tests::account::Account;
use authdb_tests::certificates::Authority;
use authdb_tests::in_common::InCommon;
use authdb_tests::world::{TokenRow, jti, key_at, native_form, on_engines, servers};
use authdb_tests::{Engine, Flavour, Server, TestDatabase, World};
use futures_util::{TryStreamExt as _, future};

const PASSWORD: &str = "IDENTIFIED BY ?";
const SUBJECT: &str = "lhcb:amara";

/// The servers' machine.
const ADDRESS: &str = "127.0.0.1";
const NAME: &str = "localhost";

/// A server with a certificate, and the authorities that vouch for it and that do not.
struct Encrypting {
    server: Server,
    authority: Authority,
    stranger: Authority,
}

static ENCRYPTING: [InCommon<Encrypting>; 2] = [InCommon::new(), InCommon::new()];

impl Encrypting {
    fn start(flavour: Flavour) -> Self {
        let authority = Authority::create().expect("an authority is made");
        let certificate = authority.vouch_for(right_host(flavour)).expect("it issues a certificate");
        let server = Server::start_with(flavour, certificate).expect("a server starts");
        Self { server, authority, stranger: Authority::create().expect("another authority is made") }
    }

    async fn hold(flavour: Flavour) -> Arc<Self> {
        let hold = move || ENCRYPTING[usize::from(flavour == Flavour::MySql)].hold(|| Self::start(flavour));
        tokio::task::spawn_blocking(hold).await.expect("starting a server does not panic")
    }
}

/// A world on such a server. It goes before the server does.
struct Place {
    world: World,
    encrypting: Arc<Encrypting>,
}

impl Place {
    async fn make(flavour: Flavour) -> Self {
        let encrypting = Encrypting::hold(flavour).await;
        Self { world: world_on(&encrypting.server).await, encrypting }
    }

    fn right_host(&self) -> &'static str {
        right_host(self.encrypting.server.flavour())
    }

    fn wrong_host(&self) -> &'static str {
        if self.right_host() == ADDRESS { NAME } else { ADDRESS }
    }
}

/// What the server's certificate names.
fn right_host(flavour: Flavour) -> &'static str {
    match flavour {
        Flavour::MariaDb => ADDRESS,
        Flavour::MySql => NAME,
    }
}

pub(crate) async fn world_on(server: &Server) -> World {
    let database = TestDatabase::create_on(server).await.expect("a database is made");
    let keys = native_form(database.engine());
    World::create_in(database, keys).await
}

fn mode(mode: &str, authority: &Path) -> String {
    format!("ssl-mode={mode}&ssl-ca={}", authority.display())
}

/// Runs a test on servers with certificates, MariaDB and MySQL at the same time.
async fn on_encrypting_servers<F>(test: impl Fn(Arc<Place>) -> F + Copy + Send + Sync + 'static)
where
    F: Future<Output = ()> + Send + 'static,
{
    on_engines(servers(), move |engine| async move {
        test(Arc::new(Place::make(engine.flavour().expect("it is a server")).await)).await;
    })
    .await;
}

/// Uses both pools, so that each has a session.
async fn read_and_write(db: &AuthDb, world: &World) {
    db.now().await.expect("it can be read");
    let unknown = jti(&key_at(world.start));
    db.revoke_token(&world.permit, &unknown).await.expect("it can be written").expect_err("there is no such token");
}

/// Connects by an account, and says whether its sessions are encrypted.
async fn is_encrypted(world: &World, account: &Account, host: &str, parameters: &str) -> bool {
    let db = AuthDb::connect(&account.config_at(host, parameters))
        .await
        .unwrap_or_else(|error| panic!("{parameters} on {}: {error}", world.engine()));
    read_and_write(&db, world).await;
    let sessions = account.sessions(world).await;
    assert!(sessions.len() >= 2, "one to read and one to write: {sessions:?}");
    let encrypted = sessions.iter().filter(|session| !session.cipher.is_empty()).count();
    assert!([0, sessions.len()].contains(&encrypted), "some are and some are not: {sessions:?}");
    assert!(sessions.iter().all(|session| (session.connection == "SSL/TLS") == (encrypted > 0)), "{sessions:?}");
    db.close().await;
    account.leave(world).await;
    encrypted > 0
}

#[tokio::test]
async fn disabled_stays_in_clear_and_every_other_mode_encrypts() {
    on_encrypting_servers(|place| async move {
        let authority = place.encrypting.authority.file();
        let account = Account::create(&place.world, PASSWORD).await;
        for (parameters, encrypts) in [
            (String::new(), true),
            ("ssl-mode=disabled".to_owned(), false),
            ("ssl-mode=preferred".to_owned(), true),
            ("ssl-mode=REQUIRED".to_owned(), true),
            (mode("verify-ca", &authority), true),
            (mode("VERIFY_IDENTITY", &authority), true),
            (format!("ssl-ca={}", authority.display()), true),
        ] {
            let is = is_encrypted(&place.world, &account, place.right_host(), &parameters).await;
            assert_eq!(is, encrypts, "{parameters} on {}", place.world.engine());
        }
    })
    .await;
}

#[tokio::test]
async fn where_the_server_offers_none_preferred_stays_in_clear_and_the_stricter_modes_refuse() {
    on_engines(servers(), |engine| async move {
        let start = move || match engine.flavour().expect("it is a server") {
            Flavour::MariaDb => Server::start_with(Flavour::MariaDb, ["--skip-ssl".into()]),
            Flavour::MySql => Server::start(Flavour::MySql),
        };
        let server = tokio::task::spawn_blocking(start)
            .await
            .expect("starting a server does not panic")
            .expect("a server starts");
        let world = world_on(&server).await;
        let account = Account::create(&world, PASSWORD).await;
        if engine == Engine::MySql {
            // MySQL lets in clear only those in whom it has seen once what they say encrypted.
            assert!(is_encrypted(&world, &account, ADDRESS, "").await);
            world.execute("SET GLOBAL tls_version = ''; ALTER INSTANCE RELOAD TLS NO ROLLBACK ON ERROR").await;
        }
        for parameters in ["ssl-mode=disabled", "ssl-mode=preferred", ""] {
            assert!(!is_encrypted(&world, &account, ADDRESS, parameters).await, "{parameters} on {engine}");
        }
        let authority = Authority::create().expect("an authority is made");
        for parameters in [
            "ssl-mode=required".to_owned(),
            mode("verify-ca", &authority.file()),
            mode("verify-identity", &authority.file()),
        ] {
            let error = account.refusal(&account.config_at(ADDRESS, &parameters)).await;
            assert!(error.to_string().contains("server does not support TLS"), "{error}");
            assert!(error.is_connection_loss(), "a daemon waits until it is put right: {error:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn only_verify_identity_minds_the_host_and_both_verifying_modes_mind_the_authority() {
    on_encrypting_servers(|place| async move {
        let world = &place.world;
        let (authority, stranger) = (place.encrypting.authority.file(), place.encrypting.stranger.file());
        let account = Account::create(world, PASSWORD).await;
        assert!(is_encrypted(world, &account, place.wrong_host(), &mode("verify-ca", &authority)).await);

        let error = account.refusal(&account.config_at(place.wrong_host(), &mode("verify-identity", &authority))).await;
        let said = error.to_string();
        assert!(said.contains("certificate not valid for name") && said.contains(place.wrong_host()), "{said}");
        assert!(error.is_connection_loss(), "a daemon waits until it is put right: {error:?}");

        for strict in ["verify-ca", "verify-identity"] {
            for parameters in [mode(strict, &stranger), format!("ssl-mode={strict}")] {
                let error = account.refusal(&account.config_at(place.right_host(), &parameters)).await;
                assert!(error.to_string().contains("invalid peer certificate: UnknownIssuer"), "{parameters}: {error}");
                assert!(error.is_connection_loss(), "a daemon waits until it is put right: {error:?}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn an_authority_that_cannot_be_used_is_named() {
    on_encrypting_servers(|place| async move {
        let folder = tempfile::tempdir().expect("a folder is made");
        let pem = std::fs::read_to_string(place.encrypting.authority.file()).expect("it can be read");
        let file = |name: &str, text: &str| {
            let file = folder.path().join(name);
            std::fs::write(&file, text).expect("a file is written");
            file
        };
        let account = Account::create(&place.world, PASSWORD).await;
        for file in [
            folder.path().join("missing.pem"),
            folder.path().to_owned(),
            file("empty.pem", ""),
            file("notes.txt", "the certificate is in the other folder\n"),
            file("key.pem", &pem.replace("CERTIFICATE", "PRIVATE KEY")),
            file("cut.pem", &pem[..pem.len() / 2]),
            file("other.pem", "-----BEGIN CERTIFICATE-----\nbm8gY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n"),
        ] {
            for strict in ["verify-ca", "verify-identity"] {
                let error = account.refusal(&account.config_at(place.right_host(), &mode(strict, &file))).await;
                let said = error.to_string();
                assert!(said.contains(&format!("the file {} (ssl-ca", file.display())), "{said}");
                assert!(matches!(error, DbError::Failed { .. }), "waiting does not mend it: {error:?}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn an_account_that_requires_encryption_is_let_in_with_it_only() {
    on_encrypting_servers(|place| async move {
        let account = Account::create(&place.world, "IDENTIFIED BY ? REQUIRE SSL").await;
        for parameters in ["", "ssl-mode=required"] {
            assert!(is_encrypted(&place.world, &account, place.right_host(), parameters).await);
        }
        let error = account.refusal(&account.config_at(place.right_host(), "ssl-mode=disabled")).await;
        assert!(matches!(error, DbError::Denied { .. }), "{error:?}");
    })
    .await;
}

/// Does a piece of work up to a number of answers from the server, and then drops it. Says whether it came to its end.
async fn abandon(work: impl Future, answers: u32) -> bool {
    let mut work = pin!(work);
    let mut left = answers;
    future::poll_fn(|context| {
        // The driver wakes its task when the server has answered, and at no other time.
        if work.as_mut().poll(context).is_ready() {
            return Poll::Ready(true);
        }
        if left == 0 {
            return Poll::Ready(false);
        }
        left -= 1;
        Poll::Pending
    })
    .await
}

#[tokio::test]
async fn what_is_abandoned_under_encryption_leaves_connections_that_work() {
    on_encrypting_servers(|place| async move {
        let world = &place.world;
        let account = Account::create(world, PASSWORD).await;
        let config = account.config_at(place.right_host(), "ssl-mode=required");
        let tokens: Vec<TokenRow> = (0..1500)
            .map(|seconds| TokenRow::created(key_at(world.start.before(Duration::from_secs(seconds))), SUBJECT))
            .collect();
        world.add_tokens(&tokens).await;
        let subject = Subject::new(SUBJECT).expect("a subject");
        let oldest = jti(&tokens[0].key);
        let mut has_ended = false;
        let mut answers = 0;
        while !has_ended {
            // A new one each time: what is prepared once on a connection is not prepared again.
            let db = AuthDb::connect(&config).await.expect("it can be connected to");
            let tokens_left = || db.get_user_refresh_tokens(Some(&subject)).try_collect::<Vec<_>>();
            has_ended = abandon(tokens_left(), answers).await;
            has_ended &= abandon(db.revoke_token(&world.permit, &oldest), answers).await;
            let jti = jti(&tokens[answers as usize + 1].key);
            db.revoke_token(&world.permit, &jti).await.expect("nobody holds a lock").expect("it is CREATED");
            assert!(tokens_left().await.expect("it can be read").len() >= 1000 - answers as usize);
            assert!(account.sessions(world).await.iter().all(|session| !session.cipher.is_empty()));
            let close = tokio::time::timeout(Duration::from_secs(30), db.close());
            assert!(close.await.is_ok(), "after {answers} answers, a connection is waited for in vain");
            answers += 1;
        }
    })
    .await;
}
