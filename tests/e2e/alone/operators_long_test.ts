import { deepStrictEqual, ok } from "node:assert/strict";
import { commandSocketPath } from "../../../lib/cli/command_socket.ts";
import {
  OPERATOR_REQUEST,
  type OperatorRequest,
} from "../../../lib/wire/operator_messages.ts";
import { report } from "../../support/bench/tally.ts";
import { ZmqBench } from "../../support/bench/zmq_bench.ts";
import { RawNode } from "../../support/cluster/raw_node.ts";
import { type Latency, SteadyNode } from "../../support/cluster/steady_node.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";
import { BusyProcessors } from "../../support/host/busy_processors.ts";
import { ChildProcess } from "../../support/host/child_process.ts";
import { SLOWNESS } from "../../support/host/deadline.ts";
import { forgetPeak, processUsage } from "../../support/host/process_usage.ts";
import { fillStore } from "../../support/store/filled_store.ts";

const OPERATORS = new URL(
  "../../support/cluster/programs/asking_operators.ts",
  import.meta.url,
);
const BANS = 200_000;
const ASKING = 16;
const NODES = ["node-a", "node-b", "node-c"];
const MIB = 1 << 20;
/** So many times as long as beside loops that do nothing to the publisher. */
const MAX_TIMES = 4;
const ALL: OperatorRequest = {
  kind: "bans",
  filter: {
    jail: null,
    node: null,
    at: null,
    within: null,
    sinceMs: null,
    notEnforced: false,
  },
  sort: null,
  limit: null,
};

/** A publisher with many bans, a member that reports, and nodes that have them in force. */
async function started(cluster: TestCluster, zeromq: ZmqBench) {
  await cluster.addHost("hub");
  await fillStore(cluster.stateDir("hub"), { bans: BANS, nodes: NODES });
  const memberships = NODES.map((name) => cluster.members.add(name));
  const reporting = cluster.members.add("steady");
  const publisher = await cluster.start("publisher", "hub");
  const nodes = new AsyncDisposableStack();
  for (const each of memberships) {
    nodes.use(
      await RawNode.join(zeromq, cluster.controlUrl, each, "subscriber"),
    );
  }
  const steady = nodes.use(
    await SteadyNode.begin(zeromq, cluster.controlUrl, reporting),
  );
  return { publisher, steady, nodes };
}

/** Several operators who ask at once, in a process of their own. */
async function asked(path: string, request: OperatorRequest, count = ASKING) {
  await using child = new ChildProcess({
    command: Deno.execPath(),
    args: [
      ...["run", "-A", OPERATORS.pathname, path, String(count)],
      OPERATOR_REQUEST.encode(request).trimEnd(),
    ],
  });
  await child.ended;
  return JSON.parse(child.stdout.join("\n")) as {
    readonly tookMs: number;
    readonly firstMs: number;
    readonly mebibytes: number;
    readonly ends: readonly string[];
  };
}

/** How long reports take while nobody asks, and every processor is busy. */
async function besideLoops(steady: SteadyNode): Promise<Latency> {
  const { latency } = await steady.during(async () => {
    await using _busy = new BusyProcessors();
    await new Promise((resolve) => setTimeout(resolve, 10_000));
  });
  report("nobody asks, every processor busy", latency);
  return latency;
}

Deno.test("200,000 bans are listed to 16 operators at once: no report waits for them; the publisher holds little of what one asks for", async () => {
  await using cluster = await TestCluster.create({ protocol: 2 });
  await using zeromq = new ZmqBench(600_000);
  const { publisher, steady, nodes } = await started(cluster, zeromq);
  await using _nodes = nodes;
  const path = commandSocketPath(`${cluster.dir}/hub/publisher.pid`);
  const grownSince = async (bytes: number) => {
    const { peakBytes } = await processUsage(publisher.pid);
    return Math.round((peakBytes - bytes) / MIB);
  };
  // One that reads all receipts first: neither what the program's own code
  // takes nor the store's cache, which has a bound of its own, is the answers'.
  const filter = { ...ALL.filter, notEnforced: true };
  await asked(path, { ...ALL, filter, limit: 50, sort: "since" }, 1);
  const usualBefore = await besideLoops(steady);
  await forgetPeak(publisher.pid);
  const before = (await processUsage(publisher.pid)).residentBytes;
  const one = await asked(path, ALL, 1);
  const grownMib = await grownSince(before);
  report("one asks for 200,000", {
    grownMib,
    seconds: Math.round(one.tookMs / 1_000),
    firstMs: Math.round(one.firstMs),
  });
  const { result, latency } = await steady.during(() => asked(path, ALL));
  const { tookMs, firstMs, mebibytes } = result;
  report("16 ask for 200,000", {
    ...latency,
    grownMib: await grownSince(before),
    seconds: Math.round(tookMs / 1_000),
    firstMs: Math.round(firstMs),
    mebibytes: Math.round(mebibytes),
  });
  const usualAfter = await besideLoops(steady);
  const usualMs = (usualBefore.p99Ms + usualAfter.p99Ms) / 2;
  for (const end of result.ends) ok(Number(end) >= BANS, end);
  const limitMs = Math.max(50, MAX_TIMES * usualMs);
  ok(latency.p99Ms < limitMs, `p99 ${latency.p99Ms} ms, not ${limitMs}`);
  ok(firstMs < 300 * SLOWNESS, `first line after ${firstMs} ms`);
  ok(grownMib <= 50, `${grownMib} MiB more`);
  deepStrictEqual(steady.odd, []);
});

Deno.test("status counts 200,000 bans at each node, and no report waits for it", async () => {
  await using cluster = await TestCluster.create({ protocol: 2 });
  await using zeromq = new ZmqBench(600_000);
  const { steady, nodes } = await started(cluster, zeromq);
  await using _nodes = nodes;
  const path = commandSocketPath(`${cluster.dir}/hub/publisher.pid`);
  const one = await asked(path, { kind: "status" }, 1);
  report("one asks for status", { ms: Math.round(one.tookMs) });
  const usual = await besideLoops(steady);
  const { result, latency } = await steady.during(() =>
    asked(path, { kind: "status" }, 4)
  );
  report("4 ask for status", { ...latency, ms: Math.round(result.tookMs) });
  const limitMs = Math.max(50, MAX_TIMES * usual.p99Ms);
  ok(latency.p99Ms < limitMs, `p99 ${latency.p99Ms} ms, not ${limitMs}`);
  deepStrictEqual(steady.odd, []);
});
