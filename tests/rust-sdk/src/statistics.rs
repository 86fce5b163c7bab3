//! Statistics and summaries of both graphs, shaped as the JavaScript driver prints them.

use aws_sdk_neptunedata::Client;
use aws_sdk_neptunedata::types::{
    DeleteStatisticsValueMap, GraphSummaryType, PropertygraphSummaryValueMap, RdfGraphSummaryValueMap,
    RefreshStatisticsIdMap, Statistics, StatisticsAutoGenerationMode,
};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde_json::{Value, json};

use crate::answer;

/// The answer to one of these operations; `None` if it is another.
pub(crate) async fn call(client: &Client, operation: &str, input: &Value) -> Option<Value> {
    let mode = input.get("mode").and_then(Value::as_str);
    let command = mode.map(StatisticsAutoGenerationMode::from);
    let kind = mode.map(GraphSummaryType::from);
    Some(match operation {
        "get-propertygraph-statistics" => answer(
            client.get_propertygraph_statistics().send().await,
            |out| json!({"status": out.status(), "payload": out.payload().map(statistics)}),
        ),
        "get-sparql-statistics" => answer(
            client.get_sparql_statistics().send().await,
            |out| json!({"status": out.status(), "payload": out.payload().map(statistics)}),
        ),
        "manage-propertygraph-statistics" => answer(
            client.manage_propertygraph_statistics().set_mode(command).send().await,
            |out| json!({"status": out.status(), "payload": out.payload().map(refreshed)}),
        ),
        "manage-sparql-statistics" => answer(
            client.manage_sparql_statistics().set_mode(command).send().await,
            |out| json!({"status": out.status(), "payload": out.payload().map(refreshed)}),
        ),
        "delete-propertygraph-statistics" => answer(
            client.delete_propertygraph_statistics().send().await,
            |out| json!({"status": out.status(), "payload": out.payload().map(deleted)}),
        ),
        "delete-sparql-statistics" => answer(
            client.delete_sparql_statistics().send().await,
            |out| json!({"status": out.status(), "payload": out.payload().map(deleted)}),
        ),
        "get-propertygraph-summary" => answer(
            client.get_propertygraph_summary().set_mode(kind).send().await,
            |out| json!({"payload": out.payload().map(property_graph)}),
        ),
        "get-rdf-graph-summary" => answer(
            client.get_rdf_graph_summary().set_mode(kind).send().await,
            |out| json!({"payload": out.payload().map(rdf)}),
        ),
        _ => return None,
    })
}

fn statistics(found: &Statistics) -> Value {
    let signatures = found.signature_info().map(|info| {
        json!({
            "signatureCount": info.signature_count(),
            "instanceCount": info.instance_count(),
            "predicateCount": info.predicate_count(),
        })
    });
    json!({
        "autoCompute": found.auto_compute(),
        "active": found.active(),
        "statisticsId": found.statistics_id(),
        "date": found.date().map(shown),
        "note": found.note(),
        "signatureInfo": signatures,
    })
}

fn refreshed(map: &RefreshStatisticsIdMap) -> Value {
    json!({"statisticsId": map.statistics_id()})
}

fn deleted(map: &DeleteStatisticsValueMap) -> Value {
    json!({"active": map.active(), "statisticsId": map.statistics_id()})
}

fn property_graph(map: &PropertygraphSummaryValueMap) -> Value {
    let summary = map.graph_summary().map(|graph| {
        let mut summary = json!({
            "numNodes": graph.num_nodes(),
            "numEdges": graph.num_edges(),
            "nodeLabels": graph.node_labels(),
            "nodeProperties": graph.node_properties(),
        });
        if !graph.node_structures().is_empty() {
            let structures = graph.node_structures().iter().map(|structure| {
                json!({
                    "count": structure.count(),
                    "nodeProperties": structure.node_properties(),
                    "distinctOutgoingEdgeLabels": structure.distinct_outgoing_edge_labels(),
                })
            });
            summary["nodeStructures"] = structures.collect();
        }
        summary
    });
    json!({
        "version": map.version(),
        "lastStatisticsComputationTime": map.last_statistics_computation_time().map(shown),
        "graphSummary": summary,
    })
}

fn rdf(map: &RdfGraphSummaryValueMap) -> Value {
    let summary = map.graph_summary().map(|graph| {
        let mut summary = json!({
            "numDistinctSubjects": graph.num_distinct_subjects(),
            "numQuads": graph.num_quads(),
            "classes": graph.classes(),
            "predicates": graph.predicates(),
        });
        if !graph.subject_structures().is_empty() {
            let structures = graph
                .subject_structures()
                .iter()
                .map(|structure| json!({"count": structure.count(), "predicates": structure.predicates()}));
            summary["subjectStructures"] = structures.collect();
        }
        summary
    });
    json!({
        "version": map.version(),
        "lastStatisticsComputationTime": map.last_statistics_computation_time().map(shown),
        "graphSummary": summary,
    })
}

fn shown(date: &DateTime) -> String {
    date.fmt(Format::DateTime).expect("dates of this age have a spelling")
}
