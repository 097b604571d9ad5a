import { deepStrictEqual, ok } from "node:assert/strict";
import { connect } from "node:net";
import { PublicListener } from "../../../lib/front/io/public_listener.ts";
import { freePort } from "../../support/host/test_ports.ts";

/** Connects, and resets that at once. */
function resetConnection(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.resetAndDestroy());
    socket.on("close", () => resolve());
    socket.on("error", reject);
  });
}

Deno.test("PublicListener tells a connection that was given up before it was taken from a lack of room", async () => {
  const port = freePort();
  const listener = new PublicListener(`tcp://127.0.0.1:${port}`);
  try {
    for (let times = 0; times < 3; times++) await resetConnection(port);
    const taken: unknown[] = [];
    for (let times = 0; times < 3; times++) taken.push(await listener.accept());
    deepStrictEqual(taken, ["gone", "gone", "gone"]);
    using client = await Deno.connect({ hostname: "127.0.0.1", port });
    const peer = await listener.accept();
    ok(peer !== undefined && peer !== "gone");
    deepStrictEqual([peer.address, client.remoteAddr.transport], [
      "127.0.0.1",
      "tcp",
    ]);
    peer.close();
  } finally {
    listener.close();
  }
});
