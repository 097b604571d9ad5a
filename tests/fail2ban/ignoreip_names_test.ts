import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import type { Address } from "../../lib/base/address.ts";
import { RuntimeError } from "../../lib/base/errors.ts";
import type { HostResolver } from "../../lib/protection/ports.ts";
import { IgnoreipNames } from "../../lib/fail2ban/ignoreip_names.ts";
import { address } from "../support/values/core_values.ts";
import { ManualClock, settled } from "../support/memory/manual_clock.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";

const SIGNAL = new AbortController().signal;

/** A resolver that answers what a test says, or not at all. */
class Resolver implements HostResolver {
  readonly asked: string[] = [];
  answers: Record<string, string | undefined> = {};
  isSilent = false;

  async resolve(name: string, signal: AbortSignal): Promise<Address[]> {
    this.asked.push(name);
    if (this.isSilent) {
      await new Promise((_, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason))
      );
    }
    const answer = this.answers[name];
    if (answer === undefined) throw new RuntimeError(`no ${name}`);
    return [address(answer)];
  }
}

function parts() {
  const [clock, log, resolver] = [
    new ManualClock(),
    new MemoryLog(),
    new Resolver(),
  ];
  const names = new IgnoreipNames({ resolver, clock, log });
  const addresses = async (...entries: string[]) => {
    const networks = await names.networksOf(entries, SIGNAL);
    return networks.map(({ network }) => network);
  };
  return { clock, log, resolver, names, addresses };
}

Deno.test("IgnoreipNames gives the addresses of names, and asks again after five minutes", async () => {
  const { clock, resolver, addresses } = parts();
  resolver.answers = { "office.example": "192.0.2.1", localhost: "127.0.0.1" };
  deepStrictEqual(await addresses("office.example", "localhost"), [
    "192.0.2.1",
    "127.0.0.1",
  ]);
  resolver.answers["office.example"] = "192.0.2.2";
  await clock.advance(299_000);
  deepStrictEqual(await addresses("office.example"), ["192.0.2.1"]);
  await clock.advance(1_000);
  deepStrictEqual(await addresses("office.example"), ["192.0.2.2"]);
  deepStrictEqual(resolver.asked, [
    "office.example",
    "localhost",
    "office.example",
  ]);
});

Deno.test("IgnoreipNames stays with the last answer when there is none, says so once, and asks again soon", async () => {
  const { clock, log, resolver, addresses } = parts();
  resolver.answers = { "a.example": "192.0.2.1" };
  await addresses("a.example");
  resolver.answers = {};
  await clock.advance(300_000);
  for (let round = 0; round < 3; round++) {
    deepStrictEqual(await addresses("a.example", "b.example"), ["192.0.2.1"]);
    await clock.advance(30_000);
  }
  deepStrictEqual(log.records.map(({ fields }) => fields), [
    { name: "a.example", reason: "no a.example", stillProtected: "192.0.2.1" },
    { name: "b.example", reason: "no b.example", stillProtected: "nothing" },
  ]);
  resolver.answers = { "a.example": "192.0.2.9" };
  deepStrictEqual(await addresses("a.example"), ["192.0.2.9"]);
});

Deno.test("IgnoreipNames waits three seconds for an answer at most", async () => {
  const { clock, log, resolver, names } = parts();
  resolver.isSilent = true;
  const waiting = names.networksOf(["a.example"], SIGNAL);
  await clock.advance(3_000);
  deepStrictEqual(await waiting, []);
  strictEqual(log.records[0]?.fields["reason"], "no answer within 3 s");
  strictEqual(clock.delays, 0);
});

Deno.test("IgnoreipNames ends its wait at once when it is aborted", async () => {
  const { clock, resolver, names } = parts();
  resolver.isSilent = true;
  const stop = new AbortController();
  const waiting = names.networksOf(["a.example"], stop.signal);
  await settled();
  stop.abort(new Error("stopped"));
  await rejects(waiting, /stopped/);
  strictEqual(clock.delays, 0);
});

Deno.test("IgnoreipNames tells once of what is neither an address nor a name", async () => {
  const { log, resolver, addresses } = parts();
  for (let round = 0; round < 3; round++) {
    deepStrictEqual(await addresses("file:/etc/ignored"), []);
  }
  deepStrictEqual(log.records.map(({ fields }) => fields), [
    { entry: "file:/etc/ignored" },
  ]);
  deepStrictEqual(resolver.asked, []);
});
