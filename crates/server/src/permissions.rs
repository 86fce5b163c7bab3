//! Which actions of IAM an operation needs.
//!
//! A table by the operation's name, so that no route can be added without its row (a test sees to it). What a query needs
//! is told by its syntax tree and is asked for when that is there; here stands only its language. A status of queries asks
//! likewise when it has read whether it cancels.
//!
//! **Source**: spec/iam.md §2; design §9, "Our own paths".

use auth::{Action, Language};

use crate::parameters::Parameters;

/// What a caller must be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Nothing: it is not even signed.
    Nothing,
    /// Each of these actions.
    Actions(&'static [Action]),
    /// An action that knows the language.
    InLanguage(Action, Option<Language>),
    /// What the query's syntax tree says.
    Query(Language),
    /// To look at queries or to cancel one: the parameters say which, and those of the body have not been read yet.
    Status(Language),
}

/// What `operation` needs, called with these parameters; `None` for an operation that is not in the table.
pub(crate) fn of(operation: &str, parameters: Option<&Parameters>) -> Option<Needs> {
    use Language::{Gremlin, OpenCypher, Sparql};
    let has = |name: &str| parameters.is_some_and(|parameters| parameters.all(name).any(|value| !value.is_empty()));
    let named = |name: &str| parameters.is_some_and(|parameters| parameters.all(name).next().is_some());
    // The paths of a status also cancel, where the query says so.
    let status = |language| {
        let action = if named("cancelQuery") { Action::CancelQuery } else { Action::GetQueryStatus };
        Needs::InLanguage(action, Some(language))
    };
    Some(match operation {
        "StartLoaderJob" => Needs::Actions(&[Action::StartLoaderJob]),
        // The list's path is that of a status when the query names a load.
        "ListLoaderJobs" if has("loadId") => Needs::Actions(&[Action::GetLoaderJobStatus]),
        "ListLoaderJobs" => Needs::Actions(&[Action::ListLoaderJobs]),
        "GetLoaderJobStatus" | "GetLoaderJobEvents" => Needs::Actions(&[Action::GetLoaderJobStatus]),
        "CancelLoaderJob" => Needs::Actions(&[Action::CancelLoaderJob]),
        "Export" | "GetLoaderJobRejects" => Needs::Actions(&[Action::GetLoaderJobStatus, Action::ReadDataViaQuery]),
        "GetEngineStatus" | "Check" | "Metrics" | "Health" => Needs::Actions(&[Action::GetEngineStatus]),
        "OpenApi" => Needs::Nothing,
        "ExecuteFastReset" => Needs::Actions(&[Action::ResetDatabase]),
        "SparqlQuery" | "SparqlGraphStore" => Needs::Query(Sparql),
        "ExecuteGremlinQuery" | "ExecuteGremlinExplainQuery" | "ExecuteGremlinProfileQuery" => Needs::Query(Gremlin),
        "ExecuteOpenCypherQuery" | "ExecuteOpenCypherExplainQuery" => Needs::Query(OpenCypher),
        "ListSparqlQueries" => status(Sparql),
        "ListGremlinQueries" | "GetGremlinQueryStatus" => status(Gremlin),
        "ListOpenCypherQueries" | "GetOpenCypherQueryStatus" => Needs::Status(OpenCypher),
        "CancelGremlinQuery" => Needs::InLanguage(Action::CancelQuery, Some(Gremlin)),
        "CancelOpenCypherQuery" => Needs::InLanguage(Action::CancelQuery, Some(OpenCypher)),
        "GetPropertygraphStream" => Needs::InLanguage(Action::GetStreamRecords, None),
        "GetSparqlStream" => Needs::InLanguage(Action::GetStreamRecords, Some(Sparql)),
        "GetPropertygraphStatistics" | "GetSparqlStatistics" => Needs::Actions(&[Action::GetStatisticsStatus]),
        "ManagePropertygraphStatistics" | "ManageSparqlStatistics" => Needs::Actions(&[Action::ManageStatistics]),
        "DeletePropertygraphStatistics" | "DeleteSparqlStatistics" => Needs::Actions(&[Action::DeleteStatistics]),
        "GetPropertygraphSummary" | "GetRDFGraphSummary" => Needs::Actions(&[Action::GetGraphSummary]),
        "GetStorageInfo" => Needs::Actions(&[Action::GetStorageInfo]),
        "ListIndexRebuilds" => Needs::Actions(&[Action::ListIndexRebuilds]),
        "StartIndexRebuild" => Needs::Actions(&[Action::StartIndexRebuild]),
        "GetIndexRebuildStatus" => Needs::Actions(&[Action::GetIndexRebuildStatus]),
        "CancelIndexRebuild" => Needs::Actions(&[Action::CancelIndexRebuild]),
        "ListMLDataProcessingJobs" => Needs::Actions(&[Action::ListMLDataProcessingJobs]),
        "StartMLDataProcessingJob" => Needs::Actions(&[Action::StartMLDataProcessingJob]),
        "CancelMLDataProcessingJob" => Needs::Actions(&[Action::CancelMLDataProcessingJob]),
        "GetMLDataProcessingJob" => Needs::Actions(&[Action::GetMLDataProcessingJobStatus]),
        "ListMLEndpoints" => Needs::Actions(&[Action::ListMLEndpoints]),
        "CreateMLEndpoint" => Needs::Actions(&[Action::CreateMLEndpoint]),
        "DeleteMLEndpoint" => Needs::Actions(&[Action::DeleteMLEndpoint]),
        "GetMLEndpoint" => Needs::Actions(&[Action::GetMLEndpointStatus]),
        "ListMLModelTrainingJobs" => Needs::Actions(&[Action::ListMLModelTrainingJobs]),
        "StartMLModelTrainingJob" => Needs::Actions(&[Action::StartMLModelTrainingJob]),
        "CancelMLModelTrainingJob" => Needs::Actions(&[Action::CancelMLModelTrainingJob]),
        "GetMLModelTrainingJob" => Needs::Actions(&[Action::GetMLModelTrainingJobStatus]),
        "ListMLModelTransformJobs" => Needs::Actions(&[Action::ListMLModelTransformJobs]),
        "StartMLModelTransformJob" => Needs::Actions(&[Action::StartMLModelTransformJob]),
        "CancelMLModelTransformJob" => Needs::Actions(&[Action::CancelMLModelTransformJob]),
        "GetMLModelTransformJob" => Needs::Actions(&[Action::GetMLModelTransformJobStatus]),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes;

    #[test]
    fn every_route_has_its_row() {
        let missing: Vec<_> =
            routes::all().map(|route| route.operation).filter(|name| of(name, None).is_none()).collect();
        assert_eq!(missing, [""; 0]);
    }

    #[test]
    fn what_a_path_needs_may_depend_on_its_query() {
        for (operation, query, expected) in [
            ("ListLoaderJobs", "limit=3", Needs::Actions(&[Action::ListLoaderJobs])),
            ("ListLoaderJobs", "loadId=", Needs::Actions(&[Action::ListLoaderJobs])),
            ("ListLoaderJobs", "loadId=x", Needs::Actions(&[Action::GetLoaderJobStatus])),
            ("ListSparqlQueries", "", Needs::InLanguage(Action::GetQueryStatus, Some(Language::Sparql))),
            ("ListSparqlQueries", "cancelQuery", Needs::InLanguage(Action::CancelQuery, Some(Language::Sparql))),
            ("GetGremlinQueryStatus", "cancelQuery=", Needs::InLanguage(Action::CancelQuery, Some(Language::Gremlin))),
        ] {
            let parameters = Parameters::decode(query.as_bytes()).unwrap();
            assert_eq!(of(operation, Some(&parameters)), Some(expected), "{operation} {query}");
        }
    }
}
