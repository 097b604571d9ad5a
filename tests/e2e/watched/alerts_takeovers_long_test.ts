import { strictEqual } from "node:assert/strict";
import {
  scrape,
  tryAlerts,
  type Watched,
} from "../../support/cluster/alert_rules.ts";
import { SharedMembersCluster } from "../../support/engine/shared_members_cluster.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { freePorts } from "../../support/host/test_ports.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

const TERM = "f2bc_publisher_term";
/** More than these in a quarter of an hour are too many. */
const TOLERATED = 3;

testWith(
  ["etcd", "promtool"],
  "publishers that take over from each other again and again fire their alert, and not before",
  async () => {
    await using shared = await SharedMembersCluster.create();
    const [first, second] = freePorts(2).map((port) =>
      `http://127.0.0.1:${port}`
    );
    const urls = new Map([["hub1", first ?? ""], ["hub2", second ?? ""]]);
    await shared.init("hub1", { httpbindurl: urls.get("hub1") ?? "" });
    await shared.start("hub1");
    await shared.isActive("hub1");
    await shared.join("hub2", "hub1", { httpbindurl: urls.get("hub2") ?? "" });
    await shared.start("hub2");
    /** What a publisher tells once it is active. */
    const watch = async (hub: string): Promise<Watched> => {
      await shared.isActive(hub);
      const now = await waitUntil(async () => {
        const now = await scrape(urls.get(hub) ?? "");
        return now.values?.has(TERM) ? now : undefined;
      }, { what: `metrics of ${hub}`, timeoutMs: 20_000, intervalMs: 50 });
      return { instance: hub, first: now, second: now };
    };
    let [active, other] = ["hub1", "hub2"];
    const begun = await watch(active);
    // On a slow machine there may be takeovers that nobody asked for: the terms tell.
    const takeovers = ({ second }: Watched) =>
      (second.values?.get(TERM) ?? NaN) -
      (begun.second.values?.get(TERM) ?? NaN);
    let [most, last] = [begun, begun];
    while (takeovers(last) <= TOLERATED) {
      await shared.hub(active).end();
      [most, last] = [last, await watch(other)];
      await shared.start(active);
      [active, other] = [other, active];
    }
    const cases = [[undefined, most], ["F2bcTakeovers", last]] as const;
    strictEqual(
      await tryAlerts(cases.map(([alert, now]) => ({
        ...{ alert, minutes: 2 },
        watched: [{ ...begun, instance: "before" }, now],
      }))),
      "",
    );
  },
);
