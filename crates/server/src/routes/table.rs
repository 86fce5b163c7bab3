//! The table: the 48 operations of the service model, then the paths that only clients and this project know.

use axum::http::Method;
use model::Dataset;

use super::{Action, Route};

/// The operations of the service model (API version 2023-08-01), in the order of their paths.
pub(super) static MODEL: &[Route] = &[
    route("ExecuteGremlinQuery", Method::POST, "/gremlin", None),
    route("ExecuteGremlinExplainQuery", Method::POST, "/gremlin/explain", None),
    route("ExecuteGremlinProfileQuery", Method::POST, "/gremlin/profile", None),
    route("ListGremlinQueries", Method::GET, "/gremlin/status", None),
    route("CancelGremlinQuery", Method::DELETE, "/gremlin/status/{queryId}", None),
    route("GetGremlinQueryStatus", Method::GET, "/gremlin/status/{queryId}", None),
    route("ListLoaderJobs", Method::GET, "/loader", Some(Action::ListLoaderJobs)),
    route("StartLoaderJob", Method::POST, "/loader", Some(Action::StartLoaderJob)),
    route("CancelLoaderJob", Method::DELETE, "/loader/{loadId}", Some(Action::CancelLoaderJob)),
    route("GetLoaderJobStatus", Method::GET, "/loader/{loadId}", Some(Action::GetLoaderJobStatus)),
    route("ListMLDataProcessingJobs", Method::GET, "/ml/dataprocessing", None),
    route("StartMLDataProcessingJob", Method::POST, "/ml/dataprocessing", None),
    route("CancelMLDataProcessingJob", Method::DELETE, "/ml/dataprocessing/{id}", None),
    route("GetMLDataProcessingJob", Method::GET, "/ml/dataprocessing/{id}", None),
    route("ListMLEndpoints", Method::GET, "/ml/endpoints", None),
    route("CreateMLEndpoint", Method::POST, "/ml/endpoints", None),
    route("DeleteMLEndpoint", Method::DELETE, "/ml/endpoints/{id}", None),
    route("GetMLEndpoint", Method::GET, "/ml/endpoints/{id}", None),
    route("ListMLModelTrainingJobs", Method::GET, "/ml/modeltraining", None),
    route("StartMLModelTrainingJob", Method::POST, "/ml/modeltraining", None),
    route("CancelMLModelTrainingJob", Method::DELETE, "/ml/modeltraining/{id}", None),
    route("GetMLModelTrainingJob", Method::GET, "/ml/modeltraining/{id}", None),
    route("ListMLModelTransformJobs", Method::GET, "/ml/modeltransform", None),
    route("StartMLModelTransformJob", Method::POST, "/ml/modeltransform", None),
    route("CancelMLModelTransformJob", Method::DELETE, "/ml/modeltransform/{id}", None),
    route("GetMLModelTransformJob", Method::GET, "/ml/modeltransform/{id}", None),
    route("ExecuteOpenCypherQuery", Method::POST, "/opencypher", None),
    route("ExecuteOpenCypherExplainQuery", Method::POST, "/opencypher/explain", None),
    route("ListOpenCypherQueries", Method::GET, "/opencypher/status", None),
    route("CancelOpenCypherQuery", Method::DELETE, "/opencypher/status/{queryId}", None),
    route("GetOpenCypherQueryStatus", Method::GET, "/opencypher/status/{queryId}", None),
    route(
        "DeletePropertygraphStatistics",
        Method::DELETE,
        "/propertygraph/statistics",
        Some(Action::DeleteStatistics(Dataset::Pg)),
    ),
    route(
        "GetPropertygraphStatistics",
        Method::GET,
        "/propertygraph/statistics",
        Some(Action::GetStatistics(Dataset::Pg)),
    ),
    route(
        "ManagePropertygraphStatistics",
        Method::POST,
        "/propertygraph/statistics",
        Some(Action::ManageStatistics(Dataset::Pg)),
    ),
    route(
        "GetPropertygraphSummary",
        Method::GET,
        "/propertygraph/statistics/summary",
        Some(Action::GetSummary(Dataset::Pg)),
    ),
    route("GetPropertygraphStream", Method::GET, "/propertygraph/stream", None),
    route("GetRDFGraphSummary", Method::GET, "/rdf/statistics/summary", Some(Action::GetSummary(Dataset::Rdf))),
    route("DeleteSparqlStatistics", Method::DELETE, "/sparql/statistics", Some(Action::DeleteStatistics(Dataset::Rdf))),
    route("GetSparqlStatistics", Method::GET, "/sparql/statistics", Some(Action::GetStatistics(Dataset::Rdf))),
    route("ManageSparqlStatistics", Method::POST, "/sparql/statistics", Some(Action::ManageStatistics(Dataset::Rdf))),
    route("GetSparqlStream", Method::GET, "/sparql/stream", None),
    route("GetEngineStatus", Method::GET, "/status", Some(Action::GetEngineStatus)),
    route("ListIndexRebuilds", Method::GET, "/storage/indexes/rebuilds", None),
    route("StartIndexRebuild", Method::POST, "/storage/indexes/rebuilds", None),
    route("GetIndexRebuildStatus", Method::GET, "/storage/indexes/rebuilds/{rebuildId}", None),
    route("CancelIndexRebuild", Method::POST, "/storage/indexes/rebuilds/{rebuildId}/cancel", None),
    route("GetStorageInfo", Method::GET, "/storage/info", Some(Action::GetStorageInfo)),
    route("ExecuteFastReset", Method::POST, "/system", Some(Action::ExecuteFastReset)),
];

/// What drivers, notebooks and SPARQL clients use beside the model, and what is ours alone.
pub(super) static OTHERS: &[Route] = &[
    route("CancelLoaderJob", Method::DELETE, "/loader", Some(Action::CancelLoaderJob)),
    route("SparqlQuery", Method::GET, "/sparql", Some(Action::Sparql)),
    route("SparqlQuery", Method::POST, "/sparql", Some(Action::Sparql)),
    route("ListSparqlQueries", Method::GET, "/sparql/status", None),
    route("ListSparqlQueries", Method::POST, "/sparql/status", None),
    route("SparqlGraphStore", Method::GET, "/sparql/gsp", None),
    route("SparqlGraphStore", Method::PUT, "/sparql/gsp", None),
    route("SparqlGraphStore", Method::POST, "/sparql/gsp", None),
    route("SparqlGraphStore", Method::DELETE, "/sparql/gsp", None),
    route("ExecuteGremlinQuery", Method::GET, "/gremlin", None),
    route("ListGremlinQueries", Method::POST, "/gremlin/status", None),
    route("GetPropertygraphStream", Method::GET, "/gremlin/stream", None),
    route("GetPropertygraphStatistics", Method::GET, "/gremlin/statistics", Some(Action::GetStatistics(Dataset::Pg))),
    route(
        "ManagePropertygraphStatistics",
        Method::POST,
        "/gremlin/statistics",
        Some(Action::ManageStatistics(Dataset::Pg)),
    ),
    route(
        "DeletePropertygraphStatistics",
        Method::DELETE,
        "/gremlin/statistics",
        Some(Action::DeleteStatistics(Dataset::Pg)),
    ),
    route("ExecuteOpenCypherQuery", Method::GET, "/opencypher", None),
    route("ListOpenCypherQueries", Method::POST, "/opencypher/status", None),
    route("GetSparqlStatistics", Method::GET, "/rdf/statistics", Some(Action::GetStatistics(Dataset::Rdf))),
    route("ManageSparqlStatistics", Method::POST, "/rdf/statistics", Some(Action::ManageStatistics(Dataset::Rdf))),
    route("DeleteSparqlStatistics", Method::DELETE, "/rdf/statistics", Some(Action::DeleteStatistics(Dataset::Rdf))),
    route("Metrics", Method::GET, "/metrics", Some(Action::Metrics)),
    route("Health", Method::GET, "/halimede/health", Some(Action::Health)),
    route("Check", Method::GET, "/halimede/check", Some(Action::Check)),
    route("Export", Method::GET, "/halimede/export", Some(Action::Export)),
    route("GetLoaderJobRejects", Method::GET, "/halimede/loader/{loadId}/rejects", Some(Action::GetLoaderJobRejects)),
    route("GetLoaderJobEvents", Method::GET, "/halimede/loader/{loadId}/events", Some(Action::GetLoaderJobEvents)),
];

const fn route(operation: &'static str, method: Method, template: &'static str, action: Option<Action>) -> Route {
    Route { operation, method, template, action }
}
