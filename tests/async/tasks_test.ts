import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { Condition, runTogether } from "../../lib/async/tasks.ts";

const never = () => new AbortController().signal;

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Condition().wait(signal);
}

Deno.test("Condition.notify() wakes all who wait, in order, and none who come later", async () => {
  const condition = new Condition();
  const woken: string[] = [];
  const waitAs = async (name: string, signal: AbortSignal) => {
    await condition.wait(signal);
    woken.push(name);
  };
  const waiting = [waitAs("first", never()), waitAs("second", never())];
  condition.notify();
  const late = new AbortController();
  const lateWait = waitAs("late", late.signal);
  await Promise.all(waiting);
  deepStrictEqual(woken, ["first", "second"]);
  late.abort(new Error("enough"));
  await rejects(lateWait, /enough/);
});

Deno.test("Condition.notify() leaves nothing behind when nobody waits", async () => {
  const condition = new Condition();
  condition.notify();
  const stop = new AbortController();
  const waiting = condition.wait(stop.signal);
  stop.abort(new Error("still waiting"));
  await rejects(waiting, /still waiting/);
});

Deno.test("Condition.wait() ends at once when its signal is aborted, before or while it waits", async () => {
  const condition = new Condition();
  const reason = new Error("stopped");
  await rejects(condition.wait(AbortSignal.abort(reason)), reason);
  const stop = new AbortController();
  const waiting = condition.wait(stop.signal);
  stop.abort(reason);
  await rejects(waiting, reason);
});

Deno.test("Condition.wait() takes its listener off the signal", async () => {
  const condition = new Condition();
  const { signal } = new AbortController();
  let listeners = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: unknown[]) => {
    listeners++;
    Reflect.apply(addEventListener, signal, args);
  };
  signal.removeEventListener = (...args: unknown[]) => {
    listeners--;
    Reflect.apply(removeEventListener, signal, args);
  };
  const waiting = condition.wait(signal);
  strictEqual(listeners, 1);
  condition.notify();
  await waiting;
  strictEqual(listeners, 0);
});

Deno.test("runTogether() ends the others when one ends, and waits for them", async () => {
  const ended: string[] = [];
  await runTogether(never(), [
    async (signal) => {
      await untilAborted(signal).catch(() => {});
      await Promise.resolve();
      ended.push("slow");
    },
    () => {
      ended.push("quick");
      return Promise.resolve();
    },
  ]);
  deepStrictEqual(ended, ["quick", "slow"]);
});

Deno.test("runTogether() throws what the first failing task threw, once all have ended", async () => {
  let othersEnded = false;
  const running = runTogether(never(), [
    async (signal) => {
      await untilAborted(signal).catch(() => {});
      othersEnded = true;
    },
    () => Promise.reject(new RangeError("first")),
  ]);
  await rejects(running, { name: "RangeError", message: "first" });
  strictEqual(othersEnded, true);
});

Deno.test("runTogether() throws the error that came first, not the one of the task named first", async () => {
  const running = runTogether(never(), [
    (signal) =>
      untilAborted(signal).catch(() => {
        throw new Error("while ending");
      }),
    () => Promise.reject(new Error("the cause")),
  ]);
  await rejects(running, /the cause/);
});

Deno.test("runTogether() throws whatever a task throws, even nothing", async () => {
  await rejects(runTogether(never(), [() => Promise.reject(undefined)]));
});

Deno.test("runTogether() resolves when it is aborted, before or while its tasks run", async () => {
  await runTogether(AbortSignal.abort(), [untilAborted, untilAborted]);
  const stop = new AbortController();
  const running = runTogether(stop.signal, [untilAborted, untilAborted]);
  stop.abort(new Error("stopped"));
  await running;
});

Deno.test("runTogether() tells of an error that a task throws while it is being stopped", async () => {
  const stop = new AbortController();
  const running = runTogether(stop.signal, [
    (signal) =>
      untilAborted(signal).catch(() => {
        throw new Error("while ending");
      }),
  ]);
  stop.abort();
  await rejects(running, /while ending/);
});
