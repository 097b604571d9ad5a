import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import type { PickleValue } from "../../lib/fail2ban/pickle.ts";
import {
  readAbilities,
  readBannedInStatus,
  readBanTime,
  readCount,
  readIgnored,
  readJails,
  readTickets,
} from "../../lib/fail2ban/replies.ts";
import { Fail2banProcess } from "../../lib/fail2ban/io/fail2ban_process.ts";
import { Fail2banSocket } from "../../lib/fail2ban/io/fail2ban_socket.ts";
import { SystemClock } from "../../lib/async/io/system_clock.ts";
import type { Fail2banClient } from "../../lib/fail2ban/ports.ts";
import {
  type Fail2banServer,
  startFail2ban,
} from "../support/fail2ban/fail2ban_server.ts";
import { MemoryFail2ban } from "../support/memory/memory_fail2ban.ts";
import { testWith } from "../support/host/real_parts.ts";
import { TempDir } from "../support/host/temp_dir.ts";

const SIGNAL = new AbortController().signal;
const IGNORED = ["127.0.0.0/8", "::1", "host.invalid"];

/** The value of a command that is done. */
async function done(
  client: Fail2banClient,
  ...words: string[]
): Promise<PickleValue> {
  const reply = await client.command(words, SIGNAL);
  ok(reply.kind === "done", JSON.stringify(reply));
  return reply.value;
}

/** Whom a jail bans. */
async function banned(client: Fail2banClient, jail: string): Promise<string[]> {
  const status = readBannedInStatus(await done(client, "status", jail));
  return status.map(({ address }) => address).sort();
}

/** What every client does, of a fail2ban that has the jails `a` and `b`. */
const BEHAVIOURS: Readonly<
  Record<string, (client: Fail2banClient) => Promise<void>>
> = {
  "says who it is": async (client) => {
    await done(client, "ping");
    deepStrictEqual(readAbilities(await done(client, "version")), {
      takesMany: true,
      listsTimes: true,
      knowsIpv6: true,
    });
    const jails = readJails(await done(client, "status"));
    deepStrictEqual([...jails], ["a", "b"]);
  },
  "tells whom a jail never bans": async (client) => {
    const ignored = readIgnored(await done(client, "get", "b", "ignoreip"));
    deepStrictEqual(ignored.toSorted(), IGNORED.toSorted());
    deepStrictEqual(
      readIgnored(await done(client, "get", "a", "ignoreip")),
      [],
    );
  },
  "tells how long a jail bans": async (client) => {
    strictEqual(readBanTime(await done(client, "get", "a", "bantime")), 600);
  },
  "bans, and counts who was not banned already": async (client) => {
    deepStrictEqual(await banned(client, "a"), []);
    const first = await done(client, "set", "a", "banip", "192.0.2.1", "::2");
    strictEqual(readCount(first), 2);
    const again = await done(
      client,
      ...["set", "a", "banip", "::2", "192.0.2.0/28", "192.0.2.1"],
    );
    strictEqual(readCount(again), 1);
    deepStrictEqual(await banned(client, "a"), [
      "192.0.2.0/28",
      "192.0.2.1",
      "::2",
    ]);
    deepStrictEqual(await banned(client, "b"), []);
  },
  "bans whom ignoreip protects": async (client) => {
    strictEqual(readCount(await done(client, "set", "b", "banip", "::1")), 1);
    deepStrictEqual(await banned(client, "b"), ["::1"]);
  },
  "tells how long bans hold": async (client) => {
    await done(client, "set", "a", "banip", "192.0.2.1", "2001:db8::/48");
    const listed = await done(client, "get", "a", "banip", "--with-time");
    deepStrictEqual(
      readTickets(listed).map(({ address, times }) => [address, times?.seconds])
        .sort(),
      [["192.0.2.1", 600], ["2001:db8::/48", 600]],
    );
    const none = await done(client, "get", "b", "banip", "--with-time");
    deepStrictEqual(readTickets(none), []);
  },
  "lifts bans, and does not mind those that are not there": async (client) => {
    await done(client, "set", "a", "banip", "192.0.2.1", "192.0.2.2");
    const count = await done(
      client,
      ...["set", "a", "unbanip", "192.0.2.2", "192.0.2.3"],
    );
    strictEqual(readCount(count), 1);
    deepStrictEqual(await banned(client, "a"), ["192.0.2.1"]);
  },
  "lifts all within a prefix that is not banned itself": async (client) => {
    const targets = ["192.0.2.1", "192.0.2.2", "198.51.100.1", "192.0.2.8/29"];
    await done(client, "set", "a", "banip", ...targets);
    const count = await done(client, "set", "a", "unbanip", "192.0.2.0/24");
    strictEqual(readCount(count), 3);
    deepStrictEqual(await banned(client, "a"), ["198.51.100.1"]);
  },
  "says when there is no such jail": async (client) => {
    const words = [
      ["set", "nope", "banip", "192.0.2.1"],
      ["set", "nope", "unbanip", "192.0.2.1"],
      ["get", "nope", "ignoreip"],
      ["get", "nope", "bantime"],
      ["get", "nope", "banip", "--with-time"],
      ["status", "nope"],
    ];
    for (const command of words) {
      const reply = await client.command(command, SIGNAL);
      deepStrictEqual(reply, { kind: "no_jail" }, command.join(" "));
    }
  },
  "takes nothing but commands": async (client) => {
    const words = [
      ["set", "a", "banip", "192.0.2.1\n"],
      ["set", "a", "banip", "$(id)"],
      ["set", "a", "banip", "--help"],
      ["set", "--all", "unbanip", "192.0.2.1"],
      ["set", "logtarget", "banip", "192.0.2.1"],
      ["unban", "--all"],
      [],
    ];
    for (const command of words) {
      await rejects(client.command(command, SIGNAL), RangeError);
    }
  },
  "takes one command at a time": async (client) => {
    const first = client.command(["ping"], SIGNAL);
    await rejects(client.command(["ping"], SIGNAL), /another command waits/);
    strictEqual((await first).kind, "done");
  },
  "does nothing after a stop": async (client) => {
    const signal = AbortSignal.abort(new Error("stopped"));
    const words = ["set", "a", "banip", "192.0.2.1"];
    await rejects(client.command(words, signal), /stopped/);
    deepStrictEqual(await banned(client, "a"), []);
  },
};

/** Clients of a real fail2ban. */
const REAL: Readonly<
  Record<string, (server: Fail2banServer) => Fail2banClient>
> = {
  "the socket": ({ socketPath: path }) => new Fail2banSocket({ path }),
  "fail2ban-client": ({ socketPath }) => new Fail2banProcess({ socketPath }),
};

for (const [name, connect] of Object.entries(REAL)) {
  testWith("fail2ban", `${name} does what every client does`, async () => {
    await using dir = await TempDir.create();
    await using server = await startFail2ban({
      dir: dir.path(),
      jails: { a: {}, b: { ignoreip: IGNORED.join(" ") } },
    });
    await using client = connect(server);
    for (const [what, behaves] of Object.entries(BEHAVIOURS)) {
      try {
        await behaves(client);
      } catch (cause) {
        throw new Error(`${name} ${what}`, { cause });
      }
      await server.client("unban", "--all");
    }
  });
}

for (const [what, behaves] of Object.entries(BEHAVIOURS)) {
  Deno.test(`a fail2ban in memory ${what}`, async () => {
    const memory = new MemoryFail2ban(new SystemClock());
    memory.jail("a");
    memory.jail("b").ignored = IGNORED;
    await behaves(memory);
  });
}
