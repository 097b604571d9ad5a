import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { lastChange } from "../../lib/page/live_stream.ts";
import { type LiveAnswer, MAX_LIVE } from "../../lib/page/page_service.ts";
import type { OperatorAnswer } from "../../lib/wire/operator_messages.ts";
import { BROWSER, PageBench } from "../support/page/page_bench.ts";
import { settled } from "../support/memory/manual_clock.ts";

/** A bench whose service tells what a test says, and who follows it. */
class Following {
  readonly bench = new PageBench();
  readonly signals: AbortSignal[] = [];
  readonly #told: ReadableStreamDefaultController<OperatorAnswer>[] = [];

  constructor() {
    this.bench.ask = (question, signal) => {
      this.signals.push(signal);
      return this.#answers(question.kind === "follow", signal);
    };
  }

  /** Tells all who follow. */
  tell(answer: OperatorAnswer): void {
    for (const each of this.#told) each.enqueue(answer);
  }

  async open(cookie: string, lastId?: string): Promise<LiveAnswer | number> {
    const headers = new Headers({ ...BROWSER, cookie });
    if (lastId !== undefined) headers.set("last-event-id", lastId);
    const answer = await this.bench.service.answer({
      ...{ method: "GET", path: "/api/live", peer: "local" },
      ...{ hasQuery: false, body: null, headers },
    }, new AbortController().signal);
    return "begin" in answer ? answer : answer.status;
  }

  async *#answers(
    isFollow: boolean,
    signal: AbortSignal,
  ): AsyncGenerator<OperatorAnswer, void, undefined> {
    const stream = new ReadableStream<OperatorAnswer>({
      start: (controller) => {
        if (isFollow) this.#told.push(controller);
        signal.addEventListener("abort", () => {
          try {
            controller.close();
          } catch { /* It has ended. */ }
        });
      },
    });
    yield* stream;
  }
}

const CHANGED: OperatorAnswer = {
  ...{ kind: "changed", to: 7, bans: [] },
  gone: [{ address: "203.0.113.7" as never, jail: "sshd" as never }],
};

Deno.test("an event has its change's number, and a browser goes on from the last it says", async () => {
  const following = new Following();
  const cookie = await following.bench.enter();
  const answer = await following.open(cookie, "88213");
  ok(typeof answer === "object");
  strictEqual(answer.headers["content-type"], "text/event-stream");
  const stop = new AbortController();
  const texts = answer.begin(stop.signal)[Symbol.asyncIterator]();
  match((await texts.next()).value, /^retry: \d+\n\n$/);
  const next = texts.next();
  await settled();
  following.tell(CHANGED);
  strictEqual(
    (await next).value,
    'id: 7\nevent: changed\ndata: {"to":7,"bans":[],"gone":[{"address":"203.0.113.7","jail":"sshd"}]}\n\n',
  );
  deepStrictEqual(following.bench.asked[0], { kind: "follow", since: 88_213 });
  stop.abort();
  await texts.return?.();
  ok(following.signals.every(({ aborted }) => aborted));
  strictEqual(following.bench.service.live, 0);
});

Deno.test("what is no number of a change is none", () => {
  for (
    const text of ["", "-1", "1e3", "1.5", "0x1", "9".repeat(17), "1\n2", " 1"]
  ) {
    strictEqual(lastChange(text), null, text);
  }
});

Deno.test("of 200 browsers 50 follow, and another does once one of them is gone", async () => {
  const following = new Following();
  const cookie = await following.bench.enter();
  const answers = await Promise.all(
    Array.from({ length: 200 }, () => following.open(cookie)),
  );
  const live = answers.filter((each) => typeof each === "object");
  strictEqual(live.length, MAX_LIVE);
  strictEqual(answers.filter((each) => each === 503).length, 150);
  const [first] = live;
  const stop = new AbortController();
  const texts = first?.begin(stop.signal)[Symbol.asyncIterator]();
  await texts?.next();
  strictEqual(await following.open(cookie), 503);
  stop.abort();
  await texts?.return?.();
  ok(typeof await following.open(cookie) === "object");
});

Deno.test("a login that is over is told nothing more", async () => {
  const following = new Following();
  const cookie = await following.bench.enter();
  const answer = await following.open(cookie);
  ok(typeof answer === "object");
  const texts = answer.begin(new AbortController().signal)
    [Symbol.asyncIterator]();
  await texts.next();
  const next = texts.next();
  await settled();
  await following.bench.visits.end({ user: null });
  following.tell(CHANGED);
  strictEqual((await next).value, "event: over\ndata: {}\n\n");
  strictEqual((await texts.next()).done, true);
  ok(following.signals.every(({ aborted }) => aborted));
});
