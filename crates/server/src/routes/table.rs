//! The table: the 48 operations of the service model, then the paths that only clients and this project know.

use auth::Language;
use axum::http::Method;
use model::Dataset;

use super::{Action, Route};
use crate::ml::Collection;

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
    route("ListMLDataProcessingJobs", Method::GET, "/ml/dataprocessing", Some(Action::ListMl)),
    route(
        "StartMLDataProcessingJob",
        Method::POST,
        "/ml/dataprocessing",
        Some(Action::StartMl(Collection::DataProcessing)),
    ),
    route(
        "CancelMLDataProcessingJob",
        Method::DELETE,
        "/ml/dataprocessing/{id}",
        Some(Action::FindMl(Collection::DataProcessing)),
    ),
    route(
        "GetMLDataProcessingJob",
        Method::GET,
        "/ml/dataprocessing/{id}",
        Some(Action::FindMl(Collection::DataProcessing)),
    ),
    route("ListMLEndpoints", Method::GET, "/ml/endpoints", Some(Action::ListMl)),
    route("CreateMLEndpoint", Method::POST, "/ml/endpoints", Some(Action::StartMl(Collection::Endpoints))),
    route("DeleteMLEndpoint", Method::DELETE, "/ml/endpoints/{id}", Some(Action::FindMl(Collection::Endpoints))),
    route("GetMLEndpoint", Method::GET, "/ml/endpoints/{id}", Some(Action::FindMl(Collection::Endpoints))),
    route("ListMLModelTrainingJobs", Method::GET, "/ml/modeltraining", Some(Action::ListMl)),
    route(
        "StartMLModelTrainingJob",
        Method::POST,
        "/ml/modeltraining",
        Some(Action::StartMl(Collection::ModelTraining)),
    ),
    route(
        "CancelMLModelTrainingJob",
        Method::DELETE,
        "/ml/modeltraining/{id}",
        Some(Action::FindMl(Collection::ModelTraining)),
    ),
    route(
        "GetMLModelTrainingJob",
        Method::GET,
        "/ml/modeltraining/{id}",
        Some(Action::FindMl(Collection::ModelTraining)),
    ),
    route("ListMLModelTransformJobs", Method::GET, "/ml/modeltransform", Some(Action::ListMl)),
    route(
        "StartMLModelTransformJob",
        Method::POST,
        "/ml/modeltransform",
        Some(Action::StartMl(Collection::ModelTransform)),
    ),
    route(
        "CancelMLModelTransformJob",
        Method::DELETE,
        "/ml/modeltransform/{id}",
        Some(Action::FindMl(Collection::ModelTransform)),
    ),
    route(
        "GetMLModelTransformJob",
        Method::GET,
        "/ml/modeltransform/{id}",
        Some(Action::FindMl(Collection::ModelTransform)),
    ),
    route("ExecuteOpenCypherQuery", Method::POST, "/opencypher", Some(Action::OpenCypher)),
    route("ExecuteOpenCypherExplainQuery", Method::POST, "/opencypher/explain", Some(Action::OpenCypherExplain)),
    route("ListOpenCypherQueries", Method::GET, "/opencypher/status", Some(Action::Queries(Language::OpenCypher))),
    route(
        "CancelOpenCypherQuery",
        Method::DELETE,
        "/opencypher/status/{queryId}",
        Some(Action::Queries(Language::OpenCypher)),
    ),
    route(
        "GetOpenCypherQueryStatus",
        Method::GET,
        "/opencypher/status/{queryId}",
        Some(Action::Queries(Language::OpenCypher)),
    ),
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
    route("ListIndexRebuilds", Method::GET, "/storage/indexes/rebuilds", Some(Action::ListIndexRebuilds)),
    route("StartIndexRebuild", Method::POST, "/storage/indexes/rebuilds", Some(Action::StartIndexRebuild)),
    route(
        "GetIndexRebuildStatus",
        Method::GET,
        "/storage/indexes/rebuilds/{rebuildId}",
        Some(Action::FindIndexRebuild),
    ),
    route(
        "CancelIndexRebuild",
        Method::POST,
        "/storage/indexes/rebuilds/{rebuildId}/cancel",
        Some(Action::FindIndexRebuild),
    ),
    route("GetStorageInfo", Method::GET, "/storage/info", Some(Action::GetStorageInfo)),
    route("ExecuteFastReset", Method::POST, "/system", Some(Action::ExecuteFastReset)),
];

/// What drivers, notebooks and SPARQL clients use beside the model, and what is ours alone.
pub(super) static OTHERS: &[Route] = &[
    route("CancelLoaderJob", Method::DELETE, "/loader", Some(Action::CancelLoaderJob)),
    route("SparqlQuery", Method::GET, "/sparql", Some(Action::Sparql)),
    route("SparqlQuery", Method::POST, "/sparql", Some(Action::Sparql)),
    route("ListSparqlQueries", Method::GET, "/sparql/status", Some(Action::Queries(Language::Sparql))),
    route("ListSparqlQueries", Method::POST, "/sparql/status", Some(Action::Queries(Language::Sparql))),
    route("SparqlGraphStore", Method::GET, "/sparql/gsp", Some(Action::SparqlGraphStore)),
    route("SparqlGraphStore", Method::HEAD, "/sparql/gsp", Some(Action::SparqlGraphStore)),
    route("SparqlGraphStore", Method::PUT, "/sparql/gsp", Some(Action::SparqlGraphStore)),
    route("SparqlGraphStore", Method::POST, "/sparql/gsp", Some(Action::SparqlGraphStore)),
    route("SparqlGraphStore", Method::DELETE, "/sparql/gsp", Some(Action::SparqlGraphStore)),
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
    route("ExecuteOpenCypherQuery", Method::GET, "/opencypher", Some(Action::OpenCypher)),
    route("ListOpenCypherQueries", Method::POST, "/opencypher/status", Some(Action::Queries(Language::OpenCypher))),
    route("CancelOpenCypherQuery", Method::DELETE, "/opencypher/status", Some(Action::Queries(Language::OpenCypher))),
    route("GetSparqlStatistics", Method::GET, "/rdf/statistics", Some(Action::GetStatistics(Dataset::Rdf))),
    route("ManageSparqlStatistics", Method::POST, "/rdf/statistics", Some(Action::ManageStatistics(Dataset::Rdf))),
    route("DeleteSparqlStatistics", Method::DELETE, "/rdf/statistics", Some(Action::DeleteStatistics(Dataset::Rdf))),
    route("OpenApi", Method::GET, "/openapi.json", Some(Action::OpenApi)),
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
