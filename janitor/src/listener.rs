//! The optional listener: `/metrics` for Prometheus and `/healthz` for whoever watches the host.
//!
//! It must never be in the way of the work, whoever connects: a request is small or refused, a connection lasts seconds,
//! and there are few of them. Where there are too many, the oldest is cut off, because an honest client is served in
//! milliseconds and so is never the oldest for long.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;
use tracing::{debug, info, warn};

use crate::metrics::Metrics;

/// Connections at a time.
const MOST_CONNECTIONS: usize = 16;
/// How long a connection may last: sending the request, and taking the answer.
const LONGEST_CONNECTION: Duration = Duration::from_secs(10);
/// Bytes of a request's head; hyper has no smaller buffer.
const LARGEST_HEAD: usize = 8 * 1024;
/// Before accepting again when the process has no file descriptors left.
const PAUSE_AFTER_ERROR: Duration = Duration::from_secs(1);

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const PLAIN: &str = "text/plain; charset=utf-8";

/// Answers until it is dropped; nowhere, if it is not to listen.
#[derive(Default)]
pub(crate) struct Listener {
    address: Option<SocketAddr>,
    task: Option<AbortHandle>,
}

impl Listener {
    /// Listens where `janitor.listen` says.
    pub(crate) async fn open(address: Option<SocketAddr>, metrics: Metrics) -> anyhow::Result<Self> {
        let Some(wanted) = address else { return Ok(Self::default()) };
        let socket = TcpListener::bind(wanted).await.with_context(|| {
            format!("cannot listen on {wanted} (janitor.listen): name a free port of an address of this host, or none")
        })?;
        let bound = socket.local_addr().unwrap_or(wanted);
        info!("metrics and health are at http://{bound}/metrics and http://{bound}/healthz");
        if !bound.ip().is_loopback() {
            warn!("whoever reaches {bound} can read them without a password (janitor.listen)");
        }
        Ok(Self { address, task: Some(tokio::spawn(accept(socket, metrics)).abort_handle()) })
    }

    /// The address that was asked for.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        self.address
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

async fn accept(socket: TcpListener, metrics: Metrics) {
    let mut open = Open::default();
    loop {
        match socket.accept().await {
            Ok((stream, _)) => open.add(tokio::spawn(serve(stream, metrics.clone())).abort_handle()),
            Err(error) => {
                debug!("accepting a connection: {error}");
                tokio::time::sleep(PAUSE_AFTER_ERROR).await;
            }
        }
    }
}

/// The connections that are open, the oldest first. They end with the listener.
#[derive(Default)]
struct Open(VecDeque<AbortHandle>);

impl Open {
    fn add(&mut self, connection: AbortHandle) {
        self.0.retain(|other| !other.is_finished());
        if self.0.len() >= MOST_CONNECTIONS
            && let Some(oldest) = self.0.pop_front()
        {
            oldest.abort();
        }
        self.0.push_back(connection);
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        for connection in &self.0 {
            connection.abort();
        }
    }
}

async fn serve(stream: TcpStream, metrics: Metrics) {
    let service = service_fn(move |request| std::future::ready(Ok::<_, Infallible>(answer(&request, &metrics))));
    let mut server = http1::Builder::new();
    server.keep_alive(false).max_buf_size(LARGEST_HEAD).timer(TokioTimer::new());
    let connection = server.serve_connection(TokioIo::new(stream), service);
    match tokio::time::timeout(LONGEST_CONNECTION, connection).await {
        Ok(Err(error)) => debug!("answering a request: {error}"),
        Err(_) => debug!("a connection lasted longer than {LONGEST_CONNECTION:?} and was cut off"),
        Ok(Ok(())) => {}
    }
}

fn answer(request: &Request<Incoming>, metrics: &Metrics) -> Response<Full<Bytes>> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut refusal = response(StatusCode::METHOD_NOT_ALLOWED, PLAIN, "only GET and HEAD\n".to_owned());
        refusal.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return refusal;
    }
    match request.uri().path() {
        "/metrics" => response(StatusCode::OK, OPENMETRICS, metrics.text()),
        "/healthz" => {
            let ailments = metrics.ailments();
            if ailments.is_empty() {
                response(StatusCode::OK, PLAIN, format!("healthy: {}\n", metrics.status()))
            } else {
                response(StatusCode::SERVICE_UNAVAILABLE, PLAIN, ailments.join("\n") + "\n")
            }
        }
        _ => response(StatusCode::NOT_FOUND, PLAIN, "there are /metrics and /healthz\n".to_owned()),
    }
}

fn response(status: StatusCode, kind: &'static str, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
