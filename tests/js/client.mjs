// Loads, statistics, status and openCypher through the JavaScript SDK, one a run: ENDPOINT OPERATION [JSON].
//
// Prints one JSON line: {"ok": answer} or {"error": {name, status, message}}, the same lines as the Rust SDK's client
// in tests/rust-sdk, so that one Python test drives every SDK. Exits 0 on both: a modelled error is an answer. Signs with
// the region and the keys of the environment, else with dummies.

import {
  CancelLoaderJobCommand,
  CancelOpenCypherQueryCommand,
  DeletePropertygraphStatisticsCommand,
  DeleteSparqlStatisticsCommand,
  ExecuteOpenCypherQueryCommand,
  GetEngineStatusCommand,
  GetLoaderJobStatusCommand,
  GetPropertygraphStatisticsCommand,
  GetPropertygraphSummaryCommand,
  GetRDFGraphSummaryCommand,
  GetSparqlStatisticsCommand,
  ListLoaderJobsCommand,
  ListOpenCypherQueriesCommand,
  ManagePropertygraphStatisticsCommand,
  ManageSparqlStatisticsCommand,
  NeptunedataClient,
  StartLoaderJobCommand,
} from "@aws-sdk/client-neptunedata";
import { pathToFileURL } from "node:url";

const operations = {
  start: StartLoaderJobCommand,
  status: GetLoaderJobStatusCommand,
  cancel: CancelLoaderJobCommand,
  list: ListLoaderJobsCommand,
  "engine-status": GetEngineStatusCommand,
  "get-propertygraph-statistics": GetPropertygraphStatisticsCommand,
  "manage-propertygraph-statistics": ManagePropertygraphStatisticsCommand,
  "delete-propertygraph-statistics": DeletePropertygraphStatisticsCommand,
  "get-propertygraph-summary": GetPropertygraphSummaryCommand,
  "get-sparql-statistics": GetSparqlStatisticsCommand,
  "manage-sparql-statistics": ManageSparqlStatisticsCommand,
  "delete-sparql-statistics": DeleteSparqlStatisticsCommand,
  "get-rdf-graph-summary": GetRDFGraphSummaryCommand,
  "execute-open-cypher-query": ExecuteOpenCypherQueryCommand,
  "list-open-cypher-queries": ListOpenCypherQueriesCommand,
  "cancel-open-cypher-query": CancelOpenCypherQueryCommand,
};

export function connect(endpoint) {
  return new NeptunedataClient({
    endpoint,
    region: process.env.AWS_REGION ?? "us-east-1",
    credentials: {
      accessKeyId: process.env.AWS_ACCESS_KEY_ID ?? "test",
      secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY ?? "test",
      sessionToken: process.env.AWS_SESSION_TOKEN,
    },
    maxAttempts: 1,
  });
}

export async function call(client, operation, input = {}) {
  try {
    const { $metadata, ...answer } = await client.send(new operations[operation](input));
    return { ok: answer };
  } catch (error) {
    return { error: { name: error.name, status: error.$metadata?.httpStatusCode, message: error.message } };
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [endpoint, operation, input] = process.argv.slice(2);
  if (!(operation in operations)) {
    console.error(`usage: ENDPOINT ${Object.keys(operations).join("|")} [JSON]`);
    process.exit(2);
  }
  console.log(JSON.stringify(await call(connect(endpoint), operation, JSON.parse(input ?? "{}"))));
}
