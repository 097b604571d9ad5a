import { deepStrictEqual, match, ok } from "node:assert/strict";
import { operate } from "../../support/cluster/operator.ts";
import { report } from "../../support/bench/tally.ts";
import { ZmqBench } from "../../support/bench/zmq_bench.ts";
import { type Latency, SteadyNode } from "../../support/cluster/steady_node.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";
import { BusyProcessors } from "../../support/host/busy_processors.ts";
import { netset } from "../../support/values/published_lists.ts";

const ENTRIES = 100_000;
/** So many times as long as beside loops that do nothing to the publisher. */
const MAX_TIMES = 4;

/** How long reports take while nothing is imported, and every processor is busy. */
async function besideLoops(steady: SteadyNode): Promise<Latency> {
  const { latency } = await steady.during(async () => {
    await using _busy = new BusyProcessors();
    await new Promise((resolve) => setTimeout(resolve, 10_000));
  });
  report("nothing is imported, every processor busy", latency);
  return latency;
}

Deno.test("100,000 lines are imported, imported again and removed: no report waits for it", async () => {
  await using cluster = await TestCluster.create({ protocol: 2 });
  await using zeromq = new ZmqBench(600_000);
  await cluster.addHost("hub");
  const reporting = cluster.members.add("steady");
  await cluster.start("publisher", "hub");
  await using steady = await SteadyNode.begin(
    zeromq,
    cluster.controlUrl,
    reporting,
  );
  const path = `${cluster.dir}/big.netset`;
  await Deno.writeTextFile(path, netset(ENTRIES));
  const usualBefore = await besideLoops(steady);
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
  const latencies: Latency[] = [];
  for (const [words, expected] of steps) {
    const startMs = performance.now();
    const { result, latency } = await steady.during(() =>
      operate(cluster, words)
    );
    match(result, expected);
    latencies.push(latency);
    const seconds = Math.round((performance.now() - startMs) / 100) / 10;
    report(words.replace(path, "FILE"), { ...latency, seconds });
  }
  const usualAfter = await besideLoops(steady);
  const usualMs = (usualBefore.p99Ms + usualAfter.p99Ms) / 2;
  const limitMs = Math.max(50, MAX_TIMES * usualMs);
  for (const { p99Ms } of latencies) {
    ok(p99Ms < limitMs, `p99 ${p99Ms} ms, not ${limitMs}`);
  }
  deepStrictEqual(steady.odd, []);
});
