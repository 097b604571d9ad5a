import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { ActionQueue } from "../../lib/subscriber/action_queue.ts";
import { LogAction } from "../../lib/subscriber/log_action.ts";
import { NetworkSet } from "../../lib/base/network_set.ts";
import type { OutputLine } from "../../lib/log/line_sink.ts";
import { ActionBench } from "../support/bench/action_bench.ts";
import { address, banEvent } from "../support/values/core_values.ts";
import { settled } from "../support/memory/manual_clock.ts";

/** A host that writes lines and enforces bans, as a subscriber's program joins them. */
class Host extends ActionBench {
  readonly lines: OutputLine[] = [];
  readonly queue: ActionQueue;

  constructor() {
    super();
    const { clock, log, protection } = this;
    const sink = {
      write: (line: OutputLine) => void this.lines.push(line),
      flush: () => Promise.resolve(),
    };
    const logAction = new LogAction({ sink, clock, protection });
    const actions = [logAction, this.action];
    this.queue = new ActionQueue({ actions, clock, log });
  }

  /** Puts updates of web-2's jail nginx into the queue, as in `Ban ::1`. */
  async hear(...texts: readonly string[]): Promise<void> {
    const updates = texts.map((text) =>
      banEvent(`web-2|nginx|${text.replace(" ", "|")}`)
    );
    const stop = new AbortController();
    await this.queue.runWith(stop.signal, [
      (signal) => this.queue.put(updates, signal),
    ]);
    await settled();
  }

  /** What was written, as in `Ban|::1`. */
  get written(): string[] {
    return this.lines.map(({ text }) => text.split("|").slice(2).join("|"));
  }

  /** The log's refusals. */
  get refusals() {
    return this.log.records.filter(({ event }) =>
      event === "refused a protected address"
    );
  }

  /** The receipts, as in `log 192.0.2.1 refused loopback`. */
  get receiptTexts(): string[] {
    return this.receipts.map(({ action, address, outcome, detail }) =>
      `${action} ${address} ${outcome} ${detail}`.trim()
    );
  }
}

Deno.test("a subscriber refuses a protected address with one line, and one receipt for each action, and lets it be unbanned", async () => {
  await using host = new Host();
  await host.start();
  await host.hear("Ban 127.0.0.1", "Unban 127.0.0.1", "Ban 192.0.2.1");
  deepStrictEqual(host.refusals, [{
    severity: "warning",
    event: "refused a protected address",
    fields: {
      node: "web-2",
      address: "127.0.0.1",
      rule: "loopback",
      because: "127.0.0.0/8",
    },
  }]);
  deepStrictEqual(host.receiptTexts, [
    "log 127.0.0.1 refused loopback: 127.0.0.0/8",
    "memory 127.0.0.1 refused loopback: 127.0.0.0/8",
    "memory 192.0.2.1 applied",
  ]);
  deepStrictEqual(host.written, ["Unban|127.0.0.1", "Ban|192.0.2.1"]);
  host.holds(1);
  strictEqual(host.protection.counters.refused, 1);
  strictEqual(host.action.counters.protected, 1);
});

Deno.test("a subscriber refuses by the rules that hold when its actions are given a ban, and tells of each ban that it refuses", async () => {
  await using host = new Host();
  await host.start();
  const network = address("192.0.2.1");
  await host.hear("Ban 192.0.2.1");
  host.policy = {
    ...host.policy,
    guarded: [{
      rule: "ignoreip",
      networks: new NetworkSet([{ network, label: network }]),
    }],
  };
  await host.hear("Ban 192.0.2.1");
  await host.hear("Ban 192.0.2.1");
  deepStrictEqual(host.written, ["Ban|192.0.2.1"]);
  strictEqual(host.refusals.length, 2);
  deepStrictEqual(host.receiptTexts, [
    "memory 192.0.2.1 applied",
    "log 192.0.2.1 refused ignoreip: 192.0.2.1",
    "memory 192.0.2.1 refused ignoreip: 192.0.2.1",
    "log 192.0.2.1 refused ignoreip: 192.0.2.1",
    "memory 192.0.2.1 refused ignoreip: 192.0.2.1",
  ]);
});
