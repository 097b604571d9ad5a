/**
 * What every shared log does, in memory and real.
 *
 * @module
 */

import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import type { Epoch } from "../../lib/base/ids.ts";
import type {
  LogBase,
  LogView,
  SharedLog,
  SharedRecord,
} from "../../lib/engine/shared_log.ts";
import { waitUntil } from "../support/host/wait_until.ts";

/** Two publishers' ways to one log that nobody has begun. */
export interface TwoWays {
  readonly one: SharedLog;
  readonly two: SharedLog;
}

const BASE: LogBase = {
  epoch: "00112233445566778899aabbccddeeff" as Epoch,
  id: "base",
  seq: 7,
};
const { signal } = new AbortController();

function record(index: number, previous: string, id = `r${index}`) {
  // All bytes there are, so that none is changed on the way.
  const step = Uint8Array.from({ length: 256 }, (_, at) => (at + index) % 256);
  return { index, id, previous, step } satisfies SharedRecord;
}

async function begun(log: SharedLog): Promise<LogView> {
  strictEqual(await log.begin(BASE, signal), true);
  const view = await log.look(signal);
  ok(view);
  return view;
}

/** What every shared log does. */
export const SHARED_LOG_BEHAVIOURS: Readonly<
  Record<string, (ways: TwoWays) => Promise<void>>
> = {
  "is begun once, by whoever is first": async ({ one, two }) => {
    strictEqual(await one.look(signal), undefined);
    const view = await begun(one);
    strictEqual(await two.begin({ ...BASE, id: "other" }, signal), false);
    deepStrictEqual(await two.look(signal), view);
    const { base, head, lead, beat } = view;
    deepStrictEqual(
      { base, head, lead, beat },
      {
        base: BASE,
        head: { index: 0, id: "base" },
        lead: { term: 0, holder: undefined },
        beat: undefined,
      },
    );
    deepStrictEqual(await one.read(0, 10, signal), []);
  },
  "appends one record after the other, and gives them in pages": async (
    { one, two },
  ) => {
    let { versions: seen } = await begun(one) as {
      versions: { head: number; lead: number };
    };
    const records = [record(1, "base"), record(2, "r1"), record(3, "r2")];
    for (const each of records) {
      const outcome = await one.append(each, seen, signal);
      ok(outcome.isWritten);
      ({ versions: seen } = outcome);
    }
    deepStrictEqual(await two.read(0, 10, signal), records);
    deepStrictEqual(await two.read(1, 1, signal), records.slice(1, 2));
    const view = await two.look(signal);
    deepStrictEqual(view?.head, { index: 3, id: "r3" });
    deepStrictEqual(
      [view?.versions.head, view?.versions.lead],
      [seen.head, seen.lead],
    );
  },
  "refuses who has not seen the last record": async ({ one, two }) => {
    const { versions } = await begun(one);
    ok((await one.append(record(1, "base"), versions, signal)).isWritten);
    const late = await two.append(
      record(1, "base", "late"),
      versions,
      signal,
    );
    ok(!late.isWritten);
    deepStrictEqual(late.view, await one.look(signal));
    deepStrictEqual(late.view.head, { index: 1, id: "r1" });
    const again = record(2, "r1");
    ok((await two.append(again, late.view.versions, signal)).isWritten);
  },
  "refuses who is not the active one any more, whatever it has seen of the head":
    async ({ one, two }) => {
      const { versions } = await begun(one);
      const taken = await two.take(
        { term: 1, holder: "hub2" },
        versions,
        signal,
      );
      ok(taken.isWritten);
      const late = await one.append(record(1, "base"), versions, signal);
      ok(!late.isWritten);
      deepStrictEqual(late.view.lead, { term: 1, holder: "hub2" });
      strictEqual(
        await one.beat({ storeMs: 1.5, settings: "a" }, versions, signal),
        false,
      );
      strictEqual((await one.look(signal))?.beat, undefined);
      // Its own beats are taken, and its records.
      const { versions: own } = taken;
      strictEqual(
        await two.beat({ storeMs: 1.5, settings: "a" }, own, signal),
        true,
      );
      ok((await two.append(record(1, "base"), own, signal)).isWritten);
    },
  "refuses a takeover from who has moved meanwhile": async ({ one, two }) => {
    const { versions } = await begun(one);
    ok((await one.append(record(1, "base"), versions, signal)).isWritten);
    const lead = { term: 1, holder: "hub2" };
    const late = await two.take(lead, versions, signal);
    ok(!late.isWritten);
    ok((await two.take(lead, late.view.versions, signal)).isWritten);
    const view = await one.look(signal);
    ok(view);
    // It hands over.
    const nobody = { term: 1, holder: undefined };
    ok((await two.take(nobody, view.versions, signal)).isWritten);
    deepStrictEqual((await one.look(signal))?.lead, nobody);
  },
  "has the active one make way, whatever it has written meanwhile": async (
    { one, two },
  ) => {
    const { versions } = await begun(one);
    const first = await one.take({ term: 1, holder: "hub1" }, versions, signal);
    ok(first.isWritten);
    const seen = first.versions;
    const written = await one.append(record(1, "base"), seen, signal);
    ok(written.isWritten);
    const lead = { term: 1, holder: undefined, next: "hub2" };
    strictEqual(await two.passOn(lead, seen, signal), true);
    deepStrictEqual((await one.look(signal))?.lead, lead);
    strictEqual(await two.passOn(lead, seen, signal), false);
    const late = await one.append(record(2, "r1"), written.versions, signal);
    ok(!late.isWritten);
    strictEqual(
      await one.beat({ storeMs: 1, settings: "a" }, written.versions, signal),
      false,
    );
  },
  "tells each beat from the one before": async ({ one, two }) => {
    const { versions } = await begun(one);
    const beats: unknown[] = [];
    for (let times = 0; times < 2; times++) {
      await one.beat(
        { storeMs: 1_700_000_000_000.25, settings: "b" },
        versions,
        signal,
      );
      const view = await two.look(signal);
      deepStrictEqual(view?.beat, {
        storeMs: 1_700_000_000_000.25,
        settings: "b",
      });
      beats.push(view?.versions.beat);
    }
    strictEqual(new Set(beats).size, 2);
    strictEqual((await two.look(signal))?.versions.head, versions.head);
  },
  "tells whoever watches of each lead, also where there is one already": async (
    { one, two },
  ) => {
    const { versions } = await begun(one);
    const ended = new AbortController();
    let times = 0;
    const watching = two.watchLead(() => times++, ended.signal);
    const told = async () => {
      const before = times;
      await waitUntil(() => times > before, { what: "who watches is told" });
    };
    await waitUntil(() => times > 0, { what: "the watch begins" });
    const [first] = await Promise.all([
      one.take({ term: 1, holder: "hub1" }, versions, signal),
      told(),
    ]);
    ok(first.isWritten);
    const lead = { term: 1, holder: undefined };
    await Promise.all([one.passOn(lead, first.versions, signal), told()]);
    const reason = new Error("enough");
    ended.abort(reason);
    await rejects(watching, reason);
  },
  "forgets what it is told to": async ({ one, two }) => {
    let { versions } = await begun(one) as { versions: LogView["versions"] };
    for (let index = 1; index <= 4; index++) {
      const previous = index === 1 ? "base" : `r${index - 1}`;
      const outcome = await one.append(
        record(index, previous),
        versions,
        signal,
      );
      ok(outcome.isWritten);
      versions = { ...versions, ...outcome.versions };
    }
    await one.trim(2, signal);
    const left = (await two.read(0, 10, signal)).map(({ index }) => index);
    deepStrictEqual(left, [3, 4]);
    deepStrictEqual((await two.look(signal))?.head, { index: 4, id: "r4" });
  },
};
