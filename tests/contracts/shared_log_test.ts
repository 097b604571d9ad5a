import { ok, rejects } from "node:assert/strict";
import { SystemClock } from "../../lib/async/io/system_clock.ts";
import { EtcdClient } from "../../lib/engine/io/etcd_client.ts";
import { EtcdLog } from "../../lib/engine/etcd_log.ts";
import { NoLogError } from "../../lib/engine/shared_log.ts";
import {
  ANSWER_TIMEOUT_MS,
  EtcdServers,
} from "../support/engine/etcd_servers.ts";
import { testWith } from "../support/host/real_parts.ts";
import {
  MemoryLogServer,
  MemorySharedLog,
} from "../support/memory/memory_shared_log.ts";
import { waitUntil } from "../support/host/wait_until.ts";
import { SHARED_LOG_BEHAVIOURS } from "./shared_log_contract.ts";

for (const [behaviour, show] of Object.entries(SHARED_LOG_BEHAVIOURS)) {
  Deno.test(`MemorySharedLog ${behaviour}`, async () => {
    const server = new MemoryLogServer();
    const [one, two] = [
      new MemorySharedLog(server),
      new MemorySharedLog(server),
    ];
    await show({ one, two });
  });
}

const clock = new SystemClock();
testWith(
  "etcd",
  "EtcdLog, over three members, does the same, goes on without one of them, and says so without two",
  async (t) => {
    await using servers = await EtcdServers.start(3);
    const { urls } = servers;
    using first = new EtcdClient({
      clock,
      urls,
      timeoutMs: ANSWER_TIMEOUT_MS,
    });
    using second = new EtcdClient({
      clock,
      urls: urls.toReversed(),
      timeoutMs: ANSWER_TIMEOUT_MS,
    });
    const behaviours = Object.entries(SHARED_LOG_BEHAVIOURS);
    for (const [at, [behaviour, show]] of behaviours.entries()) {
      const prefix = `/fail2ban-cluster/${at}/`;
      await t.step(behaviour, async () => {
        const one = new EtcdLog(first, prefix);
        await show({ one, two: new EtcdLog(second, prefix) });
      });
    }
    const { signal } = new AbortController();
    // Without two members none answers: nothing to be waited for.
    using hasty = new EtcdClient({ clock, urls });
    const log = new EtcdLog(hasty, "/fail2ban-cluster/0/");
    const leader = await servers.leader();
    await servers.kill(leader);
    const view = await waitUntil(
      () => log.look(signal).catch(() => undefined),
      {
        what: "an answer of two members",
        timeoutMs: 15_000,
      },
    );
    ok(view);
    await servers.kill((leader + 1) % 3);
    await rejects(log.look(signal), NoLogError);
    await rejects(
      log.take({ term: 9, holder: "hub" }, view.versions, signal),
      NoLogError,
    );
  },
);
