/**
 * The way of a ban with only what Deno needs for it: the log's events, ZeroMQ
 * and SQLite, without keys, checks or copies. What our programs take beyond
 * this is their own; what this takes beyond `latency_limit.py` is Deno's.
 *
 * usage: bare_way.ts hub DATABASE | reader LOG URL | follower URL PIPE
 *
 * The hub says `ready URL URL` once it listens, the others `ready`.
 *
 * @module
 */

import { basename, dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { FolderEvents } from "../../lib/tail/io/folder_events.ts";
import { LibcPoll } from "../../lib/zmq/io/libc_poll.ts";
import { ZmqContext } from "../../lib/zmq/io/zmq_socket.ts";
import { say } from "../bare_zmq.ts";

const SETUP = { maxMessageBytes: 4_096 };
const ANY_PORT = "tcp://127.0.0.1:*";
const ACCEPTED = new TextEncoder().encode("ok");
const { signal } = new AbortController();

async function hub(context: ZmqContext, path: string): Promise<void> {
  const router = context.router(ANY_PORT, SETUP);
  const publisher = context.publisher(ANY_PORT, SETUP);
  using database = new DatabaseSync(path);
  database.exec(
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;" +
      "CREATE TABLE t(seq INTEGER PRIMARY KEY, line TEXT)",
  );
  const insert = database.prepare("INSERT INTO t(line) VALUES(?)");
  const decoder = new TextDecoder();
  say(`ready ${router.endpoint} ${publisher.endpoint}`);
  while (true) {
    const [route, line] = await router.receive(signal);
    if (route === undefined || line === undefined) continue;
    insert.run(decoder.decode(line));
    await publisher.send([line], signal);
    await router.send([route, ACCEPTED], signal);
  }
}

async function reader(
  context: ZmqContext,
  log: string,
  url: string,
): Promise<void> {
  const dealer = context.dealer(url, SETUP);
  using file = await Deno.open(log);
  const buffer = new Uint8Array(4_096);
  const sendNew = async () => {
    const count = file.readSync(buffer) ?? 0;
    if (count > 0) await dealer.send([buffer.slice(0, count)], signal);
  };
  await using _events = FolderEvents.open(
    dirname(log),
    basename(log),
    () => void sendNew(),
  );
  say("ready");
  while (true) await dealer.receive(signal);
}

async function follower(
  context: ZmqContext,
  url: string,
  path: string,
): Promise<void> {
  const subscriber = context.subscriber(url, "", SETUP);
  using pipe = await Deno.open(path, { read: true, write: true });
  const [decoder, encoder] = [new TextDecoder(), new TextEncoder()];
  say("ready");
  while (true) {
    const [line] = await subscriber.receive(signal);
    const address = decoder.decode(line).trimEnd().split(" ").at(-1);
    pipe.writeSync(encoder.encode(`|Ban|${address}\n`));
  }
}

const [role, first = "", second = ""] = Deno.args;
await using poll = new LibcPoll();
await using zeromq = new ZmqContext(poll);
if (role === "hub") await hub(zeromq, first);
else if (role === "reader") await reader(zeromq, first, second);
else await follower(zeromq, first, second);
