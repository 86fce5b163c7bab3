//! What each operation takes and gives, by its name in the table of routes.

/// One operation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Described {
    pub(super) summary: &'static str,
    pub(super) tag: &'static str,
    /// Parameters of the query string, by their names among the components.
    pub(super) parameters: &'static [&'static str],
    /// What a POST sends.
    pub(super) sent: Sent,
    /// What 200 gives.
    pub(super) reply: Reply,
    /// When 204 comes instead.
    pub(super) empty: Option<&'static str>,
    /// What it answers beside what all operations may.
    pub(super) errors: &'static [(u16, &'static str)],
}

/// What a POST sends.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sent {
    /// No body that is read.
    Nothing,
    /// An object of this schema, as JSON or as a form.
    Json(&'static str),
    /// A query: as text of this type, or with its parameters as a form of this schema, or as JSON of it where that is read.
    Query { media_type: &'static str, form: &'static str, json: bool },
}

/// What 200 gives.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reply {
    /// JSON of this schema.
    Json(&'static str),
    /// Text of one of these types.
    Text(&'static [&'static str]),
    /// Either.
    JsonOrText(&'static str, &'static [&'static str]),
}

impl Described {
    const fn new(tag: &'static str, summary: &'static str, reply: Reply) -> Self {
        Self { summary, tag, parameters: &[], sent: Sent::Nothing, reply, empty: None, errors: &[] }
    }

    const fn with(self, parameters: &'static [&'static str]) -> Self {
        Self { parameters, ..self }
    }

    const fn sends(self, sent: Sent) -> Self {
        Self { sent, ..self }
    }

    const fn or_empty(self, when: &'static str) -> Self {
        Self { empty: Some(when), ..self }
    }

    const fn fails(self, errors: &'static [(u16, &'static str)]) -> Self {
        Self { errors, ..self }
    }

    /// Whether it needs this component.
    #[cfg(test)]
    pub(super) fn mentions(&self, name: &str) -> bool {
        self.parameters.contains(&name)
            || matches!(self.sent, Sent::Json(schema) | Sent::Query { form: schema, .. } if schema == name)
            || matches!(self.reply, Reply::Json(schema) | Reply::JsonOrText(schema, _) if schema == name)
    }
}

const UNKNOWN_LOAD: (u16, &str) = (404, "There is no such load, or it has ended.");
const UNKNOWN_ML: (u16, &str) = (404, "There is no such job or endpoint: this server trains no models.");
const REPLICA: (u16, &str) = (405, "This is a read replica.");

/// Forms of a plan.
const PLANS: &[&str] = &["text/plain", "text/html", "text/csv"];

const OPENCYPHER: Sent = Sent::Query { media_type: "application/opencypher", form: "OpenCypherRequest", json: true };

/// What the operation of this name takes and gives; `None` if nobody has told yet.
pub(super) fn describe(operation: &str) -> Option<Described> {
    use Reply::{Json, JsonOrText, Text};
    let new = Described::new;
    Some(match operation {
        "StartLoaderJob" => new("loader", "Start a load", Json("LoadStarted"))
            .sends(Sent::Json("LoadRequest"))
            .fails(&[(404, "A load that this one depends on is not known."), REPLICA]),
        "ListLoaderJobs" => new("loader", "List loads, or show one", Json("LoadListOrStatus"))
            .with(&["loadIdQuery", "limit", "includeQueuedLoads", "details", "errors", "page", "errorsPerPage"])
            .fails(&[UNKNOWN_LOAD]),
        "GetLoaderJobStatus" => new("loader", "Show a load", Json("LoadStatus"))
            .with(&["details", "errors", "page", "errorsPerPage"])
            .fails(&[UNKNOWN_LOAD]),
        "CancelLoaderJob" => new("loader", "Cancel a load, or those that wait", Json("LoadCancelled"))
            .with(&["loadIdQuery", "all"])
            .fails(&[UNKNOWN_LOAD, REPLICA]),
        "GetLoaderJobEvents" => new("loader", "Follow a load by server-sent events", Text(&["text/event-stream"]))
            .with(&["details", "errors", "page", "errorsPerPage"])
            .or_empty("The client has seen the last event.")
            .fails(&[UNKNOWN_LOAD]),
        "GetLoaderJobRejects" => new(
            "loader",
            "List the rows that a load rejected, or give those of one file",
            JsonOrText("LoadRejects", &["application/octet-stream", "text/csv"]),
        )
        .with(&["feed", "rejectsPart"])
        .fails(&[UNKNOWN_LOAD]),
        "GetEngineStatus" => new("status", "The state of the server", Json("Status")),
        "ExecuteFastReset" => new("system", "Delete all data, in two steps", Json("Reset"))
            .with(&["action", "token"])
            .sends(Sent::Json("ResetRequest")),
        "GetPropertygraphStatistics" | "GetSparqlStatistics" => {
            new("statistics", "The state of the statistics", Json("Statistics"))
        }
        "ManagePropertygraphStatistics" | "ManageSparqlStatistics" => {
            new("statistics", "Compute statistics, or switch that on or off", Json("StatisticsChanged"))
                .sends(Sent::Json("StatisticsRequest"))
        }
        "DeletePropertygraphStatistics" | "DeleteSparqlStatistics" => {
            new("statistics", "Delete the statistics", Json("StatisticsChanged")).or_empty("There were none.")
        }
        "GetPropertygraphSummary" | "GetRDFGraphSummary" => {
            new("statistics", "What the graph consists of", Json("Summary")).with(&["summaryMode"])
        }
        "GetStorageInfo" => new("storage", "What the data takes on disk", Json("StorageInfo")),
        "ListIndexRebuilds" => new("storage", "List index rebuilds: there are none", Json("RebuildIds")),
        "StartIndexRebuild" => new("storage", "Refused: the store merges its indexes by itself", Json("RebuildIds"))
            .with(&["scope", "concurrency", "writeBufferSize"]),
        "GetIndexRebuildStatus" | "CancelIndexRebuild" => {
            new("storage", "Refused: no index rebuild is known", Json("RebuildIds"))
        }
        "ListMLDataProcessingJobs" | "ListMLModelTrainingJobs" | "ListMLModelTransformJobs" | "ListMLEndpoints" => {
            new("ml", "List what this server never has any of", Json("Ids")).with(&["maxItems", "neptuneIamRoleArn"])
        }
        "StartMLDataProcessingJob" | "StartMLModelTrainingJob" | "StartMLModelTransformJob" | "CreateMLEndpoint" => {
            new("ml", "Refused: this server trains no models", Json("Ids")).sends(Sent::Json("ModelRequest"))
        }
        "GetMLDataProcessingJob" | "GetMLModelTrainingJob" | "GetMLModelTransformJob" | "GetMLEndpoint" => {
            new("ml", "Refused: nothing is known", Json("Ids")).with(&["neptuneIamRoleArn"]).fails(&[UNKNOWN_ML])
        }
        "CancelMLDataProcessingJob" | "CancelMLModelTrainingJob" | "CancelMLModelTransformJob" | "DeleteMLEndpoint" => {
            new("ml", "Refused: nothing is known", Json("Ids"))
                .with(&["neptuneIamRoleArn", "clean"])
                .fails(&[UNKNOWN_ML])
        }
        "SparqlQuery" => new(
            "queries",
            "Ask a SPARQL query",
            Text(&[
                "application/sparql-results+json",
                "application/sparql-results+xml",
                "text/csv",
                "text/tab-separated-values",
                "text/boolean",
                "application/n-triples",
                "application/n-quads",
                "text/turtle",
                "application/trig",
                "application/rdf+xml",
                "application/ld+json",
            ]),
        )
        .with(&["query", "baseURI", "queryIdQuery"])
        .sends(Sent::Query { media_type: "application/sparql-query", form: "SparqlForm", json: false }),
        "ListSparqlQueries" => {
            new("queries", "List SPARQL queries, show one, or cancel one", Json("QueryListOrStatusOrCancelled"))
                .with(&["includeWaiting", "queryIdQuery", "cancelQuery", "silent"])
                .sends(Sent::Json("QueryStatusForm"))
                .or_empty("There is no query of this id.")
        }
        "SparqlGraphStore" => new(
            "queries",
            "Read, write or drop one graph as a whole (SPARQL 1.1 Graph Store HTTP Protocol)",
            Text(&["application/n-triples", "text/turtle", "application/rdf+xml", "application/ld+json"]),
        )
        .with(&["gspGraph", "gspDefault"]),
        "ExecuteOpenCypherQuery" => {
            new("queries", "Ask an openCypher query, or for its plan", JsonOrText("OpenCypherResult", PLANS))
                .with(&["query", "queryParameters", "explain", "queryIdQuery"])
                .sends(OPENCYPHER)
        }
        "ExecuteOpenCypherExplainQuery" => new("queries", "Ask for the plan of an openCypher query", Text(PLANS))
            .with(&["query", "queryParameters", "explain", "queryIdQuery"])
            .sends(OPENCYPHER),
        "ListOpenCypherQueries" => {
            new("queries", "List queries, show one, or cancel one", Json("QueryListOrStatusOrCancelled"))
                .with(&["includeWaiting", "queryIdQuery", "cancelQuery", "silent"])
                .sends(Sent::Json("QueryStatusForm"))
        }
        "GetOpenCypherQueryStatus" => new("queries", "Show a query, or cancel it", Json("QueryStatusOrCancelled"))
            .with(&["cancelQuery", "silent"]),
        "CancelOpenCypherQuery" => {
            new("queries", "Cancel a query", Json("QueryCancelled")).with(&["queryIdQuery", "silent"])
        }
        "Metrics" => new("operators", "Counters and gauges, as Prometheus reads them", Text(&["text/plain"])),
        "Health" => new("operators", "Whether the process answers", Json("Health")),
        "Check" => new("operators", "Read and verify the whole store", Json("CheckReport")),
        "Export" => new(
            "operators",
            "Write the graph of one moment as a file",
            Text(&["text/csv", "application/n-triples", "application/n-quads", "text/turtle", "application/rdf+xml"]),
        )
        .with(&["format", "exportPart", "dataset"]),
        "OpenApi" => new("operators", "This description", Json("OpenApi")),
        _ => return None,
    })
}
