import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { SystemClock } from "../../../lib/async/io/system_clock.ts";
import { checkEngine } from "../../../lib/diagnosis/engine_check.ts";
import {
  keptBeatsMs,
  memberCondition,
} from "../../../lib/engine/etcd_condition.ts";
import { EtcdLog } from "../../../lib/engine/etcd_log.ts";
import { EtcdValues } from "../../../lib/engine/etcd_values.ts";
import { EtcdClient } from "../../../lib/engine/io/etcd_client.ts";
import { NoLogError } from "../../../lib/engine/shared_log.ts";
import type { Epoch } from "../../../lib/base/ids.ts";
import {
  ANSWER_TIMEOUT_MS,
  EtcdServers,
} from "../../support/engine/etcd_servers.ts";
import { testWith } from "../../support/host/real_parts.ts";

const clock = new SystemClock();
const { signal } = new AbortController();
const PREFIX = "/fail2ban-cluster/";
const DAY_MS = 86_400_000;
const SMALL_BYTES = 1024 * 1024;

testWith(
  "etcd",
  "etcd says of which version it is, how much room it has, and since when it compacts nothing",
  async () => {
    await using servers = await EtcdServers.start(1);
    using client = new EtcdClient({
      clock,
      urls: servers.urls,
      timeoutMs: ANSWER_TIMEOUT_MS,
    });
    const condition = await memberCondition(client, signal);
    const { version, hasLeader, complaints, quotaBytes } = condition;
    ok(/^\d+\.\d+\.\d+$/.test(version));
    deepStrictEqual([hasLeader, complaints, quotaBytes], [true, [], 2 ** 31]);
    strictEqual(condition.compactedRevision, 0);

    const log = new EtcdLog(client, PREFIX);
    const kept = async () => {
      const { compactedRevision = NaN } = await memberCondition(client, signal);
      return await keptBeatsMs(client, PREFIX, compactedRevision, signal);
    };
    strictEqual(await kept(), undefined);
    const epoch = "0".repeat(32) as Epoch;
    await log.begin({ epoch, seq: 0, id: "first" }, signal);
    const { versions: { lead } = { lead: 0 } } = await log.look(signal) ?? {};
    for (let day = 0; day < 4; day++) {
      const beat = { storeMs: day * DAY_MS, settings: "" };
      ok(await log.beat(beat, { lead }, signal));
    }
    strictEqual(await kept(), 3 * DAY_MS);
    // As auto-compaction does, up to the beat of the day before.
    const { versions } = await log.look(signal) ?? {};
    const revision = String((versions?.beat ?? 0) - 1);
    await client.ask("/v3/kv/compaction", { revision }, signal);
    strictEqual(await kept(), DAY_MS);
  },
);

testWith(
  "etcd",
  "etcd that is full says so, and a check of it finds that",
  async () => {
    const quota = `--quota-backend-bytes=${SMALL_BYTES}`;
    await using servers = await EtcdServers.start(1, quota);
    const [url = ""] = servers.urls;
    using client = new EtcdClient({
      clock,
      urls: [url],
      timeoutMs: ANSWER_TIMEOUT_MS,
    });
    const look = async () =>
      checkEngine({
        members: [{
          ...await memberCondition(client, signal),
          ...{ url, trouble: undefined },
        }],
        ...{ trouble: undefined, hasLogin: true, otherSettings: [] },
        keptBeatsMs: undefined,
      }).map(({ state, finding }) => `${state}: ${finding}`);
    deepStrictEqual(await look(), [`warn: ${url}: it takes 1 MiB only`]);
    const values = new EtcdValues(client, PREFIX);
    const piece = new Uint8Array(SMALL_BYTES / 2);
    await rejects(async () => {
      while (true) await values.put("piece", piece, signal);
    }, NoLogError);
    deepStrictEqual(await look(), [
      `fail: ${url}: etcd is full, and takes nothing`,
    ]);
  },
);
