import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { Mutex } from "../../lib/async/mutex.ts";
import { settled } from "../support/memory/manual_clock.ts";

const never = () => new AbortController().signal;

/** Takes the lock, and keeps it until the test gives it back. */
function holdLock(mutex: Mutex): {
  readonly release: () => void;
  readonly held: Promise<void>;
} {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { release: resolve, held: mutex.withLock(never(), () => promise) };
}

Deno.test("Mutex.withLock() lets one work at a time, in the order of asking", async () => {
  const mutex = new Mutex();
  const steps: string[] = [];
  let inside = 0;
  await Promise.all(
    ["a", "b", "c"].map((name) =>
      mutex.withLock(never(), async () => {
        inside++;
        steps.push(`${name}${inside}`);
        await settled();
        inside--;
      })
    ),
  );
  deepStrictEqual(steps, ["a1", "b1", "c1"]);
});

Deno.test("Mutex.withLock() gives what the work gives", async () => {
  strictEqual(await new Mutex().withLock(never(), () => Promise.resolve(7)), 7);
});

Deno.test("Mutex.withLock() passes the lock on after work that throws", async () => {
  const mutex = new Mutex();
  const failing = mutex.withLock(
    never(),
    () => Promise.reject(new Error("broken")),
  );
  const next = mutex.withLock(never(), () => Promise.resolve("next"));
  await rejects(failing, /broken/);
  strictEqual(await next, "next");
});

Deno.test("Mutex.withLock() gives up its place on abort: its work is not done, those behind it go on", async () => {
  const mutex = new Mutex();
  const { release, held } = holdLock(mutex);
  const stop = new AbortController();
  const done: string[] = [];
  const given = rejects(
    mutex.withLock(stop.signal, () => Promise.resolve(done.push("given up"))),
    (reason) => reason === "enough",
  );
  const next = mutex.withLock(
    never(),
    () => Promise.resolve(done.push("next")),
  );
  stop.abort("enough");
  await given;
  await settled();
  deepStrictEqual(done, []);
  release();
  await Promise.all([held, next]);
  deepStrictEqual(done, ["next"]);
});

Deno.test("Mutex.withLock() does not begin when it was aborted before, and leaves the lock free", async () => {
  const mutex = new Mutex();
  const work = () => Promise.resolve("done");
  await rejects(
    mutex.withLock(AbortSignal.abort("before"), work),
    (reason) => reason === "before",
  );
  strictEqual(await mutex.withLock(never(), work), "done");
});

Deno.test("Mutex.withLock() does not end work that has the lock", async () => {
  const mutex = new Mutex();
  const stop = new AbortController();
  const finish = Promise.withResolvers<string>();
  const working = mutex.withLock(stop.signal, () => finish.promise);
  await settled();
  stop.abort();
  finish.resolve("finished");
  strictEqual(await working, "finished");
});
