import { deepStrictEqual } from "node:assert/strict";
import { MemoryAction } from "../support/memory/memory_action.ts";
import { SubscriberBench } from "../support/bench/subscriber_bench.ts";

Deno.test("Subscriber on a dry run says what it would act on, and does not act", async () => {
  const actions = [new MemoryAction("log"), new MemoryAction("script")];
  const bench = new SubscriberBench({ actions, dryRun: true });
  await bench.hear(
    "web-2|sshd|Ban|192.0.2.1",
    "web-2|sshd|Unban|192.0.2.1",
    "Web-1.example.net|sshd|Ban|192.0.2.2",
  );
  bench.stop.abort();
  await bench.running;
  const fields = {
    node: "web-2",
    jail: "sshd",
    address: "192.0.2.1",
    actions: "log,script",
  };
  deepStrictEqual(bench.log.records, [
    { severity: "notice", event: "would act on ban", fields },
    { severity: "notice", event: "would act on unban", fields },
    {
      severity: "debug",
      event: "own report heard",
      fields: { jail: "sshd", address: "192.0.2.2" },
    },
  ]);
  deepStrictEqual(actions.map(({ calls }) => calls), [[], []]);
  const { received, taken, own } = bench.counters;
  deepStrictEqual({ received, taken, own }, {
    received: 3,
    taken: 0,
    own: 1,
  });
});
