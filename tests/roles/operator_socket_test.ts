import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { commandSocketPath } from "../../lib/cli/command_socket.ts";
import {
  askPublisher,
  listenForOperators,
} from "../../roles/program/operator_socket.ts";
import type {
  OperatorAnswer,
  OperatorRequest,
} from "../../lib/wire/operator_messages.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";
import { address, host, jail } from "../support/values/core_values.ts";
import { TempDir } from "../support/host/temp_dir.ts";
import { waitUntil } from "../support/host/wait_until.ts";

const LOG = new MemoryLog();
const REQUEST: OperatorRequest = { kind: "nodes" };
const ANSWER: OperatorAnswer = { kind: "done", count: 3 };

async function* once(
  answer: OperatorAnswer,
): AsyncGenerator<OperatorAnswer, void, undefined> {
  yield await Promise.resolve(answer);
}

/** What a publisher answers with, line by line; nothing where none runs. */
async function ask(
  path: string,
  request = REQUEST,
): Promise<readonly OperatorAnswer[]> {
  return await Array.fromAsync(askPublisher(path, request));
}

async function say(path: string, bytes: Uint8Array): Promise<string> {
  using connection = await Deno.connect({ transport: "unix", path });
  await connection.write(bytes);
  return await new Response(connection.readable).text();
}

Deno.test("a request is answered, on a socket for its user only, that goes with its server", async () => {
  await using dir = await TempDir.create();
  const path = commandSocketPath(dir.path("publisher.pid"));
  strictEqual(path, dir.path("publisher.command.sock"));
  deepStrictEqual(await ask(path), []);
  const asked: OperatorRequest[] = [];
  {
    await using _socket = await listenForOperators(path, (request) => {
      asked.push(request);
      return once(ANSWER);
    }, LOG);
    strictEqual(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
    deepStrictEqual(await ask(path), [ANSWER]);
    deepStrictEqual(asked, [REQUEST]);
  }
  deepStrictEqual(await ask(path), []);
});

Deno.test("whoever says nothing, too much or nonsense on the socket holds nobody up", async () => {
  await using dir = await TempDir.create();
  const path = dir.path("a.sock");
  await using _socket = await listenForOperators(
    path,
    () => once(ANSWER),
    LOG,
  );
  const silent = await Promise.all(
    Array.from({ length: 10 }, () => Deno.connect({ transport: "unix", path })),
  );
  deepStrictEqual(await ask(path), [ANSWER]);
  const nonsense = new TextEncoder().encode('{"kind":"nothing"}\n');
  strictEqual(
    await say(path, nonsense),
    '{"kind":"failed","message":"the publisher does not understand the request",' +
      '"hint":"it runs another version: restart it"}\n',
  );
  strictEqual(
    (await say(path, new Uint8Array(4_096).fill(0x20))).startsWith(
      '{"kind":"failed"',
    ),
    true,
  );
  deepStrictEqual(await ask(path), [ANSWER]);
  for (const connection of silent) connection.close();
});

Deno.test("a server that answers with something else is named, with its socket", async () => {
  await using dir = await TempDir.create();
  const path = dir.path("a.sock");
  using listener = Deno.listen({ transport: "unix", path });
  const serving = (async () => {
    using connection = await listener.accept();
    await connection.read(new Uint8Array(1_024));
    await connection.write(new TextEncoder().encode("hello\n"));
  })();
  await rejects(ask(path), {
    name: "RuntimeError",
    message:
      `the publisher can't be asked on ${path}: the answer is damaged: its form is not as written`,
  });
  await serving;
});

const PAGE: OperatorAnswer = {
  kind: "bans",
  bans: Array.from({ length: 200 }, (_, at) => ({
    address: address(`198.18.0.${at}`),
    jail: jail("sshd"),
    reports: [{ node: host("web1"), firstMs: 1, lastMs: 2, endsMs: null }],
    isPending: false,
    change: at,
    enforced: 0,
    expected: 0,
    observed: 0,
    missing: [],
  })),
};
const BANS: OperatorRequest = {
  kind: "bans",
  filter: {
    jail: null,
    node: null,
    at: null,
    within: null,
    sinceMs: null,
    notEnforced: false,
  },
  sort: null,
  limit: null,
};
const TAIL: OperatorRequest = {
  kind: "tail",
  filter: { jail: null, node: null, at: null, within: null },
};

Deno.test("a long answer comes in lines, and is made only as it is read", async () => {
  await using dir = await TempDir.create();
  const path = dir.path("a.sock");
  let made = 0;
  const isLet = Promise.withResolvers<void>();
  await using _socket = await listenForOperators(path, async function* () {
    for (; made < 1_000; made++) yield PAGE;
    yield { kind: "listed", matched: 200_000 };
    await isLet.promise;
  }, LOG);
  let read = 0;
  for await (const answer of askPublisher(path, BANS)) {
    if (answer.kind === "bans") read++;
    if (read === 1) {
      // The system's buffers take some of it, and no more is made.
      let before = -1;
      while (made !== before) {
        before = made;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      ok(made < 100, `${made} pages wait for a reader`);
    }
    if (answer.kind === "listed") deepStrictEqual(answer.matched, 200_000);
  }
  strictEqual(read, 1_000);
  isLet.resolve();
});

Deno.test("whoever goes away ends the answer, also one that waits for something to say", async () => {
  await using dir = await TempDir.create();
  const path = dir.path("a.sock");
  const ended = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  await using _socket = await listenForOperators(
    path,
    async function* (_request, gone) {
      yield PAGE;
      begun.resolve();
      await new Promise((resolve) =>
        gone.addEventListener("abort", resolve, { once: true })
      );
      ended.resolve();
    },
    LOG,
  );
  for await (const _ of askPublisher(path, BANS)) {
    await begun.promise;
    break;
  }
  await ended.promise;
});

Deno.test("an answer that ends before its last line is told from a whole one", async () => {
  await using dir = await TempDir.create();
  const path = dir.path("a.sock");
  await using _socket = await listenForOperators(path, () => once(PAGE), LOG);
  await rejects(ask(path, BANS), {
    name: "RuntimeError",
    message: `the publisher can't be asked on ${path}: its answer was cut`,
  });
});

Deno.test("however many watch and list, a request that is answered at once has a place, and so has the next who watches when one ends", async () => {
  await using dir = await TempDir.create();
  const path = dir.path("a.sock");
  await using _socket = await listenForOperators(
    path,
    async function* (request, gone) {
      if (request.kind === "nodes") return yield ANSWER;
      yield request.kind === "tail" ? { kind: "events", events: [] } : PAGE;
      if (gone.aborted) return;
      await new Promise((resolve) =>
        gone.addEventListener("abort", resolve, { once: true })
      );
    },
    LOG,
  );
  /** Begins to read an answer, and goes on holding it. */
  const begun = async (request: OperatorRequest, held: AbortController) => {
    const answer = askPublisher(path, request, held.signal);
    const { value } = await answer.next();
    return { answer, kind: value?.kind };
  };
  const held = new AbortController();
  const first = new AbortController();
  const kinds: (string | undefined)[] = [];
  const answers: AsyncGenerator<OperatorAnswer>[] = [];
  for (
    const [count, request] of [[40, TAIL], [40, BANS]] as const
  ) {
    for (let at = 0; at < count; at++) {
      const { answer, kind } = await begun(
        request,
        kinds.length === 0 ? first : held,
      );
      kinds.push(kind);
      answers.push(answer);
    }
  }
  const countOf = (kind: string) =>
    kinds.filter((each) => each === kind).length;
  deepStrictEqual(
    [countOf("events"), countOf("bans"), countOf("failed")],
    [16, 8, 56],
  );
  deepStrictEqual(
    await Promise.all(Array.from({ length: 8 }, () => ask(path))),
    Array.from({ length: 8 }, () => [ANSWER]),
  );
  first.abort();
  await answers[0]?.next();
  await waitUntil(
    async () => {
      const { answer, kind } = await begun(TAIL, held);
      answers.push(answer);
      return kind === "events";
    },
    { what: "the place of who has gone", timeoutMs: 5_000, intervalMs: 20 },
  );
  held.abort();
  for (const answer of answers) await answer.next();
});
