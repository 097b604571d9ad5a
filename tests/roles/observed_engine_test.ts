import { deepStrictEqual, ok } from "node:assert/strict";
import { loadConfig } from "../../lib/config/config.ts";
import { checkEngine } from "../../lib/diagnosis/engine_check.ts";
import { memberCondition } from "../../lib/engine/etcd_condition.ts";
import { openEngine } from "../../roles/program/engine_client.ts";
import { observeEngine } from "../../roles/program/observed_engine.ts";
import { EtcdServers } from "../support/engine/etcd_servers.ts";
import { testWith } from "../support/host/real_parts.ts";
import { TempDir } from "../support/host/temp_dir.ts";
import { waitUntil } from "../support/host/wait_until.ts";

const { signal } = new AbortController();

testWith(
  "etcd",
  "observeEngine() says of the one etcd of three that is left that it takes nothing, and of each of the others that it is away",
  async () => {
    await using servers = await EtcdServers.start(3);
    await using dir = await TempDir.create();
    const [left = "", ...others] = servers.urls;
    const { config } = loadConfig("publisher", [{
      path: "a.conf",
      text: `[general]\nstatedir = ${dir.path()}
[publisher]\nlegacy = off\nengine = etcd\nengineurls = ${
        servers.urls.join(", ")
      }`,
    }], { hostname: "hub" });
    const { engine } = config;
    ok(engine);
    await servers.kill(1);
    await servers.kill(2);
    using client = await openEngine({ ...engine, urls: [left] }, dir.path());
    await waitUntil(
      async () => !(await memberCondition(client, signal)).hasLeader,
      { what: "etcd to miss its leader", timeoutMs: 6_000 },
    );
    const facts = await observeEngine(config, engine);
    const found = checkEngine(facts).map(({ finding }) =>
      finding.replace(/error .*|connection .*/i, "refused")
    );
    deepStrictEqual(found, [
      ...others.map((url) => `${url}: refused`),
      `${left}: it knows no leader, and takes nothing`,
    ]);
  },
);
