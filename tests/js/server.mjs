// A server process for the tests of this folder: on a free port, with a data and an import directory of its own.

import { spawn } from "node:child_process";
import { mkdtemp, mkdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

export async function startServer() {
  const binary = process.env.HALIMEDE_BIN;
  if (!binary) throw new Error("HALIMEDE_BIN must name the server binary: run these through `cargo xtask node`");
  const folder = await mkdtemp(join(tmpdir(), "halimede-js-"));
  const files = join(folder, "files");
  await mkdir(files);
  const child = spawn(
    binary,
    ["serve", "--listen", "127.0.0.1:0", "--data", join(folder, "data"), "--import-dir", files],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const ended = new Promise((resolve) => child.once("exit", (code, signal) => resolve({ code, signal })));
  const ready = new Promise((resolve) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      const found = /^halimede ready on (http:\S+)$/.exec(line);
      if (found) resolve(found[1]);
    });
  });
  const endpoint = await Promise.race([
    ready,
    ended.then(({ code, signal }) => Promise.reject(new Error(`the server ended (${code ?? signal}) before it was ready`))),
  ]);
  return {
    endpoint,
    files,
    async stop() {
      child.kill("SIGTERM");
      const end = await ended;
      await rm(folder, { recursive: true, force: true });
      return end;
    },
  };
}
