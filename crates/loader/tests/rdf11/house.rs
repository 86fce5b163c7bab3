//! One store into which file after file is loaded, each into a graph of its own.

use std::cell::Cell;
use std::path::Path;

use loader::request::{Format, LoadRequest, Mode};
use loader::source::SourceConfig;
use loader::{Loader, LoaderConfig, StatusQuery};
use model::{Dataset, TermRef, Value};
use oxrdf::{BlankNode, Literal, NamedNode, NamedOrBlankNode, Term, Triple};
use store::{Options, Order, Pattern, Snapshot, Store};

/// See the module.
pub(crate) struct House {
    loader: Loader,
    store: Store,
    loads: Cell<u32>,
    _runtime: tokio::runtime::Runtime,
    _directory: tempfile::TempDir,
}

impl House {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let data = directory.path().join("data");
        let store = Store::open(&data, Options { disk_floor: 1 << 20, ..Options::default() }).expect("a store");
        let sources = SourceConfig { any_local: true, data_dir: data, ..SourceConfig::default() };
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let loader = Loader::open(store.clone(), LoaderConfig::new(sources), runtime.handle().clone());
        let loader = loader.expect("a loader");
        Self { loader, store, loads: Cell::new(0), _runtime: runtime, _directory: directory }
    }

    /// Loads a file. What is wrong with it, empty if nothing is, and the statements that came without a graph.
    pub(crate) fn load(&self, path: &Path, format: Format, base: &str) -> Result<(String, Vec<Triple>), String> {
        self.loads.set(self.loads.get() + 1);
        let graph = format!("http://load.test/{}", self.loads.get());
        let mut request = LoadRequest::new(path.display().to_string(), format);
        request.mode = Mode::New;
        request.fail_on_error = false;
        request.parser.named_graph_uri.clone_from(&graph);
        base.clone_into(&mut request.parser.base_uri);
        let id = self.loader.start(request, None).map_err(|error| error.to_string())?.to_string();
        self.loader.wait(&id).map_err(|error| error.to_string())?;
        let query = StatusQuery { details: true, errors: true, page: 1, errors_per_page: 3 };
        let status = self.loader.status(&id, query).map_err(|error| error.to_string())?;
        let overall = &status["overallStatus"];
        let is_clean = overall["status"] == "LOAD_COMPLETED" && overall["parsingErrors"] == 0;
        let wrong = if is_clean { String::new() } else { format!("{overall} {}", status["errors"]) };
        Ok((wrong, self.triples(&graph)))
    }

    fn triples(&self, graph: &str) -> Vec<Triple> {
        let snapshot = self.store.snapshot(Dataset::Rdf);
        let pattern = Pattern { g: Some(snapshot.encode(TermRef::Iri(graph))), ..Pattern::ALL };
        let batches = snapshot.scan(pattern, Order::Gspo);
        let triple = |quad: model::Quad| {
            let [s, p, o] = [quad.s, quad.p, quad.o].map(|id| term(&snapshot, id));
            let (Ok(subject), Ok(predicate)) = (NamedOrBlankNode::try_from(s), NamedNode::try_from(p)) else {
                panic!("a literal cannot be there");
            };
            Triple { subject, predicate, object: o }
        };
        batches.flat_map(|batch| batch.expect("the scan runs").quads().map(triple).collect::<Vec<_>>()).collect()
    }
}

fn term(snapshot: &Snapshot, id: model::TermId) -> Term {
    match snapshot.resolve(id).expect("a term") {
        model::Term::Iri(iri) => NamedNode::new_unchecked(iri).into(),
        model::Term::Blank(identity) => BlankNode::new_from_unique_id(identity | 0xb << 120).into(),
        model::Term::Value(Value::String(text)) => Literal::new_simple_literal(text).into(),
        model::Term::Value(Value::Lang { value, language }) => {
            Literal::new_language_tagged_literal_unchecked(value, language).into()
        }
        model::Term::Value(Value::Typed { lexical, datatype }) => {
            Literal::new_typed_literal(lexical, NamedNode::new_unchecked(datatype)).into()
        }
        model::Term::Value(value) => {
            Literal::new_typed_literal(value.lexical(), NamedNode::new_unchecked(value.datatype())).into()
        }
        other => panic!("{other:?} is no term of RDF"),
    }
}
