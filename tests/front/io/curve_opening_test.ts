import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { CURVE_OPENING } from "../../../lib/front/curve_opening.ts";
import { ZmqBench } from "../../support/bench/zmq_bench.ts";
import { newCurveKeys } from "../../support/values/curve_keys.ts";

const SERVER = newCurveKeys();

/** Reads at least so many bytes. */
async function readAtLeast(connection: Deno.Conn, count: number) {
  const buffer = new Uint8Array(1_024);
  let length = 0;
  while (length < count) {
    const read = await connection.read(buffer.subarray(length));
    if (read === null) throw new Error(`Only ${length} bytes came`);
    length += read;
  }
  return buffer.slice(0, length);
}

Deno.test("libzmq's own greeting is the one that the front says in its place", async () => {
  await using bench = new ZmqBench();
  await using router = bench.context.router("tcp://127.0.0.1:*", {
    ...bench.limits,
    security: { secretKey: SERVER.secretKey, zapDomain: "any" },
  });
  const { hostname, port } = new URL(router.endpoint.replace("tcp", "http"));
  using connection = await Deno.connect({ hostname, port: Number(port) });
  await connection.write(CURVE_OPENING.greeting);
  const { greeting } = CURVE_OPENING;
  deepStrictEqual(await readAtLeast(connection, greeting.length), greeting);
});

Deno.test("what libzmq's CURVE client says to that greeting is the beginning of a handshake", async () => {
  await using bench = new ZmqBench();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await using _client = bench.context.dealer(
    `tcp://127.0.0.1:${listener.addr.port}`,
    {
      ...bench.limits,
      security: { keys: newCurveKeys(), serverKey: SERVER.publicKey },
    },
  );
  using connection = await listener.accept();
  await connection.write(CURVE_OPENING.greeting);
  const said = await readAtLeast(connection, 266);
  for (let length = 0; length < 266; length++) {
    strictEqual(CURVE_OPENING.judge(said.subarray(0, length)), "more");
  }
  strictEqual(CURVE_OPENING.judge(said), "begun");
});
