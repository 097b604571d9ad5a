import { NO_GROWTH } from "../../lib/ban/ban_growth.ts";
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { BanHub } from "../../lib/ban/ban_hub.ts";
import { RuntimeError } from "../../lib/base/errors.ts";
import { auditJournal } from "../../lib/publisher/journal_audit.ts";
import { withMember } from "../../lib/members/member_edits.ts";
import { NO_MEMBERS } from "../../lib/members/member_list_form.ts";
import {
  isPageRequest,
  OPERATOR_ANSWER,
  OPERATOR_REQUEST,
  type OperatorAnswer,
  type OperatorRequest,
} from "../../lib/wire/operator_messages.ts";
import { OperatorService } from "../../lib/operators/operator_service.ts";
import { address, host, jail } from "../support/values/core_values.ts";
import { ManualClock } from "../support/memory/manual_clock.ts";
import { member } from "../support/cluster/members.ts";
import { MemoryBanStore } from "../support/memory/memory_ban_store.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";

const HOUR_MS = 3_600_000;

/** A hub at work, and an operator who asks. */
class Bench implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly log = new MemoryLog();
  readonly store = new MemoryBanStore();
  readonly released: string[] = [];
  /** What nodes were told, and whoever connects later. */
  readonly told: string[] = [];
  /** How far the system's clock is ahead. */
  aheadMs = 0;
  /** When the hub was last backed up. */
  backupMs: number | undefined;
  readonly hub: BanHub;
  readonly service: OperatorService;
  readonly #stop = new AbortController();
  readonly #running: Promise<unknown>;

  constructor() {
    const { clock, log, store } = this;
    this.hub = new BanHub({ clock, log, store, onKept: () => {} });
    this.service = new OperatorService({
      hub: this.hub,
      nodes: {
        enforcing: () => [],
        orders: {
          unban: () => Promise.resolve({ outcome: "away", detail: "" }),
          probe: () => Promise.resolve([]),
          drill: () => Promise.resolve(undefined),
        },
        moves: {
          announce: ({ controlUrl }) => {
            this.told.push(`later ${controlUrl}`);
          },
          tell: (_, { controlUrl }) => {
            this.told.push(`now ${controlUrl}`);
            const outcome = "configured";
            const node = host("web1");
            const detail = "tcp://hub:1";
            return Promise.resolve([{ node, role: null, outcome, detail }]);
          },
        },
        live: () => [],
        release: (node) => {
          this.released.push(node);
          return Promise.resolve(this.released.length === 1);
        },
      },
      store,
      aheadMs: () => this.aheadMs,
      lastBackupMs: () => Promise.resolve(this.backupMs),
      protection: () => ({ minPrefix4Bits: 24, minPrefix6Bits: 48 }),
      allowlist: () => ({ revision: 0 }),
      noteOf: () => "",
      hostName: host("hub"),
      version: "0.2.0",
      waitMs: 3_000,
      keepHistoryMs: 30 * 24 * HOUR_MS,
      widenedOf: () => undefined,
      growthOf: NO_GROWTH,
      records: store.records,
      clock,
      log,
    });
    this.#running = Promise.allSettled([
      this.hub.run(this.#stop.signal),
      this.service.run(this.#stop.signal),
    ]);
  }

  async report(origin: string, ...addresses: readonly string[]): Promise<void> {
    await this.hub.submit(addresses.map((text) => ({
      event: {
        kind: "report",
        jail: jail("sshd"),
        address: address(text),
        origin: host(origin),
        expiresMs: this.clock.nowMs() + 24 * HOUR_MS,
      },
    })));
  }

  /** Asks as over the socket. */
  async ask(request: OperatorRequest): Promise<OperatorAnswer> {
    const line = OPERATOR_REQUEST.encode(request);
    strictEqual(line.indexOf("\n"), line.length - 1);
    const decoded = OPERATOR_REQUEST.decode(line);
    const answers: OperatorAnswer[] = [];
    ok(!isPageRequest(decoded));
    for await (
      const answer of this.service.answer(decoded, this.#stop.signal)
    ) {
      answers.push(OPERATOR_ANSWER.decode(OPERATOR_ANSWER.encode(answer)));
    }
    strictEqual(answers.length, 1);
    const [answer] = answers;
    ok(answer !== undefined);
    return answer;
  }

  withdraw(node: string, sinceMs: number | null = null) {
    const by = "root";
    return this.ask({ kind: "withdraw", by, node: host(node), sinceMs });
  }

  /** What stands, and whose word it is. */
  quota(): Readonly<Record<string, readonly string[]>> {
    return Object.fromEntries(
      [...this.hub.table.bans()].map(({ address, reports }) => [
        address,
        reports.map(({ origin }) => origin),
      ]),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}

Deno.test("what one node reported is taken back, what others reported too stands", async () => {
  await using bench = new Bench();
  await bench.report("web1", "192.0.2.1", "192.0.2.2");
  await bench.report("web2", "192.0.2.2", "192.0.2.3");
  deepStrictEqual(await bench.withdraw("WEB1"), { kind: "done", count: 2 });
  deepStrictEqual(bench.quota(), {
    "192.0.2.2": ["web2"],
    "192.0.2.3": ["web2"],
  });
  deepStrictEqual(await bench.withdraw("web1"), { kind: "done", count: 0 });
  deepStrictEqual(await bench.withdraw("nobody"), { kind: "done", count: 0 });
});

Deno.test("what a node said since a time is taken back, what it said before stands", async () => {
  await using bench = new Bench();
  await bench.report("web1", "192.0.2.1", "192.0.2.2");
  await bench.clock.advance(2 * HOUR_MS);
  const sinceMs = bench.clock.nowMs();
  await bench.report("web1", "192.0.2.2", "192.0.2.3");
  deepStrictEqual(await bench.withdraw("web1", Math.round(sinceMs)), {
    kind: "done",
    count: 2,
  });
  deepStrictEqual(Object.keys(bench.quota()), ["192.0.2.1"]);
});

Deno.test("since when a node's words are taken back is told by the system's clock, whatever the table's says", async () => {
  for (const aheadMs of [3 * HOUR_MS, -3 * HOUR_MS]) {
    await using bench = new Bench();
    bench.aheadMs = aheadMs;
    await bench.report("web1", "192.0.2.1");
    await bench.clock.advance(2 * HOUR_MS);
    await bench.report("web1", "192.0.2.2");
    const systemMs = bench.clock.nowMs() + aheadMs;
    deepStrictEqual(await bench.withdraw("web1", systemMs - HOUR_MS), {
      kind: "done",
      count: 1,
    });
    deepStrictEqual(Object.keys(bench.quota()), ["192.0.2.1"]);
    const { detail } = bench.store.records.audit(1)[0] ?? {};
    strictEqual(
      detail,
      `1 reports since ${new Date(systemMs - HOUR_MS).toISOString()}`,
    );
  }
});

Deno.test("many reports are taken back in steps, each of them", async () => {
  await using bench = new Bench();
  const many = Array.from(
    { length: 1_201 },
    (_, at) => `198.18.${at >> 8}.${at & 255}`,
  );
  await bench.report("web1", ...many);
  const { commits } = bench.hub.counters;
  deepStrictEqual(await bench.withdraw("web1"), { kind: "done", count: 1_201 });
  strictEqual(bench.hub.table.size, 0);
  strictEqual(bench.hub.counters.commits, commits + 3);
});

Deno.test("a node is released once, and both it and a withdrawal are in the audit and the log with who asked", async () => {
  await using bench = new Bench();
  const release = {
    kind: "release",
    by: "alice as root",
    node: host("Web1"),
  } as const;
  deepStrictEqual(await bench.ask(release), { kind: "done", count: 1 });
  deepStrictEqual(await bench.ask(release), { kind: "done", count: 0 });
  await bench.withdraw("web1");
  const answer = await bench.ask({ kind: "audit", max: 10 });
  ok(answer.kind === "audit");
  deepStrictEqual(
    answer.entries.map(({ by, action, subject, detail }) =>
      [by, action, subject, detail].join("|")
    ),
    ["alice as root|node release|web1|", "root|node withdraw|web1|0 reports"],
  );
  const last = await bench.ask({ kind: "audit", max: 1 });
  ok(last.kind === "audit");
  deepStrictEqual(last.entries.map(({ action }) => action), ["node withdraw"]);
  strictEqual(
    bench.log.events.filter((it) => it === "an operator's doing").length,
    2,
  );
});

Deno.test("a store that keeps nothing is an answer, and not the end of the publisher", async () => {
  await using bench = new Bench();
  await bench.report("web1", "192.0.2.1");
  bench.store.failure = new RuntimeError("disk full");
  const answer = await bench.withdraw("web1");
  strictEqual(answer.kind, "failed");
  deepStrictEqual(bench.quota(), { "192.0.2.1": ["web1"] });
});

Deno.test("a journal comes into the audit once, and goes on where it was", async () => {
  const store = new MemoryBanStore();
  const log = new MemoryLog();
  const editor = { by: "root", atMs: 1_000 };
  const one = withMember(NO_MEMBERS, member("web1"), editor);
  await auditJournal(one, { records: store.records, log });
  await auditJournal(one, { records: store.records, log });
  const two = withMember(one, member("web2"), editor);
  await auditJournal(two, { records: store.records, log });
  deepStrictEqual(
    store.records.audit(10).map(({ subject }) => subject),
    ["web1", "web2"],
  );
  strictEqual(log.events.length, 2);
});

Deno.test("OperatorService reckons a backup's age by the system's clock, whatever the table's is", async () => {
  await using bench = new Bench();
  const age = async () => {
    const sinceMs = bench.clock.nowMs();
    let isDone = false;
    const asking = bench.ask({ kind: "status" })
      .finally(() => isDone = true);
    while (!isDone) await bench.clock.advance(1);
    const answer = await asking;
    ok(answer.kind === "status");
    return {
      backupAgoMs: answer.backupAgoMs,
      tookMs: bench.clock.nowMs() - sinceMs,
    };
  };
  strictEqual((await age()).backupAgoMs, null);
  bench.backupMs = bench.clock.nowMs() + HOUR_MS;
  bench.aheadMs = 2 * HOUR_MS;
  const { backupAgoMs, tookMs } = await age();
  ok(backupAgoMs !== null && backupAgoMs >= HOUR_MS);
  ok(backupAgoMs <= HOUR_MS + tookMs);
  // Of a clock that was set back since.
  bench.aheadMs = 0;
  strictEqual((await age()).backupAgoMs, 0);
});

Deno.test("OperatorService tells all nodes of an address, and who connects later, or one of them; it is audited", async () => {
  await using bench = new Bench();
  const urls = { controlUrl: "tcp://a:1", streamUrl: "tcp://a:2" };
  const readdress = (node: string | null) =>
    bench.ask({
      ...{ kind: "readdress", by: "root", ...urls },
      node: node === null ? null : host(node),
    });
  const answer = await readdress(null);
  deepStrictEqual(answer, {
    kind: "readdressed",
    nodes: [{
      ...{ node: host("web1"), role: null },
      ...{ outcome: "configured", detail: "tcp://hub:1" },
    }],
  });
  await readdress("web1");
  deepStrictEqual(bench.told, [
    ...["later tcp://a:1", "now tcp://a:1"],
    "now tcp://a:1",
  ]);
  deepStrictEqual(
    bench.store.records.audit(10).map(({ action, subject, detail }) =>
      `${action} ${subject} ${detail}`
    ).toSorted(),
    ["node readdress all tcp://a:1", "node readdress web1 tcp://a:1"],
  );
});

const BAD_LINES: Readonly<Record<string, string>> = {
  "nothing": "",
  "no JSON": "withdraw web1\n",
  "two lines": '{"kind":"nodes"}\n{"kind":"nodes"}\n',
  "no line end": '{"kind":"nodes"}',
  "another kind": '{"kind":"shutdown"}\n',
  "a member too many": '{"kind":"nodes","by":"root"}\n',
  "a prototype": '{"kind":"nodes","__proto__":{}}\n',
  "white space": '{ "kind":"nodes"}\n',
  "a name that is none": '{"kind":"release","by":"root","node":"a b"}\n',
  "a user with a line end": '{"kind":"release","by":"a\\nb","node":"web1"}\n',
  "too many entries": '{"kind":"audit","max":1001}\n',
  "a time that is a fraction":
    '{"kind":"withdraw","by":"root","node":"web1","sinceMs":1.5}\n',
};

for (const [what, line] of Object.entries(BAD_LINES)) {
  Deno.test(`a request of ${what} is refused`, () => {
    let refused = false;
    try {
      OPERATOR_REQUEST.decode(line);
    } catch (error) {
      refused = error instanceof RuntimeError;
    }
    ok(refused);
  });
}
