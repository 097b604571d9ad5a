import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { SystemClock } from "../../lib/async/io/system_clock.ts";
import { EtcdClient } from "../../lib/engine/io/etcd_client.ts";
import { EtcdValues } from "../../lib/engine/etcd_values.ts";
import { NoLogError } from "../../lib/engine/shared_log.ts";
import type { SharedValues } from "../../lib/engine/shared_values.ts";
import {
  ANSWER_TIMEOUT_MS,
  EtcdServers,
} from "../support/engine/etcd_servers.ts";
import { testWith } from "../support/host/real_parts.ts";
import {
  MemorySharedValues,
  MemoryValuesServer,
} from "../support/memory/memory_shared_values.ts";

interface TwoWays {
  readonly one: SharedValues;
  readonly two: SharedValues;
}

const { signal } = new AbortController();
// All bytes there are, so that none is changed on the way.
const BYTES = Uint8Array.from({ length: 256 }, (_, at) => at);
const OTHERS = BYTES.toReversed();

/** What all shared values do, in memory and real. */
const BEHAVIOURS: Readonly<Record<string, (ways: TwoWays) => Promise<void>>> = {
  "are none at first, and then what was written": async ({ one, two }) => {
    const none = { version: 0, bytes: undefined };
    deepStrictEqual(await one.read("members", undefined, signal), none);
    strictEqual(await one.read("members", 0, signal), undefined);
    strictEqual(await one.write("members", BYTES, 0, signal), true);
    const value = await two.read("members", 0, signal);
    ok(value && value.version > 0);
    deepStrictEqual(value.bytes, BYTES);
    strictEqual(await one.read("members", value.version, signal), undefined);
    deepStrictEqual(await one.read("members", undefined, signal), value);
    deepStrictEqual(await one.read("others", undefined, signal), none);
  },
  "are put whatever they are, listed by how their names begin, and removed":
    async ({ one, two }) => {
      await one.put("publishers/hub1", BYTES, signal);
      await one.put("publishers/hub2", BYTES, signal);
      await one.put("publisher", BYTES, signal);
      const before = await two.all("publishers/", signal);
      deepStrictEqual([...before.keys()].toSorted(), ["hub1", "hub2"]);
      await two.put("publishers/hub2", OTHERS, signal);
      await two.remove("publishers/hub1", signal);
      const after = await one.all("publishers/", signal);
      deepStrictEqual([...after.keys()], ["hub2"]);
      deepStrictEqual(after.get("hub2")?.bytes, OTHERS);
      ok(
        (after.get("hub2")?.version ?? 0) > (before.get("hub2")?.version ?? 0),
      );
    },
  "refuse who has not seen the last write": async ({ one, two }) => {
    await one.write("members", BYTES, 0, signal);
    strictEqual(await two.write("members", OTHERS, 0, signal), false);
    const first = await two.read("members", 0, signal);
    deepStrictEqual(first?.bytes, BYTES);
    const seen = first?.version ?? 0;
    strictEqual(await two.write("members", OTHERS, seen, signal), true);
    strictEqual(await one.write("members", BYTES, seen, signal), false);
    const last = await one.read("members", seen, signal);
    deepStrictEqual(last?.bytes, OTHERS);
  },
};

for (const [behaviour, show] of Object.entries(BEHAVIOURS)) {
  Deno.test(`MemorySharedValues ${behaviour}`, async () => {
    const server = new MemoryValuesServer();
    const [one, two] = [
      new MemorySharedValues(server),
      new MemorySharedValues(server),
    ];
    await show({ one, two });
  });
}

testWith(
  "etcd",
  "EtcdValues do the same, and say so when nobody answers",
  async (t) => {
    await using servers = await EtcdServers.start(1);
    const clock = new SystemClock();
    using first = new EtcdClient({
      clock,
      urls: servers.urls,
      timeoutMs: ANSWER_TIMEOUT_MS,
    });
    using second = new EtcdClient({
      clock,
      urls: servers.urls,
      timeoutMs: ANSWER_TIMEOUT_MS,
    });
    for (const [behaviour, show] of Object.entries(BEHAVIOURS)) {
      const prefix = `/fail2ban-cluster/${behaviour}/`;
      await t.step(behaviour, async () => {
        const one = new EtcdValues(first, prefix);
        await show({ one, two: new EtcdValues(second, prefix) });
      });
    }
    await servers.kill(0);
    const values = new EtcdValues(first, "/fail2ban-cluster/");
    await rejects(values.read("members", undefined, signal), NoLogError);
    await rejects(values.write("members", BYTES, 0, signal), NoLogError);
  },
);
