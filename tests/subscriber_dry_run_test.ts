import { deepStrictEqual } from "node:assert/strict";
import { Subscriber } from "../lib/subscriber.ts";
import { host } from "./support/core_values.ts";
import { ManualClock, settled } from "./support/manual_clock.ts";
import { MemoryAction } from "./support/memory_action.ts";
import { MemoryLog } from "./support/memory_log.ts";
import { frames, MemorySocket } from "./support/memory_socket.ts";

Deno.test("Subscriber on a dry run says what it would act on, and does not act", async () => {
  const broadcasts = new MemorySocket();
  const log = new MemoryLog();
  const actions = [new MemoryAction("log"), new MemoryAction("script")];
  const subscriber = new Subscriber({
    broadcasts,
    actions,
    clock: new ManualClock(),
    log,
    hostName: host("web-1"),
    protection: () => ({ minPrefix4Bits: 24, minPrefix6Bits: 48 }),
    dryRun: true,
  });
  const stop = new AbortController();
  const running = subscriber.run(stop.signal);
  broadcasts.give(frames("web-2|sshd|Ban|192.0.2.1"));
  broadcasts.give(frames("web-2|sshd|Unban|192.0.2.1"));
  broadcasts.give(frames("web-1|sshd|Ban|192.0.2.2"));
  await settled();
  stop.abort();
  await running;
  const fields = {
    node: "web-2",
    jail: "sshd",
    address: "192.0.2.1",
    actions: "log,script",
  };
  deepStrictEqual(log.records, [
    { severity: "notice", event: "would act on ban", fields },
    { severity: "notice", event: "would act on unban", fields },
    {
      severity: "debug",
      event: "own report heard",
      fields: { jail: "sshd", address: "192.0.2.2" },
    },
  ]);
  deepStrictEqual(actions.map(({ calls }) => calls), [[], []]);
  const { received, taken, own } = subscriber.counters;
  deepStrictEqual({ received, taken, own }, {
    received: 3,
    taken: 0,
    own: 1,
  });
});
