// SPARQL through fetch-sparql-endpoint: ENDPOINT. Reads one JSON line a text, {kind, text} with kind one of ask, select,
// construct and update, and prints one JSON line for each: {"ok": answer} or {"error": message}.

import { SparqlEndpointFetcher } from "fetch-sparql-endpoint";
import { createInterface } from "node:readline";

const [endpoint] = process.argv.slice(2);
const client = new SparqlEndpointFetcher();

async function all(stream) {
  const found = [];
  for await (const each of stream) found.push(each);
  return found;
}

const asks = {
  ask: (text) => client.fetchAsk(endpoint, text),
  select: async (text) =>
    (await all(await client.fetchBindings(endpoint, text))).map((row) =>
      Object.fromEntries(Object.entries(row).map(([name, term]) => [name, term.value])),
    ),
  construct: async (text) =>
    (await all(await client.fetchTriples(endpoint, text))).map((triple) =>
      [triple.subject, triple.predicate, triple.object].map((term) => term.value),
    ),
  update: async (text) => {
    await client.fetchUpdate(endpoint, text);
    return null;
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { kind, text } = JSON.parse(line);
  let answer;
  try {
    answer = { ok: await asks[kind](text) };
  } catch (error) {
    answer = { error: String(error.message) };
  }
  console.log(JSON.stringify(answer));
}
