import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { TaskSet } from "../../lib/async/task_set.ts";
import { Condition } from "../../lib/async/tasks.ts";
import { settled } from "../support/memory/manual_clock.ts";

const broken = () => Promise.reject(new Error("broken"));

/** Work that goes on until it is ended. */
const waitForEnd = (signal: AbortSignal) => new Condition().wait(signal);

Deno.test("TaskSet.add() starts a task at once, and forgets it when it has ended", async () => {
  const tasks = new TaskSet();
  const { promise, resolve } = Promise.withResolvers<void>();
  let isStarted = false;
  tasks.add(() => {
    isStarted = true;
    return promise;
  });
  deepStrictEqual([isStarted, tasks.size], [true, 1]);
  resolve();
  await settled();
  strictEqual(tasks.size, 0);
});

Deno.test("TaskSet.run() fails with the first task that fails, and ends its work then", async () => {
  const tasks = new TaskSet();
  let isEnded = false;
  const running = tasks.run(new AbortController().signal, async (signal) => {
    await waitForEnd(signal).catch(() => isEnded = true);
  });
  tasks.add(() => Promise.resolve());
  await settled();
  strictEqual(isEnded, false);
  tasks.add(broken);
  tasks.add(() => Promise.reject(new Error("later")));
  await rejects(running, /broken/);
  strictEqual(isEnded, true);
});

Deno.test("TaskSet.run() fails with a task that failed before, synchronously or not", async () => {
  for (
    const task of [broken, (): Promise<void> => {
      throw new Error("broken");
    }]
  ) {
    const tasks = new TaskSet();
    tasks.add(task);
    await settled();
    await rejects(
      tasks.run(new AbortController().signal, waitForEnd),
      /broken/,
    );
  }
});

Deno.test("TaskSet.run() fails with its work, once the tasks have ended", async () => {
  const tasks = new TaskSet();
  const { promise, resolve } = Promise.withResolvers<void>();
  tasks.add(() => promise);
  let isOver = false;
  const running = rejects(
    tasks.run(new AbortController().signal, broken).finally(() =>
      isOver = true
    ),
    /broken/,
  );
  await settled();
  strictEqual(isOver, false);
  resolve();
  await running;
});

Deno.test("TaskSet.run() waits on abort for its tasks and those that these add", async () => {
  const tasks = new TaskSet();
  const ended: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  tasks.add(async () => {
    await promise;
    ended.push("first");
    tasks.add(async () => {
      await settled();
      ended.push("second");
    });
  });
  const stop = new AbortController();
  const running = tasks.run(stop.signal, waitForEnd);
  stop.abort();
  await settled();
  deepStrictEqual(ended, []);
  resolve();
  await running;
  deepStrictEqual(ended, ["first", "second"]);
  strictEqual(tasks.size, 0);
});

Deno.test("TaskSet.run() fails with a task that fails while it is ended", async () => {
  const tasks = new TaskSet();
  const { promise, reject } = Promise.withResolvers<void>();
  tasks.add(() => promise);
  const stop = new AbortController();
  const running = rejects(tasks.run(stop.signal, waitForEnd), /too late/);
  stop.abort();
  await settled();
  reject(new Error("too late"));
  await running;
});

Deno.test("TaskSet.failed() waits for a failure, and rejects with the reason on abort", async () => {
  const tasks = new TaskSet();
  const stop = new AbortController();
  const aborted = rejects(
    tasks.failed(stop.signal),
    (reason) => reason === "enough",
  );
  stop.abort("enough");
  await aborted;
  const failed = rejects(
    tasks.failed(new AbortController().signal),
    /broken/,
  );
  tasks.add(broken);
  await failed;
});

Deno.test("TaskSet throws a failure once", async () => {
  const tasks = new TaskSet();
  tasks.add(broken);
  await settled();
  await rejects(tasks.failed(new AbortController().signal), /broken/);
  tasks.throwIfFailed();
  await tasks.run(new AbortController().signal, () => Promise.resolve());
});
