//! `/sparql/gsp`: one graph as a whole, read and written.
//!
//! `?default` reads the union of all graphs (or, if the default graph is apart, that one) and writes the fallback graph;
//! `?graph=IRI` is the graph of that name.
//!
//! **Source**: spec/sparql.md §4; SPARQL 1.1 Graph Store HTTP Protocol.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use auth::{Access, Language};
use axum::body::Body;
use axum::http::{Method, Response, StatusCode, header};
use model::Dataset;
use sparql::{GraphChange, NamedNode, ParseOptions, Query};
use store::Snapshot;
use tokio::time::Instant;

use super::update::committed;
use super::{accept, multipart};
use crate::door::{Call, Door};
use crate::exception::{Exception, Failure};
use crate::identity::Identity;
use crate::running;
use crate::stream::{self, LateFailure, Sink, Terms, reads_trailers};
use crate::watch::Watch;

/// `GET`, `HEAD`, `PUT`, `POST` and `DELETE /sparql/gsp`
pub(crate) async fn graph_store(door: &Arc<Door>, call: Call) -> Result<Response<Body>, Failure> {
    let began = Instant::now();
    let graph = addressed(&call)?;
    let bodies = match call.method {
        Method::PUT | Method::POST => bodies(&call, graph.as_ref())?,
        _ => Vec::new(),
    };
    let (watch, timer) = Watch::begin(Some(door.config.query_timeout), door.ends());
    let trailers = reads_trailers(&call.headers);
    let terms = Terms { id: call.id, trailers, late_failure: LateFailure::Append, watch: watch.clone(), timer };
    let text = format!("{} {}", call.method, graph.as_ref().map_or("DEFAULT", NamedNode::as_str));
    let entry = running::enter(door, Language::Sparql, None, call.id, &text, &watch)?;
    let accept = accept(&call.headers);
    let method = call.method.clone();
    let work = Work { identity: call.identity.clone(), method: method.clone(), graph, bodies, accept };
    let created = Arc::new(AtomicBool::new(false));
    let (door, told) = (Arc::clone(door), Arc::clone(&created));
    let lane = door.lanes.queries.clone();
    let response = stream::reply(&lane, terms, move |sink| {
        entry.begin();
        let result = work.run(&door, sink, &watch).map(|new| told.store(new, Ordering::SeqCst));
        let failure = result.as_ref().err().map(|failure| watch.failure().unwrap_or_else(|| failure.clone()));
        door.ended("sparql", failure.as_ref(), sink.has_begun(), began.elapsed());
        result
    })
    .await?;
    Ok(finished(response, &method, created.load(Ordering::SeqCst)))
}

/// A HEAD has no body, and a write has none to show.
fn finished(mut response: Response<Body>, method: &Method, created: bool) -> Response<Body> {
    if *method == Method::GET {
        return response;
    }
    *response.body_mut() = Body::empty();
    if *method != Method::HEAD {
        *response.status_mut() = if created { StatusCode::CREATED } else { StatusCode::NO_CONTENT };
        response.headers_mut().remove(header::CONTENT_TYPE);
    }
    response
}

/// What is done on the thread.
struct Work {
    identity: Identity,
    method: Method,
    graph: Option<NamedNode>,
    /// What was sent: documents, several if the body has parts.
    bodies: Vec<sparql::Body>,
    accept: Option<String>,
}

impl Work {
    /// Whether there is a graph that was not there before.
    fn run(&self, door: &Door, sink: &mut Sink, watch: &Watch) -> Result<bool, Failure> {
        let access = match self.method {
            Method::PUT => Access::ALL,
            Method::POST => Access { delete: false, ..Access::ALL },
            Method::DELETE => Access { write: false, ..Access::ALL },
            _ => Access::READ,
        };
        self.identity.may_query(Language::Sparql, access)?;
        let change = match self.method {
            Method::PUT => GraphChange::Replace(&self.bodies),
            Method::POST => GraphChange::Add(&self.bodies),
            Method::DELETE => GraphChange::Remove,
            _ => return self.read(door, sink, watch).map(|()| false),
        };
        let (existed, _) = committed(door, watch, |transaction, surroundings| {
            transaction.lock(surroundings.cancel)?;
            let existed = self.exists(&transaction.snapshot())?;
            if matches!(change, GraphChange::Remove) && !existed {
                return Err(self.missing());
            }
            sparql::change_graph(transaction, self.graph.as_ref(), change, surroundings)?;
            Ok(existed)
        })?;
        Ok(!existed)
    }

    fn read(&self, door: &Door, sink: &mut Sink, watch: &Watch) -> Result<(), Failure> {
        sink.set_limit(door.config.result_bytes);
        let snapshot = door.store.snapshot(Dataset::Rdf);
        if !self.exists(&snapshot)? {
            return Err(self.missing());
        }
        let text = match &self.graph {
            Some(graph) => format!("CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH {graph} {{ ?s ?p ?o }} }}"),
            None => "CONSTRUCT WHERE { ?s ?p ?o }".to_owned(),
        };
        let strict_default_graph = door.config.separate_default_graph;
        let query = Query::parse(&text, None, ParseOptions { strict_default_graph, ..ParseOptions::default() })?;
        let format = sparql::negotiate(query.kind(), self.accept.as_deref())?;
        sink.set_media_type(format.media_type());
        if self.method == Method::HEAD {
            return Ok(());
        }
        query.run(&snapshot, format, sink, &watch.token)?;
        Ok(())
    }

    /// The default graph is always there.
    fn exists(&self, snapshot: &Snapshot) -> Result<bool, Failure> {
        Ok(self.graph.as_ref().map_or(Ok(true), |graph| sparql::graph_exists(snapshot, graph))?)
    }

    fn missing(&self) -> Failure {
        let name = self.graph.as_ref().map_or("default", NamedNode::as_str);
        Failure::new(Exception::ResourceNotFound, format!("There is no graph {name}"))
    }
}

/// The graph that the request names; `None` for the default graph.
fn addressed(call: &Call) -> Result<Option<NamedNode>, Failure> {
    let parameters = &call.parameters;
    let graphs: Vec<&str> = parameters.all("graph").collect();
    let defaults = parameters.all("default").count();
    match (graphs.as_slice(), defaults) {
        ([], 1) => Ok(None),
        ([graph], 0) => Ok(sparql::graph_name(Some(*graph))?),
        _ => {
            let text = "A request names one graph: expected either 'default' or one 'graph' among its parameters";
            Err(Failure::new(Exception::BadRequest, text))
        }
    }
}

/// The statements that were sent, as one document or as the parts of a form.
fn bodies(call: &Call, graph: Option<&NamedNode>) -> Result<Vec<sparql::Body>, Failure> {
    let text = call.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("text/turtle");
    let base = graph.map_or("http://aws.amazon.com/neptune/default/", NamedNode::as_str);
    let Some(boundary) = multipart::boundary(text)? else {
        return Ok(vec![sparql::Body::new(Arc::from(&call.body.bytes[..]), text, base)?]);
    };
    let parts = multipart::parts(&call.body.bytes, &boundary)?;
    parts.iter().map(|part| Ok(sparql::Body::new(Arc::from(part.bytes), &part.media_type(), base)?)).collect()
}
