// Bolt by Neo4j's driver for JavaScript: values, errors, transactions, large results, cancel.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import neo4j from "neo4j-driver";

import { startServer } from "./server.mjs";

let server;
let driver;

before(async () => {
  server = await startServer();
  driver = neo4j.driver(server.endpoint.replace("http:", "bolt:"), neo4j.auth.basic("user", "password"));
});

after(async () => {
  await driver.close();
  assert.deepEqual(await server.stop(), { code: 0, signal: null });
});

async function one(query, parameters) {
  const { records } = await driver.executeQuery(query, parameters);
  assert.equal(records.length, 1);
  return records[0].get(0);
}

test("the driver is content with the server", async () => {
  const info = await driver.getServerInfo();
  assert.match(info.agent, /^Neo4j\/\d+\.\d+\.\d+$/);
  assert.ok(info.protocolVersion >= 5.4, `${info.protocolVersion}`);
});

test("parameters come back as they were", async () => {
  const { Date, DateTime, Duration, LocalDateTime, LocalTime, Time } = neo4j.types;
  const int = neo4j.int;
  for (const value of [
    null, true, 1.5, "text", int(1), int("9223372036854775807"), [int(1), "a", null], { a: { b: [true] } },
    new Date(int(2026), int(11), int(29)),
    new LocalTime(int(1), int(2), int(3), int(4)),
    new Time(int(1), int(2), int(3), int(4), int(3600)),
    new LocalDateTime(int(2026), int(1), int(2), int(3), int(4), int(5), int(6)),
    new DateTime(int(2026), int(6), int(2), int(3), int(4), int(5), int(6), int(-7200)),
    new Duration(int(1), int(2), int(3), int(4)),
  ]) {
    assert.deepEqual(await one("RETURN $value", { value }), value);
  }
  const zoned = neo4j.types.DateTime.fromStandardDate(new globalThis.Date("2026-07-01T10:00:00Z"));
  const named = await one("RETURN datetime('2026-07-01T12:00[Europe/Stockholm]')");
  assert.equal(named.timeZoneId, "Europe/Stockholm");
  assert.equal(named.toStandardDate().getTime(), zoned.toStandardDate().getTime());
});

test("nodes, relationships and paths", async () => {
  await driver.executeQuery("CREATE ({`~id`: 'a'})-[:R {`~id`: 'r', n: 1}]->(:L {`~id`: 'b'})");
  const { records: [record] } = await driver.executeQuery("MATCH p = (a {`~id`: 'a'})-[r]->(b) RETURN a, r, b, p");
  const [a, r, b, p] = ["a", "r", "b", "p"].map((key) => record.get(key));
  assert.deepEqual([a.elementId, b.elementId, r.elementId], ["a", "b", "r"]);
  assert.deepEqual([r.startNodeElementId, r.endNodeElementId, r.type], ["a", "b", "R"]);
  assert.deepEqual([b.labels, r.properties.n.toNumber()], [["L"], 1]);
  assert.ok(neo4j.isInt(a.identity));
  assert.equal(p.length, 1);
  assert.equal(p.segments[0].end.elementId, "b");
});

test("errors have codes", async () => {
  await assert.rejects(one("RETRUN 1"), { code: "Neo.ClientError.Statement.SyntaxError" });
  await assert.rejects(one("RETURN $missing"), { code: "Neo.ClientError.Statement.ParameterMissing" });
  const session = driver.session({ defaultAccessMode: neo4j.session.READ });
  await assert.rejects(session.run("CREATE ()"), { code: "Neo.ClientError.Statement.AccessMode" });
  assert.equal((await session.run("RETURN 1 AS one")).records[0].get("one").toNumber(), 1);
  await session.close();
});

test("a transaction is committed or rolled back", async () => {
  const session = driver.session();
  const kept = session.beginTransaction();
  // Sent without waiting for each other.
  await Promise.all([1, 2, 3].map((n) => kept.run("CREATE (:T {n: $n})", { n: neo4j.int(n) })));
  await kept.commit();
  const dropped = session.beginTransaction();
  await dropped.run("MATCH (n:T) DELETE n");
  await dropped.rollback();
  assert.equal((await one("MATCH (n:T) RETURN count(n)")).toNumber(), 3);
  const names = await session.executeRead(async (tx) => (await tx.run("MATCH (n:T) RETURN n.n AS n ORDER BY n")).records);
  assert.deepEqual(names.map((record) => record.get("n").toNumber()), [1, 2, 3]);
  assert.match(session.lastBookmarks()[0], /^FB:/);
  await session.close();
});

test("a large result comes in pieces, and may be left", async () => {
  const session = driver.session({ fetchSize: 500 });
  const result = await session.run("UNWIND range(1, 20000) AS x RETURN x");
  assert.equal(result.records.length, 20_000);
  let seen = 0;
  for await (const record of session.run("UNWIND range(1, 20000000) AS x RETURN x")) {
    seen = record.get("x").toNumber();
    if (seen === 700) break;
  }
  assert.equal(seen, 700);
  await session.close();
  assert.equal((await one("RETURN 1")).toNumber(), 1);
});

test("time is limited", async () => {
  const session = driver.session();
  const slow = "UNWIND range(1, 3000000) AS a UNWIND range(1, 3000000) AS b WITH a, b WHERE a < 0 RETURN count(*)";
  await assert.rejects(session.run(slow, {}, { timeout: 300 }), { code: "Neo.ClientError.Transaction.TransactionTimedOut" });
  await session.close();
});

test("routing leads back to the server", async () => {
  const routed = neo4j.driver(server.endpoint.replace("http:", "neo4j:"));
  await routed.verifyConnectivity();
  const { records } = await routed.executeQuery("RETURN 1 AS one", {}, { routing: neo4j.routing.READ });
  assert.equal(records[0].get("one").toNumber(), 1);
  await routed.close();
});
