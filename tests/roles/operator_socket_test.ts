import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
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
import { TempDir } from "../support/host/temp_dir.ts";

const LOG = new MemoryLog();
const REQUEST: OperatorRequest = { kind: "nodes" };
const ANSWER: OperatorAnswer = { kind: "done", count: 3 };

async function say(path: string, bytes: Uint8Array): Promise<string> {
  using connection = await Deno.connect({ transport: "unix", path });
  await connection.write(bytes);
  return await new Response(connection.readable).text();
}

Deno.test("a request is answered, on a socket for its user only, that goes with its server", async () => {
  await using dir = await TempDir.create();
  const path = commandSocketPath(dir.path("publisher.pid"));
  strictEqual(path, dir.path("publisher.command.sock"));
  strictEqual(await askPublisher(path, REQUEST), undefined);
  const asked: OperatorRequest[] = [];
  {
    await using _socket = await listenForOperators(path, (request) => {
      asked.push(request);
      return Promise.resolve(ANSWER);
    }, LOG);
    strictEqual(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
    deepStrictEqual(await askPublisher(path, REQUEST), ANSWER);
    deepStrictEqual(asked, [REQUEST]);
  }
  strictEqual(await askPublisher(path, REQUEST), undefined);
});

Deno.test("whoever says nothing, too much or nonsense on the socket holds nobody up", async () => {
  await using dir = await TempDir.create();
  const path = dir.path("a.sock");
  await using _socket = await listenForOperators(
    path,
    () => Promise.resolve(ANSWER),
    LOG,
  );
  const silent = await Promise.all(
    Array.from({ length: 10 }, () => Deno.connect({ transport: "unix", path })),
  );
  deepStrictEqual(await askPublisher(path, REQUEST), ANSWER);
  const nonsense = new TextEncoder().encode('{"kind":"nothing"}\n');
  strictEqual(
    await say(path, nonsense),
    '{"kind":"failed","message":"the publisher does not understand what it is asked",' +
      '"hint":"it is of another version: restart it"}\n',
  );
  strictEqual(
    (await say(path, new Uint8Array(4_096).fill(0x20))).startsWith(
      '{"kind":"failed"',
    ),
    true,
  );
  deepStrictEqual(await askPublisher(path, REQUEST), ANSWER);
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
  await rejects(askPublisher(path, REQUEST), {
    name: "RuntimeError",
    message:
      `the publisher can't be asked on ${path}: the answer is damaged: its form is not as written`,
  });
  await serving;
});
