import { rejects, strictEqual } from "node:assert/strict";
import { RuntimeError } from "../../../lib/base/errors.ts";
import { Fail2banSocket } from "../../../lib/fail2ban/io/fail2ban_socket.ts";
import {
  answer,
  type Behaviour,
  Fail2banPeer,
} from "../../support/fail2ban/fail2ban_peer.ts";
import { TempDir } from "../../support/host/temp_dir.ts";

const PONG = "\x80\x02K\0U\x04pong\x86.";
const SIGNAL = new AbortController().signal;

/** Says pong, whatever it is told, and stays. */
const stays: Behaviour = async (connection) => {
  await answer(connection, PONG);
  return "keep";
};

async function ping(socket: Fail2banSocket): Promise<void> {
  strictEqual((await socket.command(["ping"], SIGNAL)).kind, "done");
}

Deno.test("a fail2ban that was started anew is counted, a connection that was lost is not", async () => {
  await using dir = await TempDir.create();
  const path = dir.path("fail2ban.sock");
  await using socket = new Fail2banSocket({ path });
  strictEqual(socket.servers, 0);
  {
    await using peer = new Fail2banPeer(path, stays);
    await ping(socket);
    await peer.hangUp();
    await ping(socket);
    strictEqual(socket.servers, 1);
  }
  await Deno.remove(path).catch((error: unknown) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  await using _another = new Fail2banPeer(path, stays);
  await ping(socket);
  strictEqual(socket.servers, 2);
});

Deno.test("an unban of a prefix is not given again when the connection was lost, other commands are", async () => {
  await using dir = await TempDir.create();
  const path = dir.path("fail2ban.sock");
  await using socket = new Fail2banSocket({ path });
  await using peer = new Fail2banPeer(path, stays);
  const unban = (target: string) =>
    socket.command(["set", "sshd", "unbanip", target], SIGNAL);
  await ping(socket);
  await peer.hangUp();
  strictEqual((await unban("192.0.2.1")).kind, "done");
  await peer.hangUp();
  await rejects(unban("192.0.2.0/24"), RuntimeError);
  strictEqual(peer.heard.filter((text) => text.includes("/24")).length, 0);
  await ping(socket);
});

Deno.test("whatever the system says of the socket's path is an error to mend", async () => {
  const paths = ["/etc/passwd/x", `/${"x".repeat(200)}`, "/etc/passwd"];
  for (const path of paths) {
    await using socket = new Fail2banSocket({ path });
    await rejects(socket.command(["ping"], SIGNAL), RuntimeError, path);
  }
});
