import {
  deepStrictEqual,
  rejects,
  strictEqual,
  throws,
} from "node:assert/strict";
import { ExclusiveWait } from "../../lib/async/exclusive_wait.ts";
import { settled } from "../support/memory/manual_clock.ts";

const NEVER = new AbortController().signal;

Deno.test("ExclusiveWait.take() throws while the turn is taken, and says what is being done", () => {
  const turn = new ExclusiveWait("receive");
  using _taken = turn.enter();
  throws(() => turn.enter(), {
    name: "Error",
    message: "Cannot receive: another receive waits",
  });
});

Deno.test("ExclusiveWait.take() works again once the turn has ended, also by an error", () => {
  const turn = new ExclusiveWait("send");
  throws(() => {
    using _taken = turn.enter();
    throw new Error("failed within");
  }, /failed within/);
  turn.enter()[Symbol.dispose]();
  using _taken = turn.enter();
});

Deno.test("Turns know nothing of each other", () => {
  using _receiving = new ExclusiveWait("receive").enter();
  using _sending = new ExclusiveWait("send").enter();
});

Deno.test("ExclusiveWait.wake() ends the wait, once", async () => {
  const turn = new ExclusiveWait("receive");
  const steps: string[] = [];
  const waiting = (async () => {
    await turn.wait(NEVER);
    steps.push("first");
    await turn.wait(NEVER);
    steps.push("second");
  })();
  turn.wake();
  turn.wake();
  await settled();
  deepStrictEqual(steps, ["first"]);
  turn.wake();
  await waiting;
  deepStrictEqual(steps, ["first", "second"]);
});

Deno.test("ExclusiveWait.wake() leaves nothing behind when nobody waits", async () => {
  const turn = new ExclusiveWait("receive");
  turn.wake();
  const stop = new AbortController();
  const waiting = rejects(turn.wait(stop.signal), /still waiting/);
  stop.abort(new Error("still waiting"));
  await waiting;
});

Deno.test("ExclusiveWait.wait() rejects with the signal's reason, before and while it waits", async () => {
  const turn = new ExclusiveWait("receive");
  const reason = new Error("stopped");
  await rejects(turn.wait(AbortSignal.abort(reason)), reason);
  const stop = new AbortController();
  const waiting = rejects(turn.wait(stop.signal), reason);
  stop.abort(reason);
  await waiting;
});

Deno.test("ExclusiveWait.wait() that was aborted hinders no later one", async () => {
  const turn = new ExclusiveWait("receive");
  const stop = new AbortController();
  const aborted = rejects(turn.wait(stop.signal));
  stop.abort();
  await aborted;
  const waiting = turn.wait(NEVER);
  turn.wake();
  await waiting;
});

Deno.test("ExclusiveWait.wait() counts as woken when the abort comes after the waking", async () => {
  const turn = new ExclusiveWait("receive");
  const stop = new AbortController();
  const waiting = turn.wait(stop.signal);
  turn.wake();
  stop.abort();
  await waiting;
});

Deno.test("ExclusiveWait.wait() takes its listener off a signal that outlives it", async () => {
  const turn = new ExclusiveWait("receive");
  const stop = new AbortController();
  const { signal } = stop;
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
  const waiting = turn.wait(signal);
  strictEqual(listeners, 1);
  turn.wake();
  await waiting;
  strictEqual(listeners, 0);
  const aborted = rejects(turn.wait(signal));
  stop.abort();
  await aborted;
  strictEqual(listeners, 0);
});

Deno.test("ExclusiveWait.isWaiting holds while the caller waits, and only then", async () => {
  const turn = new ExclusiveWait("receive");
  strictEqual(turn.isWaiting, false);
  using _turn = turn.enter();
  strictEqual(turn.isWaiting, false);
  const waiting = turn.wait(NEVER);
  strictEqual(turn.isWaiting, true);
  turn.wake();
  await waiting;
  strictEqual(turn.isWaiting, false);
});
