// openCypher through Neo4j's JavaScript driver: ENDPOINT. Reads one JSON line a query, {query, parameters}, and prints one
// JSON line for each: {"ok": rows} or {"error": {code, message}}.
//
// Values are brought into the form that the service's JSON has (nodes with `~id` and so on), so that one Python test
// compares all clients. Whole numbers come in as {"$int": text}; all other numbers are floats.

import neo4j from "neo4j-driver";
import { createInterface } from "node:readline";

function parameter(value) {
  if (Array.isArray(value)) return value.map(parameter);
  if (value === null || typeof value !== "object") return value;
  if (typeof value.$int === "string") return neo4j.int(value.$int);
  return members(value, parameter);
}

function members(object, each) {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, each(value)]));
}

// Text that JSON.stringify must write without quotes: a whole number keeps all digits, a float its point.
const raw = (text) => ({ toJSON: () => `\u0000${text}\u0000` });
const print = (value) => JSON.stringify(value).replaceAll(/"\\u0000(.*?)\\u0000"/g, "$1");

function plain(value) {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (neo4j.isInt(value)) return raw(value.toString());
  if (typeof value === "number") {
    if (Number.isNaN(value)) return "NaN";
    if (!Number.isFinite(value)) return value > 0 ? "INF" : "-INF";
    const text = Object.is(value, -0) ? "-0" : String(value);
    return raw(/[.e]/.test(text) ? text : `${text}.0`);
  }
  if (Array.isArray(value)) return value.map(plain);
  if (neo4j.isNode(value)) {
    const { elementId, labels, properties } = value;
    return { "~id": elementId, "~entityType": "node", "~labels": labels, "~properties": members(properties, plain) };
  }
  if (neo4j.isRelationship(value)) {
    const { elementId, startNodeElementId, endNodeElementId, type, properties } = value;
    return {
      "~id": elementId,
      "~entityType": "relationship",
      "~start": startNodeElementId,
      "~end": endNodeElementId,
      "~type": type,
      "~properties": members(properties, plain),
    };
  }
  if (neo4j.isPath(value)) {
    return [value.start, ...value.segments.flatMap(({ relationship, end }) => [relationship, end])].map(plain);
  }
  if (neo4j.isDateTime(value)) return new Date(value.toString()).toISOString().replace(/\.000Z$/, "Z");
  if (neo4j.isDate(value) || neo4j.isLocalDateTime(value) || neo4j.isTime(value) || neo4j.isLocalTime(value)) {
    return value.toString();
  }
  if (neo4j.isDuration(value)) return value.toString();
  return members(value, plain);
}

const [endpoint] = process.argv.slice(2);
const driver = neo4j.driver(endpoint);
for await (const line of createInterface({ input: process.stdin })) {
  const { query, parameters } = JSON.parse(line);
  const session = driver.session();
  try {
    const { records } = await session.run(query, parameter(parameters));
    console.log(print({ ok: records.map((record) => members(record.toObject(), plain)) }));
  } catch (error) {
    console.log(JSON.stringify({ error: { code: error.code ?? null, message: error.message } }));
  } finally {
    await session.close();
  }
}
await driver.close();
