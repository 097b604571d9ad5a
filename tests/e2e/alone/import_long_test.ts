import { deepStrictEqual, match, ok } from "node:assert/strict";
import { operate } from "../../support/cluster/operator.ts";
import { report } from "../../support/bench/tally.ts";
import {
  reportLimitMs,
  SteadyMember,
} from "../../support/cluster/steady_member.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";
import { ProcessorShare } from "../../support/host/processor_share.ts";
import { netset } from "../../support/values/published_lists.ts";

const ENTRIES = 100_000;

Deno.test("100,000 lines are imported, imported again and removed: no report waits for it", async () => {
  await using cluster = await TestCluster.create({ protocol: 2 });
  await cluster.addHost("hub");
  const reporting = cluster.members.add("steady");
  const publisher = await cluster.start("publisher", "hub");
  await using steady = await SteadyMember.begin(reporting);
  const path = `${cluster.dir}/big.netset`;
  await Deno.writeTextFile(path, netset(ENTRIES));
  const steps = [
    [
      `import ${path} --name big --for 1d`,
      /^big: 100,000 entries; 100,000 new$/m,
    ],
    [
      `import ${path} --name big --for 1d`,
      /^big: 100,000 entries; 100,000 stand$/m,
    ],
    ["import --remove big", /^big: 100,000 gone$/m],
  ] as const;
  for (const [words, expected] of steps) {
    const startMs = performance.now();
    const share = await ProcessorShare.of(publisher.pid);
    const { result, latency, bareP99Ms } = await steady.during(() =>
      operate(cluster, words)
    );
    const limitMs = reportLimitMs(await share.times(), bareP99Ms);
    match(result, expected);
    const seconds = Math.round((performance.now() - startMs) / 100) / 10;
    const what = words.replace(path, "FILE");
    report(what, { ...latency, limitMs, bareP99Ms, seconds });
    ok(latency.p99Ms < limitMs, `${what}: p99 ${latency.p99Ms} ms`);
  }
  deepStrictEqual(steady.odd, []);
});
