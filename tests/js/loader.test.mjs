// The loader through the JavaScript SDK: its typed answers and its exception classes.

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { call, connect } from "./client.mjs";
import { startServer } from "./server.mjs";

let server;
let client;

before(async () => {
  server = await startServer();
  client = connect(server.endpoint);
  await writeFile(join(server.files, "people.csv"), "~id,~label,name:String\na,Person,Ada\nb,Person,Bo\n");
});

after(async () => {
  client.destroy();
  assert.deepEqual(await server.stop(), { code: 0, signal: null });
});

function start(overrides = {}) {
  return call(client, "start", {
    source: `file://${join(server.files, "people.csv")}`,
    format: "csv",
    s3BucketRegion: "us-east-1",
    iamRoleArn: "arn:aws:iam::000000000000:role/loader",
    mode: "NEW",
    ...overrides,
  });
}

async function finished(loadId) {
  for (;;) {
    const { ok, error } = await call(client, "status", { loadId, details: true, errors: true });
    assert.equal(error, undefined);
    if (!["LOAD_NOT_STARTED", "LOAD_IN_PROGRESS", "LOAD_IN_QUEUE"].includes(ok.payload.overallStatus.status)) {
      return ok.payload;
    }
  }
}

test("the engine's status is typed", async () => {
  const { ok } = await call(client, "engine-status");
  assert.equal(ok.status, "healthy");
  assert.equal(ok.role, "writer");
});

test("a load is started, followed to its end and listed", async () => {
  const { ok } = await start();
  assert.equal(ok.status, "200 OK");
  const { loadId } = ok.payload;
  const payload = await finished(loadId);
  assert.equal(payload.overallStatus.status, "LOAD_COMPLETED");
  assert.equal(payload.overallStatus.totalRecords, 4);
  assert.deepEqual(payload.failedFeeds, []);
  assert.deepEqual(payload.errors.errorLogs, []);
  const list = await call(client, "list");
  assert.ok(list.ok.payload.loadIds.includes(loadId));
});

test("a cancel of what has ended is the modelled exception", async () => {
  const { ok } = await start();
  await finished(ok.payload.loadId);
  const { error } = await call(client, "cancel", { loadId: ok.payload.loadId });
  assert.equal(error.name, "BulkLoadIdNotFoundException");
  assert.equal(error.status, 404);
  assert.match(error.message, /does not exist or not active/);
});

test("mistakes are told apart by exception class", async () => {
  const table = [
    ["status", { loadId: "00000000-0000-4000-8000-000000000000" }, "BulkLoadIdNotFoundException", 404],
    ["status", { loadId: "garbage" }, "BadRequestException", 400],
    ["cancel", { loadId: "garbage" }, "BadRequestException", 400],
    ["list", { limit: 101 }, "InvalidParameterException", 400],
  ];
  for (const [operation, input, name, status] of table) {
    const { error } = await call(client, operation, input);
    assert.deepEqual([error?.name, error?.status], [name, status], `${operation} ${JSON.stringify(input)}`);
  }
  const { error } = await start({ format: "parquet" });
  assert.deepEqual([error?.name, error?.status], ["InvalidParameterException", 400]);
});
