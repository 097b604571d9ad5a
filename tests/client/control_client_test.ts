import { SPOKEN } from "../../lib/wire/spoken_revisions.ts";
import {
  deepStrictEqual,
  match,
  ok,
  rejects,
  strictEqual,
} from "node:assert/strict";
import type { Epoch, EventId } from "../../lib/base/ids.ts";
import type {
  NodeEvent,
  PublisherMessage,
} from "../../lib/wire/v2_messages.ts";
import { ControlClient } from "../../lib/client/control_client.ts";
import { BYE_MS } from "../../lib/client/farewell.ts";
import { LostSessionError, type Session } from "../../lib/client/session.ts";
import {
  type Allowlist,
  EMPTY_ALLOWLIST,
} from "../../lib/protection/allowlist.ts";
import {
  address,
  host,
  IDLE_SUBSCRIBER,
  jail,
  PLACE,
} from "../support/values/core_values.ts";
import { ManualClock, settled } from "../support/memory/manual_clock.ts";
import { MemoryControl } from "../support/memory/memory_control.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";
import { frames } from "../support/memory/memory_socket.ts";

const UNBAN: NodeEvent = {
  kind: "unban",
  id: "event-0000000000000000" as EventId,
  jail: jail("sshd"),
  address: address("198.18.0.0"),
  why: "lifted",
};

type SessionHandler = (session: Session, signal: AbortSignal) => Promise<void>;

const idle: SessionHandler = async ({ receive }, signal) => {
  await receive(signal);
};

/** A session at work; `lead` is called with each conversation. */
class SessionBench implements AsyncDisposable {
  readonly publisher = new MemoryControl();
  readonly clock = new ManualClock();
  readonly log = new MemoryLog();
  readonly stop = new AbortController();
  readonly madeAtMs: number[] = [];
  readonly allowlists: Allowlist[] = [];
  readonly session: ControlClient;
  readonly running: Promise<void>;

  constructor(
    handler: SessionHandler = idle,
    prepare: (publisher: MemoryControl) => void = () => {},
  ) {
    prepare(this.publisher);
    const { clock, log } = this;
    this.session = new ControlClient({
      clock,
      log,
      node: host("web-1"),
      role: "subscriber",
      connect: () => {
        this.madeAtMs.push(clock.monotonicMs());
        return this.publisher.connect();
      },
      token: () => "",
      version: "1.2.3",
      place: PLACE,
      condition: () => IDLE_SUBSCRIBER,
      onIgnore: (list) => this.allowlists.push(list),
    });
    this.running = this.session.run(this.stop.signal, handler);
    this.running.catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop.abort();
    await this.clock.advance(BYE_MS);
    await this.running.catch(() => {});
  }
}

Deno.test("ControlClient gives the welcome", async () => {
  const welcomes: unknown[] = [];
  await using bench = new SessionBench(async (session, signal) => {
    welcomes.push(session.welcome);
    await idle(session, signal);
  });
  await settled();
  deepStrictEqual(bench.publisher.heard, [{
    kind: "HELLO",
    node: "web-1",
    role: "subscriber",
    token: "",
    version: "1.2.3",
    speaks: SPOKEN,
    place: PLACE,
  }, {
    kind: "STATE",
    session: "0".repeat(31) + "1",
    state: IDLE_SUBSCRIBER,
  }]);
  deepStrictEqual(welcomes, [{
    kind: "WELCOME",
    session: "0".repeat(31) + "1",
    speaks: 1,
    epoch: bench.publisher.epoch,
    seq: 0,
    limits: { maxEvents: 100, maxReceipts: 100 },
    revision: 0,
    ignore: [],
  }]);
  deepStrictEqual(bench.session.counters, { sessions: 1, lost: 0 });
});

Deno.test("ControlClient doubles its pause up to five seconds while nobody answers, and tells once", async () => {
  await using bench = new SessionBench(
    idle,
    (publisher) => publisher.silent = true,
  );
  await bench.clock.advance(60_000);
  const pauses = bench.madeAtMs.slice(1).map((atMs, index) =>
    atMs - (bench.madeAtMs[index] ?? 0) - 2_000
  );
  deepStrictEqual(pauses.slice(0, 8), [
    100,
    200,
    400,
    800,
    1_600,
    3_200,
    5_000,
    5_000,
  ]);
  strictEqual(bench.session.reachable, false);
  bench.publisher.silent = false;
  await bench.clock.advance(10_000);
  strictEqual(bench.session.reachable, true);
  strictEqual(bench.publisher.mostOpen, 1);
  deepStrictEqual(
    bench.log.records.map(({ event, fields }) => [event, fields]),
    [
      ["no conversation with the publisher", { reason: "no answer" }],
      ["the publisher answers again", {}],
    ],
  );
});

for (const code of ["token", "protocol"] as const) {
  Deno.test(`ControlClient tells once of a refusal for its ${code}, and tries again every 30 s`, async () => {
    await using bench = new SessionBench(
      idle,
      (publisher) => publisher.refusal = code,
    );
    await bench.clock.advance(95_000);
    deepStrictEqual(bench.madeAtMs, [0, 30_000, 60_000, 90_000]);
    deepStrictEqual(bench.log.events, ["no conversation with the publisher"]);
    bench.publisher.refusal = undefined;
    await bench.clock.advance(30_000);
    strictEqual(bench.session.counters.sessions, 1);
  });
}

Deno.test("ControlClient begins with the first pause again after an answer, not after a mere welcome", async () => {
  let answers = true;
  await using bench = new SessionBench(
    async ({ send, receive, welcome }, signal) => {
      const { session } = welcome;
      if (answers) {
        const events = [UNBAN];
        await send({ kind: "EVENTS", session, batch: 1, events }, signal);
        await receive(signal);
      }
      throw new LostSessionError("for a test");
    },
  );
  await bench.clock.advance(350);
  deepStrictEqual(bench.madeAtMs, [0, 100, 200, 300]);
  answers = false;
  await bench.clock.advance(1_000);
  deepStrictEqual(bench.madeAtMs.slice(4), [400, 600, 1_000]);
});

Deno.test("ControlClient tells when the publisher has another store", async () => {
  await using bench = new SessionBench(async ({ receive }, signal) => {
    await receive(signal);
  });
  await settled();
  const before = bench.publisher.epoch;
  bench.publisher.epoch = "f".repeat(32) as Epoch;
  bench.publisher.say({ kind: "ERROR", code: "session", message: "" });
  await bench.clock.advance(100);
  deepStrictEqual(
    bench.log.records.map(({ event, fields }) => [event, fields]),
    [
      ["the session has ended, and another begins", {}],
      ["the publisher has another store", {
        before,
        now: bench.publisher.epoch,
      }],
    ],
  );
});

const OUT_OF_STEP: Readonly<Record<string, (bench: SessionBench) => void>> = {
  "what is no message": ({ publisher }) =>
    publisher.connection.give(frames("F2B2", "ACK")),
  "a second welcome": ({ publisher }) => publisher.say(WELCOME),
};

const WELCOME = {
  kind: "WELCOME",
  speaks: 1,
  session: "0".repeat(32),
  epoch: "0".repeat(32),
  seq: 0,
  limits: { maxEvents: 1, maxReceipts: 1 },
  revision: 0,
  ignore: [],
} as unknown as PublisherMessage;

for (const [what, say] of Object.entries(OUT_OF_STEP)) {
  Deno.test(`ControlClient gives a connection up over ${what}`, async () => {
    await using bench = new SessionBench(async ({ receive }, signal) => {
      await receive(signal);
    });
    await settled();
    say(bench);
    await settled();
    strictEqual(bench.publisher.connection.closed, true);
    strictEqual(bench.session.counters.lost, 1);
    await bench.clock.advance(100);
    strictEqual(bench.session.counters.sessions, 2);
  });
}

Deno.test("ControlClient gives a connection up over an answer that is no welcome", async () => {
  await using bench = new SessionBench(
    idle,
    (publisher) => publisher.silent = true,
  );
  bench.publisher.say({ kind: "ACK", batch: 1, results: [] });
  await settled();
  strictEqual(bench.publisher.connection.closed, true);
});

Deno.test("ControlClient hands on the allowlist of each welcome and of each change, whatever is waited for", async () => {
  const answers: string[] = [];
  await using bench = new SessionBench(async ({ receive }, signal) => {
    while (true) answers.push((await receive(signal, 2_000)).kind);
  });
  const lists = bench.allowlists;
  await settled();
  const list = { revision: 7, ignore: [address("192.0.2.0/24")] };
  bench.publisher.say({ kind: "IGNORE", ...list });
  bench.publisher.say({ kind: "ACK", batch: 1, results: [] });
  await settled();
  deepStrictEqual(answers, ["ACK"]);
  deepStrictEqual(lists, [EMPTY_ALLOWLIST, list]);
  strictEqual(bench.session.allowlist, 7);
  // It is no answer: that is missed all the same.
  await bench.clock.advance(1_500);
  bench.publisher.say({ kind: "IGNORE", ...EMPTY_ALLOWLIST });
  await bench.clock.advance(500);
  strictEqual(bench.session.counters.lost, 1);
  strictEqual(lists.length, 3);
});

Deno.test("Session.receive() gives up after the time that it is given", async () => {
  await using bench = new SessionBench(async ({ receive }, signal) => {
    await receive(signal, 3_000);
  });
  await settled();
  await bench.clock.advance(2_999);
  strictEqual(bench.session.counters.lost, 0);
  await bench.clock.advance(1);
  strictEqual(bench.session.counters.lost, 1);
});

Deno.test("ControlClient.run() throws what whoever leads throws, and closes the connection", async () => {
  await using bench = new SessionBench(() =>
    Promise.reject(new Error("a bug"))
  );
  await rejects(bench.running, { message: "a bug" });
  strictEqual(bench.publisher.connection.closed, true);
});

Deno.test("ControlClient says BYE when it is stopped, and when it connects anew", async () => {
  await using bench = new SessionBench();
  await settled();
  bench.session.renew();
  await settled();
  const kinds = () =>
    bench.publisher.heard.map(({ kind }) => kind)
      .filter((kind) => kind !== "STATE");
  deepStrictEqual(kinds(), ["HELLO", "BYE", "HELLO"]);
  bench.stop.abort();
  // It has its answer: no time passes.
  await bench.running;
  deepStrictEqual(kinds(), ["HELLO", "BYE", "HELLO", "BYE"]);
});

Deno.test("ControlClient says no BYE in a session that was lost", async () => {
  await using bench = new SessionBench(() =>
    Promise.reject(new LostSessionError("lost"))
  );
  await bench.clock.advance(1_000);
  ok(bench.session.counters.lost > 1);
  ok(bench.publisher.heard.every(({ kind }) => kind !== "BYE"));
});

Deno.test("ControlClient answers ASK with a STATE, and goes on", async () => {
  await using bench = new SessionBench(async ({ receive }, signal) => {
    await receive(signal);
  });
  await settled();
  bench.publisher.say({ kind: "ASK" });
  await settled();
  deepStrictEqual(
    bench.publisher.heard.map(({ kind }) => kind),
    ["HELLO", "STATE", "STATE"],
  );
  strictEqual(bench.session.counters.lost, 0);
});

Deno.test("ControlClient answers UNBAN that it is off, as long as nobody says what to do, and goes on", async () => {
  await using bench = new SessionBench(async ({ receive }, signal) => {
    await receive(signal);
  });
  await settled();
  const { jail: name, address: whom } = UNBAN;
  bench.publisher.say({ kind: "UNBAN", order: 7, jail: name, address: whom });
  await settled();
  const answer = bench.publisher.heard.at(-1);
  ok(answer?.kind === "UNBANNED");
  deepStrictEqual([answer.order, answer.outcome, answer.detail], [
    7,
    "off",
    "",
  ]);
  strictEqual(bench.session.counters.lost, 0);
});

Deno.test("ControlClient with nothing to say takes a publisher that is silent for 40 s for one that is gone, and says why once", async () => {
  await using bench = new SessionBench();
  const { clock, publisher, session, log } = bench;
  await clock.advance(95_000);
  deepStrictEqual([session.reachable, session.counters.lost], [true, 0]);
  publisher.silent = true;
  // What was last heard is the answer to the STATE of 90 s.
  await clock.advance(34_999);
  strictEqual(session.reachable, true);
  await clock.advance(1);
  deepStrictEqual([session.reachable, session.counters.lost], [false, 1]);
  strictEqual(publisher.connection.closed, true);
  await clock.advance(60_000);
  deepStrictEqual(
    log.records.map(({ event, fields }) => [event, fields]),
    [
      ["the publisher has said nothing for too long, another session begins", {
        silentMs: 40_000,
      }],
      ["no conversation with the publisher", { reason: "no answer" }],
    ],
  );
  publisher.silent = false;
  await clock.advance(10_000);
  strictEqual(session.reachable, true);
});

Deno.test("ControlClient keeps a session in which anything is heard, whatever it is", async () => {
  await using bench = new SessionBench(async ({ receive }, signal) => {
    while (true) await receive(signal);
  });
  const { clock, publisher, session } = bench;
  await settled();
  publisher.silent = true;
  for (let minutes = 0; minutes < 3; minutes++) {
    await clock.advance(30_000);
    publisher.say({ kind: "IGNORE", ...EMPTY_ALLOWLIST });
    await clock.advance(30_000);
    publisher.say({ kind: "ACK", batch: 1, results: [] });
  }
  deepStrictEqual([session.reachable, session.counters.lost], [true, 0]);
});

Deno.test("ControlClient tries again every 5 s where another host has its place, and says once what to do", async () => {
  await using bench = new SessionBench(
    idle,
    (publisher) => publisher.refusal = "twin",
  );
  await bench.clock.advance(20_500);
  deepStrictEqual(bench.madeAtMs, [0, 5_000, 10_000, 15_000, 20_000]);
  const [record, ...others] = bench.log.records;
  deepStrictEqual(others, []);
  match(
    JSON.stringify(record),
    /another host runs as this node with the same join code.*node add NAME/,
  );
  bench.publisher.refusal = undefined;
  await bench.clock.advance(5_000);
  strictEqual(bench.session.reachable, true);
});

Deno.test("ControlClient says what to do where the publisher speaks another revision", async () => {
  await using bench = new SessionBench(
    idle,
    (publisher) => publisher.refusal = "version",
  );
  await bench.clock.advance(31_000);
  deepStrictEqual(bench.madeAtMs, [0, 30_000]);
  match(
    JSON.stringify(bench.log.records),
    /speaks no revision of protocol 2 that this.*update the older.*for a test/,
  );
});

/** Where a session may be when it is told to stop. */
const STAGES: Readonly<
  Record<string, (bench: SessionBench) => Promise<unknown>>
> = {
  "before it has done anything": () => Promise.resolve(),
  "in a conversation": () => settled(),
  "while it waits for a welcome": (bench) => {
    bench.publisher.silent = true;
    return settled();
  },
  "while its HELLO can't leave": (bench) => {
    bench.publisher.connection.blocked = true;
    return settled();
  },
  "in a pause": async (bench) => {
    bench.publisher.silent = true;
    await bench.clock.advance(2_050);
  },
};

for (const [stage, reach] of Object.entries(STAGES)) {
  Deno.test(`ControlClient.run() ends with its BYE when stopped ${stage}, and leaves nothing open`, async () => {
    await using bench = new SessionBench();
    await reach(bench);
    bench.stop.abort(new Error("stopped"));
    await bench.clock.advance(BYE_MS);
    await bench.running;
    strictEqual(bench.clock.delays, 0);
    strictEqual(
      bench.publisher.connections.every(({ closed }) => closed),
      true,
    );
  });
}
