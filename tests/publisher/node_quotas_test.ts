import {
  deepStrictEqual,
  rejects,
  strictEqual,
  throws,
} from "node:assert/strict";
import { TaskSet } from "../../lib/async/task_set.ts";
import { Condition } from "../../lib/async/tasks.ts";
import { BusyError } from "../../lib/ban/ban_hub.ts";
import { RuntimeError } from "../../lib/base/errors.ts";
import {
  DEFAULT_NODE_LIMITS,
  type NodeLimits,
} from "../../lib/members/node_limits.ts";
import {
  NodeQuotas,
  QuarantinedError,
} from "../../lib/publisher/node_quotas.ts";
import { host } from "../support/values/core_values.ts";
import { ManualClock, settled } from "../support/memory/manual_clock.ts";
import { ALL_RIGHTS, member } from "../support/cluster/members.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";
import { MemoryRecords } from "../support/memory/memory_records.ts";

const LIMITS: NodeLimits = {
  maxPerSecond: 10,
  breaker: { count: 3, withinMs: 60_000 },
  maxReports: 1_000,
};
const WEB1 = member("Web1");

class Bench {
  readonly clock = new ManualClock();
  readonly log = new MemoryLog();
  failure: RuntimeError | undefined;
  readonly records = new MemoryRecords(() => this.failure);
  readonly suspended: string[] = [];
  readonly tasks = new TaskSet();

  quotas(limits = LIMITS): NodeQuotas {
    const { clock, log, records, tasks } = this;
    const onSuspend = (node: string) => void this.suspended.push(node);
    return new NodeQuotas({ limits, records, clock, log, tasks, onSuspend });
  }
}

Deno.test("NodeQuotas let a node report 25 seconds' worth at once, and then as fast as its rate; each by itself", async () => {
  const bench = new Bench();
  const quotas = bench.quotas();
  quotas.spendEvents(WEB1, 250);
  throws(() => quotas.spendEvents(WEB1, 1), BusyError);
  quotas.spendEvents(member("web2"), 250);
  await bench.clock.advance(1_000);
  quotas.spendEvents(WEB1, 10);
  throws(() => quotas.spendEvents(WEB1, 1), BusyError);
  deepStrictEqual(quotas.live(WEB1), {
    accepted: 0,
    known: 0,
    refused: 0,
    room: 0,
    maxPerSecond: 10,
    aside: undefined,
  });
});

Deno.test("NodeQuotas go by a rate of the node's own", () => {
  const quotas = new Bench().quotas();
  const fast = member("web1", { rights: { ...ALL_RIGHTS, maxPerSecond: 100 } });
  quotas.spendEvents(fast, 2_500);
  throws(() => quotas.spendEvents(fast, 1), BusyError);
});

Deno.test("NodeQuotas set a node's reports aside after too many bad ones, also after a restart, until it is released", async () => {
  const bench = new Bench();
  const quotas = bench.quotas();
  quotas.noteBad(host("web1"), "refused", 2);
  quotas.spendEvents(WEB1, 1);
  quotas.noteBad(host("WEB1"), "protected");
  throws(() => quotas.spendEvents(WEB1, 1), QuarantinedError);
  quotas.spendEvents(member("web2"), 1);
  strictEqual(quotas.isSuspended(host("web1")), false);
  strictEqual(quotas.quarantined, 1);
  await settled();
  const again = bench.quotas();
  throws(() => again.spendEvents(WEB1, 1), QuarantinedError);
  deepStrictEqual(again.live(WEB1).aside, {
    node: "web1",
    sinceMs: bench.clock.nowMs(),
    reason: "protected",
    count: 3,
  });
  strictEqual(await again.release(host("web1")), true);
  strictEqual(await again.release(host("web1")), false);
  again.spendEvents(WEB1, 1);
  bench.quotas().spendEvents(WEB1, 1);
  deepStrictEqual(
    bench.records.audit(9).map(({ by, action, subject, detail }) => [
      by,
      action,
      subject,
      detail,
    ]),
    [["publisher", "set aside", "WEB1", "protected, 3 bad ones"]],
  );
  const [record] = bench.log.records;
  strictEqual(record?.fields?.["hint"], "fail2ban-cluster node release WEB1");
});

Deno.test("NodeQuotas suspend a node that sends far too many messages, and look into none until it is released", async () => {
  const bench = new Bench();
  const quotas = bench.quotas();
  for (let sent = 0; sent < 20_000; sent++) quotas.takesMessage(WEB1);
  deepStrictEqual(bench.suspended, []);
  strictEqual(quotas.takesMessage(WEB1), false);
  deepStrictEqual(bench.suspended, ["Web1"]);
  strictEqual(quotas.isSuspended(host("WEB1")), true);
  strictEqual(quotas.takesMessage(member("web2")), true);
  await bench.clock.advance(3_600_000);
  strictEqual(quotas.takesMessage(WEB1), false);
  strictEqual(bench.quotas().isSuspended(host("web1")), true);
  await quotas.release(host("web1"));
  strictEqual(quotas.isSuspended(host("web1")), false);
  strictEqual(quotas.takesMessage(WEB1), true);
  strictEqual(bench.suspended.length, 1);
});

Deno.test("NodeQuotas have room for what a copy asks for, and for a message for each event of a fast node", () => {
  const quotas = new Bench().quotas(DEFAULT_NODE_LIMITS);
  for (let part = 0; part < 1_000; part++) {
    strictEqual(quotas.takesMessage(WEB1, 10), true);
  }
  const rights = { ...ALL_RIGHTS, maxPerSecond: 2_000 };
  const fast = member("fast", { rights });
  for (let sent = 0; sent < 25 * 2_000; sent++) {
    strictEqual(quotas.takesMessage(fast), true);
  }
});

Deno.test("NodeQuotas keep to it that a node is set aside where that can't be kept, and say so", async () => {
  const bench = new Bench();
  const quotas = bench.quotas();
  bench.failure = new RuntimeError("disk full", { hint: "" });
  quotas.noteBad(host("web1"), "refused", 3);
  await settled();
  throws(() => quotas.spendEvents(WEB1, 1), QuarantinedError);
  deepStrictEqual(bench.log.events, [
    "reports of a node are set aside",
    "that a node is set aside can't be kept",
  ]);
  bench.failure = undefined;
  strictEqual(await quotas.release(host("web1")), true);
});

Deno.test("NodeQuotas leave a bug in keeping who is set aside to whoever runs their tasks", async () => {
  const bench = new Bench();
  const quotas = bench.quotas();
  const bug = new TypeError("a bug");
  bench.records.keepQuarantine = () => Promise.reject(bug);
  quotas.noteBad(host("web1"), "refused", 3);
  await rejects(
    bench.tasks.run(
      new AbortController().signal,
      (signal) => new Condition().wait(signal),
    ),
    bug,
  );
  throws(() => quotas.spendEvents(WEB1, 1), QuarantinedError);
});
