import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { SteadyClock } from "../../lib/async/steady_clock.ts";
import type { BanUpdate } from "../../lib/ban/ban_event.ts";
import { RuntimeError } from "../../lib/base/errors.ts";
import type { ActionReceipt, BanAction } from "../../lib/enforce/enforcer.ts";
import { DrillReceipts } from "../../lib/subscriber/drill_receipts.ts";
import { DRILL_JAIL } from "../../lib/base/operator_name.ts";
import {
  drillObjection,
  FireDrill,
  type LookFor,
} from "../../lib/subscriber/fire_drill.ts";
import { onlyObserving, TAKE_ALL } from "../../lib/choice/receiver_choice.ts";
import { ReceiptQueue } from "../../lib/subscriber/receipt_queue.ts";
import { ManualClock, settled } from "../support/memory/manual_clock.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";
import { address, host, jail } from "../support/values/core_values.ts";

const WHOM = address("192.0.2.1");
const ORDER = { address: WHOM, holdMs: 5_000 };

/** A host with one action, which does as it is told and says so. */
class Host implements BanAction {
  readonly name = "nftables";
  readonly clock = new ManualClock();
  readonly steady = new SteadyClock(this.clock);
  readonly queue = new ReceiptQueue();
  readonly receipts = new DrillReceipts(this.queue);
  readonly updates: BanUpdate[] = [];
  inForce = false;
  /** What it says to a ban instead of doing it. */
  refusal: Pick<ActionReceipt, "outcome" | "detail"> | undefined;
  /** Whether it does what it says. */
  isHonest = true;
  isLifting = true;
  look: LookFor | undefined = () => Promise.resolve(this.inForce);
  readonly stop = new AbortController();

  act(updates: readonly BanUpdate[]): Promise<void> {
    for (const update of updates) {
      this.updates.push(update);
      if (update.kind === "ban") this.#ban();
      else this.#lift();
    }
    return Promise.resolve();
  }

  drill(): FireDrill {
    const { steady: clock, receipts, look } = this;
    return new FireDrill({
      ...{ receipts, clock, log: new MemoryLog(), noTargets: "none" },
      targets: [{ action: this, look }],
    });
  }

  say(outcome: ActionReceipt["outcome"], detail = ""): void {
    this.receipts.add({
      ...{ jail: DRILL_JAIL, address: WHOM, action: this.name },
      ...{ outcome, detail, atMs: this.steady.nowMs() },
    });
  }

  #ban(): void {
    if (this.refusal !== undefined) {
      return this.say(this.refusal.outcome, this.refusal.detail);
    }
    this.inForce = this.isHonest;
    this.say("applied");
  }

  #lift(): void {
    if (!this.isLifting) return this.say("failed", "nft failed");
    if (this.inForce) this.say("lifted");
    this.inForce = false;
  }
}

/** What a drill comes to, as time goes by. */
async function outcomeOf(host: Host): Promise<string> {
  const drilling = host.drill().run(ORDER, host.stop.signal);
  await host.clock.advance(30_000);
  const { actions: [action], detail } = await drilling;
  return action === undefined
    ? detail
    : `${action.name} ${action.outcome} ${action.isSeen} ${action.detail}`
      .trimEnd();
}

Deno.test("FireDrill bans for as long as it is told, with an end of the ban's own, and lifts", async () => {
  const host = new Host();
  const drilling = host.drill().run(ORDER, host.stop.signal);
  await settled();
  const [ban] = host.updates;
  strictEqual(ban?.jail, DRILL_JAIL);
  strictEqual((ban?.expiresMs ?? 0) - host.steady.nowMs(), 10_000);
  await host.clock.advance(4_999);
  strictEqual(host.inForce, true);
  await host.clock.advance(1);
  deepStrictEqual(await drilling, {
    actions: [{
      ...{ name: "nftables", outcome: "restored", isSeen: true },
      ...{ tookMs: 0, detail: "" },
    }],
    detail: "",
  });
  strictEqual(host.inForce, false);
  deepStrictEqual(host.updates.map(({ kind }) => kind), ["ban", "unban"]);
  // The publisher has no such ban, and hears nothing of it.
  strictEqual(host.queue.size, 0);
});

Deno.test("FireDrill says what does not go well, and leaves what is not its own", async () => {
  const cases: readonly (readonly [(host: Host) => void, string, number])[] = [
    [
      (host) => {
        host.look = undefined;
      },
      "nftables restored false",
      2,
    ],
    [
      (host) => {
        host.inForce = true;
      },
      "nftables standing true",
      0,
    ],
    [
      (host) => {
        host.refusal = { outcome: "refused", detail: "ignoreip: 192.0.2.0/24" };
      },
      "nftables refused true ignoreip: 192.0.2.0/24",
      2,
    ],
    [
      (host) => {
        host.refusal = { outcome: "failed", detail: "nft failed" };
      },
      "nftables failed true nft failed",
      2,
    ],
    [
      (host) => {
        host.isHonest = false;
      },
      "nftables unseen true",
      2,
    ],
    [
      (host) => {
        host.isLifting = false;
      },
      "nftables left true nft failed",
      2,
    ],
    [
      (host) => {
        host.look = () => Promise.reject(new RuntimeError("nft can't be run"));
      },
      "nftables failed true nft can't be run",
      0,
    ],
  ];
  for (const [prepare, expected, updates] of cases) {
    const host = new Host();
    prepare(host);
    strictEqual(await outcomeOf(host), expected);
    strictEqual(host.updates.length, updates, expected);
  }
});

Deno.test("FireDrill lifts at once when it is ended, and takes one order at a time", async () => {
  const host = new Host();
  const drill = host.drill();
  const drilling = drill.run(ORDER, host.stop.signal);
  await settled();
  strictEqual(host.inForce, true);
  const second = await drill.run(ORDER, host.stop.signal);
  deepStrictEqual(second, { actions: [], detail: "a drill is under way" });
  host.stop.abort(new Error("over"));
  await rejects(drilling, /over/);
  strictEqual(host.inForce, false);
  const again = drill.run(ORDER, new AbortController().signal);
  await host.clock.advance(5_000);
  strictEqual((await again).actions[0]?.outcome, "restored");
});

Deno.test("FireDrill says why where nothing keeps bans in force", async () => {
  const { steady: clock, receipts, stop } = new Host();
  const drill = new FireDrill({
    ...{ targets: [], receipts, clock, log: new MemoryLog() },
    noTargets: "it is a dry run",
  });
  deepStrictEqual(await drill.run(ORDER, stop.signal), {
    actions: [],
    detail: "it is a dry run",
  });
});

Deno.test("DrillReceipts hands on what is said of bans", () => {
  const { receipts, queue } = new Host();
  receipts.add({
    ...{ jail: jail("sshd"), address: WHOM, action: "nftables" },
    ...{ outcome: "applied", detail: "", atMs: 0 },
  });
  deepStrictEqual([queue.size, receipts.size], [1, 1]);
});

Deno.test("drillObjection() has a host drill that acts on what operators ban, whatever else it leaves out", () => {
  const objection = (choice: Partial<typeof TAKE_ALL>) =>
    drillObjection({
      hostName: host("web1"),
      choice: { ...TAKE_ALL, ...choice },
    });
  strictEqual(objection({}), undefined);
  strictEqual(
    objection({ takeJails: ["sshd"], takeNodes: ["web2"] }),
    undefined,
  );
  strictEqual(objection({ observeNodes: ["web2"] }), undefined);
  strictEqual(
    objection(onlyObserving(TAKE_ALL)),
    "what operators ban is only observed here",
  );
  strictEqual(
    objection({ ignoreJails: ["operator"] }),
    "what operators ban is left out here",
  );
});
