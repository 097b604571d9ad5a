import { ok, strictEqual, throws } from "node:assert/strict";
import { LibcPoll } from "../../../lib/zmq/io/libc_poll.ts";
import {
  ChildProcess,
  type ChildStatus,
} from "../../support/host/child_process.ts";
import { LibcPipes, type Pipe } from "../../support/host/libc_pipes.ts";
import {
  inheritedDescriptors,
  openDescriptors,
} from "../../support/host/open_descriptors.ts";
import { report } from "../../support/bench/tally.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

/** So long that the bound never comes to the rescue of a wake-up that was lost. */
const LONG = { boundMs: 60_000 };
/** What only the bound ends takes longer. */
const AT_ONCE_MS = LONG.boundMs / 2;

/** A poll and what it may wait on. */
class PollBench implements AsyncDisposable {
  readonly pipes = new LibcPipes();
  readonly poll: LibcPoll;

  constructor(options = LONG) {
    this.poll = new LibcPoll(options);
  }

  /** Waits on a new pipe; counts the calls, and takes a byte where there is one. */
  watch(): WatchedPipe {
    const watched = new WatchedPipe(this.pipes);
    this.poll.add(watched);
    return watched;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.poll[Symbol.asyncDispose]();
    this.pipes[Symbol.dispose]();
  }
}

class WatchedPipe {
  readonly pipe: Pipe;
  readonly descriptor: number;
  readonly #pipes: LibcPipes;
  #filled = 0;
  /** How often it was called. */
  settled = 0;
  /** How many bytes it took. */
  seen = 0;

  constructor(pipes: LibcPipes) {
    this.#pipes = pipes;
    this.pipe = pipes.make();
    this.descriptor = this.pipe.readEnd;
  }

  fill(): void {
    this.#filled++;
    this.#pipes.fill(this.pipe);
  }

  settle(): void {
    this.settled++;
    while (this.seen < this.#filled) {
      this.#pipes.drain(this.pipe);
      this.seen++;
    }
  }

  /** Waits until it has taken so many bytes. */
  async untilSeen(count: number): Promise<void> {
    const what = `byte ${count} of descriptor ${this.descriptor}`;
    await waitUntil(() => this.seen >= count, { what, timeoutMs: AT_ONCE_MS });
  }
}

async function run(program: string, ...args: string[]): Promise<ChildStatus> {
  const folder = new URL("../../support/cluster/programs/", import.meta.url);
  await using child = new ChildProcess({
    command: Deno.execPath(),
    args: [
      "run",
      "--no-prompt",
      "-A",
      `${decodeURIComponent(folder.pathname)}${program}`,
      ...args,
    ],
  });
  await waitUntil(() => child.hasEnded, {
    what: `the end of ${program}`,
    timeoutMs: 20_000,
  });
  return await child.ended;
}

Deno.test("LibcPoll calls a watcher whose descriptor becomes readable, again and again", async () => {
  await using bench = new PollBench();
  const watched = bench.watch();
  for (let count = 1; count <= 3; count++) {
    watched.fill();
    await watched.untilSeen(count);
  }
});

Deno.test("LibcPoll waits on 200 descriptors at once", async () => {
  await using bench = new PollBench();
  const watched = Array.from({ length: 200 }, () => bench.watch());
  for (const one of watched) one.fill();
  await Promise.all(watched.map((one) => one.untilSeen(1)));
});

Deno.test("LibcPoll takes a watcher on while it waits, and after it has had none", async () => {
  await using bench = new PollBench();
  const first = bench.watch();
  const second = bench.watch();
  second.fill();
  await second.untilSeen(1);
  await Promise.all([bench.poll.remove(first), bench.poll.remove(second)]);
  const third = bench.watch();
  third.fill();
  await third.untilSeen(1);
});

Deno.test("LibcPoll lets every watcher look again after its bound, also without cause", async () => {
  await using bench = new PollBench({ boundMs: 10 });
  const watched = bench.watch();
  await waitUntil(() => watched.settled >= 5, { what: "five looks" });
});

Deno.test("LibcPoll is idle while nothing becomes readable", async () => {
  await using bench = new PollBench();
  const quiet = bench.watch();
  const other = bench.watch();
  other.fill();
  await other.untilSeen(1);
  const before = quiet.settled;
  await bench.poll.closed(quiet.descriptor, 100);
  ok(quiet.settled - before <= 2, `${quiet.settled - before} looks in 100 ms`);
});

Deno.test("LibcPoll.remove() resolves at once, and the watcher is called no more", async () => {
  await using bench = new PollBench();
  const removed = bench.watch();
  const kept = bench.watch();
  kept.fill();
  await kept.untilSeen(1);
  const beganMs = performance.now();
  const looks = kept.settled;
  await bench.poll.remove(removed);
  ok(kept.settled > looks, "the call that waited on it had not ended");
  ok(performance.now() - beganMs < AT_ONCE_MS);
  const before = removed.settled;
  kept.fill();
  await kept.untilSeen(2);
  strictEqual(removed.settled, before);
});

Deno.test("LibcPoll.remove() that has resolved leaves the descriptor to be closed and used anew", async () => {
  await using bench = new PollBench();
  const removed = bench.watch();
  const kept = bench.watch();
  await bench.poll.remove(removed);
  bench.pipes.close(removed.pipe);
  const before = kept.settled;
  const reused = bench.pipes.make();
  strictEqual(reused.readEnd, removed.descriptor);
  bench.pipes.fill(reused);
  await bench.poll.closed(reused.readEnd, 100);
  ok(kept.settled - before <= 2, "the number is still waited on");
});

Deno.test("LibcPoll.remove() of what was never added, or is removed already, resolves", async () => {
  await using bench = new PollBench();
  const watched = bench.watch();
  await bench.poll.remove(watched);
  await bench.poll.remove(watched);
  await bench.poll.remove({ descriptor: 999, settle: () => {} });
});

Deno.test("LibcPoll.remove() works from within a watcher's own call", async () => {
  await using bench = new PollBench();
  const { poll, pipes } = bench;
  const pipe = pipes.make();
  const removed = Promise.withResolvers<void>();
  const watcher = {
    descriptor: pipe.readEnd,
    settle: () => poll.remove(watcher).then(removed.resolve, removed.reject),
  };
  poll.add(watcher);
  pipes.fill(pipe);
  await removed.promise;
});

Deno.test("no wake-up is lost in 10,000 pings, each of which waits for the one before", async () => {
  await using bench = new PollBench();
  const watched = bench.watch();
  const beganMs = performance.now();
  let answered = Promise.withResolvers<void>();
  const { settle } = watched;
  watched.settle = () => {
    const before = watched.seen;
    settle.call(watched);
    if (watched.seen > before) answered.resolve();
  };
  let longestMs = 0;
  for (let ping = 0; ping < 10_000; ping++) {
    answered = Promise.withResolvers<void>();
    const askedMs = performance.now();
    watched.fill();
    await answered.promise;
    longestMs = Math.max(longestMs, performance.now() - askedMs);
  }
  const elapsedMs = performance.now() - beganMs;
  report("pings through LibcPoll", {
    pings: watched.seen,
    "microseconds each": Math.round(elapsedMs / 10),
  });
  ok(longestMs < AT_ONCE_MS, "only the bound ended a wait");
});

Deno.test("no wake-up is lost under 10,000 additions and removals", async () => {
  await using bench = new PollBench();
  const watched = bench.watch();
  const passing = new WatchedPipe(bench.pipes);
  for (let round = 1; round <= 10_000; round++) {
    bench.poll.add(passing);
    if (round % 100 === 0) {
      watched.fill();
      await bench.poll.remove(passing);
      await watched.untilSeen(round / 100);
    } else {
      bench.poll.remove(passing);
    }
  }
  strictEqual(watched.seen, 100);
});

Deno.test("more changes in one go than a pipe has room for do not block the process", async () => {
  strictEqual((await run("busy_poll.ts")).code, 0);
});

Deno.test("a process that holds an open poll ends at once", async () => {
  const beganMs = performance.now();
  strictEqual((await run("waiting_poll.ts", "exit")).code, 7);
  strictEqual((await run("waiting_poll.ts", "throw")).code, 1);
  ok(performance.now() - beganMs < LONG.boundMs / 2);
});

Deno.test("LibcPoll.closed() resolves when the descriptor is closed, at the latest after the time", async () => {
  await using bench = new PollBench();
  const pipe = bench.pipes.make();
  const beganMs = performance.now();
  await bench.poll.closed(pipe.readEnd, 50);
  ok(performance.now() - beganMs >= 50);
  const waiting = bench.poll.closed(pipe.readEnd, 60_000);
  bench.pipes.close(pipe);
  await waiting;
  await bench.poll.closed(pipe.readEnd, 60_000);
  ok(performance.now() - beganMs < AT_ONCE_MS);
});

Deno.test("a LibcPoll leaves no descriptor behind, and no program inherits one", async () => {
  const before = openDescriptors();
  const inheritedBefore = inheritedDescriptors();
  for (let round = 0; round < 50; round++) {
    await using _poll = new LibcPoll(LONG);
    strictEqual(openDescriptors(), before + 2);
    if (round === 0) strictEqual(inheritedDescriptors(), inheritedBefore);
  }
  strictEqual(openDescriptors(), before);
});

Deno.test("a LibcPoll that is disposed of ends its wait, and takes no more watchers", async () => {
  using pipes = new LibcPipes();
  const poll = new LibcPoll(LONG);
  const watcher = new WatchedPipe(pipes);
  poll.add(watcher);
  const beganMs = performance.now();
  await Promise.all([
    poll[Symbol.asyncDispose](),
    poll[Symbol.asyncDispose](),
  ]);
  await poll[Symbol.asyncDispose]();
  ok(performance.now() - beganMs < AT_ONCE_MS);
  await poll.remove(watcher);
  await poll.closed(watcher.descriptor, 60_000);
  ok(performance.now() - beganMs < AT_ONCE_MS);
  throws(() => poll.add(watcher), /disposed/);
});
