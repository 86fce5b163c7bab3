//! One request from its head to its reply: guard, route, body, operation, and what every reply carries.
//!
//! The order is fixed: a foreign `Host` or `Origin` is refused before anything else, then who does not belong, then path
//! and method, then a place for it when the server is full, and only then is the body read, the signature compared and
//! what the operation needs asked for. Whatever happens, the client gets a reply with a request id; a panic is an
//! `InternalFailureException`.
//!
//! - `call`: what an operation is given; `weight`: what each operation asks of the door.

mod call;
mod weight;

use std::future::Future;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use auth::Language;
use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Version, header};
use exec::registry::Registry;
use futures_util::FutureExt;
use futures_util::future::Either;
use hyper::body::Incoming;
use serde_json::Value;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{Instrument, field};

use crate::body::{self, Budget};
use crate::bolt::Precedence;
use crate::config::ServerConfig;
use crate::exception::{Exception, Failure, JSON, Limit, REQUEST_ID_HEADER};
use crate::flight::{self, Places};
use crate::guard::{self, Guard};
use crate::identity::{Gate, NOBODY};
use crate::lanes::{Lane, LaneSize};
use crate::listen::ServeError;
use crate::metrics::Metrics;
use crate::parameters::Parameters;
use crate::request_id::RequestId;
use crate::reset::{RESETTING, Reset};
use crate::routes::{self, Action, Matched, Mismatch};
use crate::services::Remote;
use crate::watch::Ends;
use crate::{
    audit, events, loads, ml, openapi, opencypher, ours, permissions, queries, rebuilds, reset, running, statistics,
    status, storage,
};
pub(crate) use call::{Call, Entrance, Peer};
use weight::{is_light, is_query, needs_data, outlives_its_client, takes_place};

/// What all requests of a server share.
pub(crate) struct Door {
    pub(crate) config: ServerConfig,
    pub(crate) store: store::Store,
    pub(crate) loader: loader::Loader,
    pub(crate) lanes: Lanes,
    pub(crate) metrics: Metrics,
    /// Queries of all languages that wait and run.
    pub(crate) registry: Registry,
    /// Transactions over Bolt that were turned away.
    pub(crate) precedence: Precedence,
    /// Starts and cancels, which go on when their client leaves.
    pub(crate) tasks: TaskTracker,
    /// Cancelled when the server stops.
    pub(crate) closing: CancellationToken,
    guard: Guard,
    pub(crate) gate: Gate,
    pub(crate) places: Places,
    pub(crate) budget: Budget,
    pub(crate) reset: Reset,
    /// Asks other servers for queries, if any may be asked.
    pub(crate) services: Option<Arc<dyn sparql::Services>>,
}

/// One lane for each kind of work, so that no kind waits behind another.
#[derive(Debug)]
pub(crate) struct Lanes {
    /// SPARQL queries.
    pub(crate) queries: Lane,
    /// Starts of loads, each of which may probe a slow source.
    pub(crate) starts: Lane,
    /// Cancels of loads, each of which waits until its job has stopped.
    pub(crate) cancels: Lane,
    /// Resets of all data.
    pub(crate) resets: Lane,
    /// Status and list of loads, and what `/metrics` reads.
    pub(crate) looks: Lane,
    /// Checks and exports, which read everything.
    pub(crate) chores: Lane,
    /// Statistics and summaries, most of which wait for the one computation.
    pub(crate) statistics: Lane,
    /// Streams of a load's progress. They need no thread: a turn is a place, and nobody waits for one.
    pub(crate) events: Lane,
}

/// A request whose head has been read.
struct Arrival {
    id: RequestId,
    parts: Parts,
    incoming: Incoming,
    peer: Peer,
    matched: Result<Matched, Mismatch>,
}

impl Door {
    pub(crate) fn new(config: ServerConfig, store: store::Store, loader: loader::Loader) -> Result<Self, ServeError> {
        store.statistics().compute_after_loads();
        // What was loaded before this start, too: queries ask the counts, and do not wait for them.
        store.statistics().after_load();
        Ok(Self {
            lanes: Lanes {
                queries: Lane::new("queries", config.queries),
                starts: Lane::new("starts", LaneSize { running: 8, waiting: 64 }),
                cancels: Lane::new("cancels", LaneSize { running: 32, waiting: 256 }),
                resets: Lane::new("resets", LaneSize { running: 1, waiting: 1 }),
                looks: Lane::new("looks", LaneSize { running: 8, waiting: 1_024 }),
                chores: Lane::new("chores", LaneSize { running: 2, waiting: 8 }),
                statistics: Lane::new("statistics", LaneSize { running: 8, waiting: 64 }),
                events: Lane::new("event streams", LaneSize { running: config.event_streams, waiting: 0 }),
            },
            metrics: Metrics::new(),
            precedence: Precedence::default(),
            registry: Registry::new(config.queries.running + config.queries.waiting + config.connections),
            tasks: TaskTracker::new(),
            closing: CancellationToken::new(),
            guard: Guard::new(config.listen.ip(), &config.allow_hosts, &config.allow_origins)?,
            gate: Gate::new(config.iam.as_ref(), config.trusted_proxies.clone())?,
            places: Places::new(config.in_flight),
            budget: Budget::new(config.body_bytes),
            reset: Reset::new(),
            services: (!config.service_allow.is_empty())
                .then(|| Arc::new(Remote::new(&config.service_allow)) as Arc<dyn sparql::Services>),
            config,
            store,
            loader,
        })
    }

    /// What ends a query that begins now.
    pub(crate) fn ends(&self) -> Ends {
        Ends { closing: self.closing.clone(), reset: self.reset.round(), unread: Some(self.config.send_timeout) }
    }

    /// Counts a query that has ended, and the limit that ended it.
    pub(crate) fn ended(&self, language: &'static str, failure: Option<&Failure>, has_begun: bool, took: Duration) {
        // One that comes before the first byte is counted where it becomes the reply.
        if let Some(limit) = failure.and_then(|failure| failure.limit).filter(|_| has_begun) {
            self.metrics.refused(limit);
        }
        self.metrics.query(language, failure.map_or("ok", |failure| failure.exception.name()), took);
    }

    /// Ends what may end: queries and waits. Starts and cancels are waited for.
    pub(crate) fn close(&self) {
        self.closing.cancel();
        self.tasks.close();
    }

    /// Answers one request. Dropping the future leaves it, as does a client that hangs up, unless it starts or cancels a
    /// load, or resets the data: that runs to its end from the moment its head was read.
    pub(crate) fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
        peer: Peer,
    ) -> impl Future<Output = Response<Body>> + use<> {
        let matched = routes::find(request.method(), request.uri().path());
        let action = matched.as_ref().ok().and_then(|matched| matched.route.action);
        let tasks = self.tasks.clone();
        // What waits for some operation is large, and is handed from hand to hand before it begins.
        let answer = Box::pin(self.answer_here(request, matched, peer));
        if action.is_some_and(outlives_its_client) {
            let task = tasks.spawn(answer);
            Either::Left(task.map(|ended| {
                ended.unwrap_or_else(|error| {
                    let text = format!("The request was not answered: {error}");
                    Failure::new(Exception::InternalFailure, text).reply(RequestId::random())
                })
            }))
        } else {
            Either::Right(answer)
        }
    }

    async fn answer_here(
        self: Arc<Self>,
        request: Request<Incoming>,
        matched: Result<Matched, Mismatch>,
        peer: Peer,
    ) -> Response<Body> {
        let began = Instant::now();
        let id = RequestId::random();
        let (parts, incoming) = request.into_parts();
        let span = tracing::info_span!(
            "request",
            %id,
            method = %parts.method,
            path = parts.uri.path(),
            traceparent = traceparent(&parts.headers),
            operation = field::Empty,
            status = field::Empty,
        );
        let version = parts.version;
        let mut operation = "none";
        let arrival = Arrival { id, parts, incoming, peer, matched };
        let answering = AssertUnwindSafe(self.admitted(arrival, &mut operation)).catch_unwind();
        let mut response = answering.instrument(span.clone()).await.unwrap_or_else(|_| {
            Failure::new(Exception::InternalFailure, "An unexpected error occurred while answering the request")
                .reply(id)
        });
        response.headers_mut().insert(REQUEST_ID_HEADER, id.header());
        if peer.reserved {
            response = closing(response);
        }
        if version >= Version::HTTP_2 {
            response.headers_mut().remove(header::CONNECTION);
        }
        let took = began.elapsed();
        let status = response.status().as_u16();
        self.metrics.request(operation, status, took);
        if let Some(limit) = response.extensions().get::<Limit>() {
            self.metrics.refused(*limit);
        }
        span.record("operation", operation);
        span.record("status", status);
        span.in_scope(|| {
            let milliseconds = took.as_secs_f64() * 1_000.0;
            if status >= 500 {
                tracing::warn!(milliseconds, "answered");
            } else {
                tracing::debug!(milliseconds, "answered");
            }
        });
        response
    }

    /// Behind the guard: what a page of an allowed origin may read gets the headers that let it.
    async fn admitted(self: &Arc<Self>, arrival: Arrival, operation: &mut &'static str) -> Response<Body> {
        let Arrival { parts, peer, matched, .. } = &arrival;
        let id = arrival.id;
        // A page cannot sign, so who is asked for a signature may come from anywhere.
        let is_open = !self.gate.is_guarded() || peer.entrance == Entrance::Admin;
        let page = match self.guard.admit(parts, peer.local, is_open) {
            Ok(page) => page,
            Err(failure) => {
                body::discard(arrival.incoming);
                return closing(failure.reply(id));
            }
        };
        let mut response = if guard::is_preflight(parts) {
            guard::preflight(parts)
        } else {
            let mut principal = NOBODY.to_owned();
            let mut from = peer.remote;
            *operation = matched.as_ref().map_or("none", |matched| matched.route.operation);
            let response = self.routed(arrival, (&mut principal, &mut from)).await;
            audit::record(id, &principal, from, operation, &response);
            response
        };
        if let guard::Visitor::Page(origin) = page {
            guard::grant(response.headers_mut(), origin);
        }
        response
    }

    /// From the path to the operation. `who` is told the principal and where it asks from, as soon as they are known.
    async fn routed(self: &Arc<Self>, arrival: Arrival, who: (&mut String, &mut IpAddr)) -> Response<Body> {
        let Arrival { id, parts, incoming, peer, matched } = arrival;
        let path = parts.uri.path();
        let target = parts.uri.path_and_query().map_or(0, |target| target.as_str().len());
        if target > self.config.url_bytes {
            body::discard(incoming);
            let text = format!("The request's target is over {} bytes", self.config.url_bytes);
            return Failure::new(Exception::BadRequest, text).over(Limit::Url).reply(id);
        }
        let name = matched.as_ref().map_or("none", |matched| matched.route.operation);
        let (principal, from) = who;
        let visitor = match self.gate.look(&parts, peer, permissions::of(name, None)) {
            Ok(visitor) => visitor,
            Err(failure) => {
                body::discard(incoming);
                return closing(failure.reply(id));
            }
        };
        visitor.claimed().clone_into(principal);
        *from = visitor.address();
        if let Err(failure) = visitor.check_head() {
            body::discard(incoming);
            return closing(failure.reply(id));
        }
        let matched = matched.and_then(|matched| match matched.route.action {
            Some(Action::Metrics | Action::Health) => Ok(matched),
            _ if peer.entrance == Entrance::Admin => Err(Mismatch::Path),
            _ => Ok(matched),
        });
        let action = matched.as_ref().ok().and_then(|matched| matched.route.action);
        // Nobody is told what there is before it is known who asks.
        if !self.gate.is_guarded() && action.is_none() {
            body::discard(incoming);
            return unanswerable(&matched, &parts.method, path, id);
        }
        if peer.reserved && !action.is_some_and(is_light) {
            body::discard(incoming);
            let text = "Too many connections are open. Please retry later.";
            return closing(Failure::new(Exception::TooManyRequests, text).over(Limit::Connections).reply(id));
        }
        let takes_place = peer.entrance == Entrance::Main && action.is_none_or(takes_place);
        let place = match takes_place.then(|| self.places.take()).transpose() {
            Ok(place) => place,
            Err(failure) => {
                body::discard(incoming);
                return failure.reply(id);
            }
        };
        let most = self.config.request_bytes;
        let limit = if action.is_some_and(is_query) { most } else { most.min(body::MOST_CONTROL_BYTES) };
        let patience = self.config.receive_timeout;
        let body = match body::receive(&parts.headers, incoming, limit, patience, &self.budget).await {
            Ok(body) => body,
            Err(failure) => return closing(failure.reply(id)),
        };
        let identity = match visitor.enter(&body.bytes) {
            Ok(identity) => identity,
            Err(failure) => return failure.reply(id),
        };
        let query = parts.uri.query().map(str::to_owned);
        let parameters = Parameters::decode(query.as_deref().unwrap_or_default().as_bytes());
        let allowed = match permissions::of(name, parameters.as_ref().ok()) {
            Some(needs) => identity.may(needs, action.is_some()),
            // A test sees to it that there is no such route. Were there one, nobody may use it.
            None if matched.is_ok() => {
                let text = format!("{name} is in no table of permissions");
                Err(Failure::new(Exception::InternalFailure, text))
            }
            None => Ok(()),
        };
        if let Err(failure) = allowed {
            return failure.reply(id);
        }
        let (action, label) = match (action, matched) {
            (Some(action), Ok(Matched { label, .. })) => (action, label),
            (_, matched) => return unanswerable(&matched, &parts.method, path, id),
        };
        let parameters = match parameters {
            Ok(parameters) => parameters,
            Err(failure) => return failure.reply(id),
        };
        let call = Call {
            id,
            identity,
            parameters,
            query,
            path: path.to_owned(),
            method: parts.method,
            headers: parts.headers,
            body,
            label,
        };
        let response = self.perform(action, call, name).await.unwrap_or_else(|failure| {
            let mut reply = failure.reply(id);
            if failure.exception == Exception::MethodNotAllowed {
                // On a replica, where every other method would write.
                reply.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET"));
            }
            reply
        });
        match place {
            Some(place) => flight::hold(response, place),
            None => response,
        }
    }

    async fn perform(
        self: &Arc<Self>,
        action: Action,
        call: Call,
        operation: &'static str,
    ) -> Result<Response<Body>, Failure> {
        if self.reset.is_going() && needs_data(action) {
            return Err(Failure::new(Exception::ServerShutdown, RESETTING));
        }
        match action {
            Action::StartLoaderJob => loads::start(self, call).await,
            Action::ListLoaderJobs | Action::GetLoaderJobStatus => loads::look(self, call).await,
            Action::CancelLoaderJob => loads::cancel(self, call).await,
            Action::GetEngineStatus => Ok(json(&status::body(&status::Facts {
                started: self.reset.since(),
                resetting: self.reset.is_going(),
                read_replica: self.config.read_replica,
                query_timeout: self.config.query_timeout,
                iam: self.gate.is_guarded(),
            }))),
            Action::ExecuteFastReset => reset::system(self, &call).await,
            Action::Sparql => queries::answer(self, call).await,
            Action::SparqlGraphStore => queries::graph_store(self, call).await,
            Action::Queries(Language::Sparql) => queries::status(self, &call),
            Action::OpenCypher => opencypher::answer(self, call).await,
            Action::OpenCypherExplain => opencypher::explain(self, call).await,
            Action::Queries(language) => running::answer(self, &call, language),
            Action::GetStatistics(dataset) => statistics::status(self, &call, dataset).await,
            Action::ManageStatistics(dataset) => statistics::manage(self, &call, dataset).await,
            Action::DeleteStatistics(dataset) => statistics::delete(self, &call, dataset).await,
            Action::GetSummary(dataset) => statistics::summary(self, &call, dataset).await,
            Action::GetStorageInfo => storage::info(self).await,
            Action::ListMl => ml::list(&call),
            Action::FindMl(collection) => ml::find(collection, &call),
            Action::StartMl(collection) => ml::start(collection, &call, operation),
            Action::ListIndexRebuilds => Ok(rebuilds::list()),
            Action::StartIndexRebuild => rebuilds::start(&call),
            Action::FindIndexRebuild => rebuilds::find(&call),
            Action::OpenApi => Ok(openapi::answer()),
            Action::Metrics => ours::metrics(self).await,
            Action::Health => Ok(json(&ours::health())),
            Action::Check => ours::check(self, &call).await,
            Action::Export => ours::export(self, &call).await,
            Action::GetLoaderJobEvents => events::stream(self, &call).await,
            Action::GetLoaderJobRejects => ours::rejects(self, &call).await,
        }
    }
}

/// The trace that the caller goes on in, if it names one.
fn traceparent(headers: &HeaderMap) -> Option<&str> {
    const LENGTH: usize = 55;
    headers.get("traceparent")?.to_str().ok().filter(|text| text.len() == LENGTH)
}

/// The answer where nothing can be done: for a path or method that is none, and for an operation that is not offered.
fn unanswerable(matched: &Result<Matched, Mismatch>, method: &Method, path: &str, id: RequestId) -> Response<Body> {
    match matched {
        Ok(Matched { route, .. }) => {
            let text = format!("{} is not supported by this version of the server", route.operation);
            Failure::new(Exception::UnsupportedOperation, text).reply(id)
        }
        Err(mismatch) => mismatched(mismatch, method, path, id),
    }
}

fn mismatched(mismatch: &Mismatch, method: &Method, path: &str, id: RequestId) -> Response<Body> {
    match mismatch {
        Mismatch::Path => Failure::new(Exception::BadRequest, format!("Bad route: {path}")).reply(id),
        Mismatch::Method { allow } => {
            let text = if statistics::is_summary(path) {
                "Method Not Allowed.".to_owned()
            } else {
                format!("Method {method} is not allowed on {path}: it takes {allow}")
            };
            let mut response = Failure::new(Exception::MethodNotAllowed, text).reply(id);
            let allow = HeaderValue::from_str(allow).expect("methods of the table are visible ASCII");
            response.headers_mut().insert(header::ALLOW, allow);
            response
        }
    }
}

/// The connection ends with this reply: what is left of its request is not read as the next one.
fn closing(mut response: Response<Body>) -> Response<Body> {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// A reply with status 200 and this body.
pub(crate) fn json(body: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = StatusCode::OK;
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    response
}
