/**
 * A port at which nobody speaks: whoever comes is hung up on after as long as
 * libzmq waits for a handshake. Says `URL` once it is open.
 *
 * usage: closing_port.ts
 *
 * @module
 */

const HANDSHAKE_MS = 3_000;

const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
const url = `tcp://127.0.0.1:${listener.addr.port}`;
Deno.stdout.writeSync(new TextEncoder().encode(`${url}\n`));
for await (const peer of listener) {
  setTimeout(() => peer.close(), HANDSHAKE_MS);
}
