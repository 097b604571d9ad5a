import { ok, strictEqual } from "node:assert/strict";
import {
  banStorePath,
  SqliteBanStore,
} from "../../../lib/store/io/sqlite_ban_store.ts";
import { aheadOfTime } from "../../support/host/false_clock.ts";
import { SharedMembersCluster } from "../../support/engine/shared_members_cluster.ts";
import { SharedNode } from "../../support/engine/shared_node.ts";
import { testWith } from "../../support/host/real_parts.ts";

const DAY_MS = 86_400_000;
/** So far a ban may end before or after its time. */
const OFF_MS = 1_000;

testWith(
  ["etcd", "faketime"],
  "publishers whose hosts' clocks are an hour apart: through two takeovers every ban ends within a second of its time",
  async () => {
    await using shared = await SharedMembersCluster.create();
    await shared.init("hub1");
    await shared.start("hub1");
    await shared.isActive("hub1");
    await shared.join("hub2", "hub1", {}, await aheadOfTime());
    await shared.start("hub2");
    const node = await SharedNode.join(shared, "web1", "hub1", 2);
    /** When each ban was reported, by this host's clock, which is hub1's. */
    const reported: (readonly [fromMs: number, toMs: number])[] = [];
    const ban = async (hub: string) => {
      const fromMs = Date.now();
      await node.bans(hub, 1);
      reported.push([fromMs, Date.now()]);
    };
    await ban("hub1");
    await shared.hasCopy("hub2", 1);
    await shared.hub("hub1").end("SIGKILL");
    await shared.isActive("hub2");
    await ban("hub2");
    await shared.start("hub1");
    await shared.hasCopy("hub1", 2);
    await shared.hub("hub2").end("SIGKILL");
    await shared.isActive("hub1");
    await ban("hub1");
    strictEqual((await shared.hub("hub1").end("SIGTERM")).code, 0);

    const path = banStorePath(shared.cluster.stateDir("hub1"));
    using store = SqliteBanStore.open({ path, durability: "process" });
    const changes = store.since(0, 9);
    strictEqual(changes.length, reported.length);
    for (const [at, [fromMs, toMs]] of reported.entries()) {
      const change = changes[at];
      const endsMs = change?.kind === "report" ? change.expiresMs - DAY_MS : 0;
      const isNear = fromMs - OFF_MS <= endsMs && endsMs <= toMs + OFF_MS;
      ok(isNear, `ban ${at + 1}: ${endsMs - fromMs} ms, ${toMs - fromMs}`);
    }
  },
);
