import { deepStrictEqual, ok } from "node:assert/strict";
import { report } from "../../support/bench/tally.ts";
import {
  reportLimitMs,
  SteadyMember,
} from "../../support/cluster/steady_member.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";
import { ProcessorShare } from "../../support/host/processor_share.ts";
import { forgetPeak, processUsage } from "../../support/host/process_usage.ts";
import { freePort } from "../../support/host/test_ports.ts";
import { fillStore } from "../../support/store/filled_store.ts";

const BANS = 200_000;
const ASKING_MS = 20_000;
const MIB = 1 << 20;
const LISTS = {
  plain: { format: "plain" },
  joined: { format: "nft", aggregate: "true" },
  router: { format: "mikrotik" },
};

/** Fetches lists again and again, as curl does. @returns How many, and the least that one had. */
async function fetching(url: string, name: string, ...args: readonly string[]) {
  const endMs = performance.now() + ASKING_MS;
  let [count, least] = [0, Infinity];
  let longestMs = 0;
  while (performance.now() < endMs) {
    const startMs = performance.now();
    const { stdout } = await new Deno.Command("curl", {
      args: ["-sSf", "-w", "%{size_download}", "-o", "/dev/null", ...args]
        .concat(`${url}/list/${name}`),
    }).output();
    count++;
    least = Math.min(least, Number(new TextDecoder().decode(stdout)));
    longestMs = Math.max(longestMs, performance.now() - startMs);
  }
  return { count, least, longestMs: Math.round(longestMs) };
}

Deno.test("lists of 200,000 bans are fetched again and again while bans change: no report waits for them, and the publisher holds little", async () => {
  await using cluster = await TestCluster.create({ protocol: 2 });
  const url = `http://127.0.0.1:${freePort()}`;
  await cluster.addHost("hub", {
    publisher: { httpbindurl: url },
    ...Object.fromEntries(
      Object.entries(LISTS).map(([name, rules]) => [`list:${name}`, rules]),
    ),
  });
  await fillStore(cluster.stateDir("hub"), { bans: BANS, nodes: [] });
  const reporting = cluster.members.add("steady");
  const publisher = await cluster.start("publisher", "hub");
  await using steady = await SteadyMember.begin(reporting);
  await forgetPeak(publisher.pid);
  const before = (await processUsage(publisher.pid)).residentBytes;
  const share = await ProcessorShare.of(publisher.pid);
  const { result, latency, bareP99Ms } = await steady.during(() =>
    Promise.all([
      fetching(url, "plain"),
      fetching(url, "plain", "--compressed"),
      fetching(url, "joined"),
      fetching(url, "router"),
    ])
  );
  const limitMs = reportLimitMs(await share.times(), bareP99Ms);
  const { peakBytes } = await processUsage(publisher.pid);
  const figures = await cluster.figures("publisher", "hub");
  const grownMib = Math.round((peakBytes - before) / MIB);
  report("4 fetch lists of 200,000", {
    ...latency,
    limitMs,
    bareP99Ms,
    grownMib,
    made: Number(figures["lists.made"]),
    ...Object.fromEntries(
      result.flatMap(({ count, longestMs, least }, at) => [
        [`fetched${at}`, count],
        [`longestMs${at}`, longestMs],
        [`bytes${at}`, least],
      ]),
    ),
  });
  ok(latency.p99Ms < limitMs, `p99 ${latency.p99Ms} ms, not ${limitMs}`);
  // No list is shorter than what was there at first.
  ok((result[0]?.least ?? 0) > BANS * "1.2.3.4\n".length);
  // Three lists, what they are made of, and what is garbage by then.
  ok(grownMib <= 512, `${grownMib} MiB more`);
  deepStrictEqual(steady.odd, []);
});
