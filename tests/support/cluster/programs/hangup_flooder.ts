/**
 * A peer that repeatedly floods over several connections, reads no answer, and
 * hangs up. Prints `flooding` before the last round, in which it may be killed,
 * and at the end the number of messages.
 *
 * usage: hangup_flooder.ts KIND URL MEMBERSHIP_JSON PING_MS ROUNDS
 *
 * KIND is `sync` (requests the table), `hello` (HELLO with a wrong token),
 * `junk` or `protocol1` (neither key nor token). With PING_MS above 0 it also
 * sends ZMTP PINGs.
 *
 * @module
 */

import * as zmq from "zeromq";
import { deadline } from "../../host/deadline.ts";

const CONNECTIONS = 6;
const ROUND_MS = 700;
const ANSWER_MS = 5_000;

const [kind = "", url = "", json = "{}", pingMs = "0", rounds = "1"] =
  Deno.args;
const { node, token, keys, publisherKey } = JSON.parse(json);
const hello = (said: string, role: string) => [
  "F2B2",
  "HELLO",
  JSON.stringify({ node, role, token: said, version: "1.0.0" }),
];

/** A connection that reads almost nothing. */
function connect(context: zmq.Context): zmq.Dealer {
  const dealer = new zmq.Dealer({
    ...{ context, linger: 0, sendTimeout: 0, receiveTimeout: 0 },
    ...{ receiveHighWaterMark: 1, receiveBufferSize: 4_096 },
    ...(Number(pingMs) > 0
      ? { heartbeatInterval: Number(pingMs), heartbeatTimeout: 60_000 }
      : {}),
    ...(kind === "protocol1" ? {} : {
      curvePublicKey: keys.publicKey,
      curveSecretKey: keys.secretKey,
      curveServerKey: publisherKey,
    }),
  });
  dealer.connect(url);
  return dealer;
}

const say = (line: string) =>
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** @returns Whether there was room. */
async function send(dealer: zmq.Dealer, frames: string[]): Promise<boolean> {
  try {
    await dealer.send(frames);
    return true;
  } catch {
    return false;
  }
}

/** Sends a correct HELLO. @returns The session, if any. */
async function join(dealer: zmq.Dealer): Promise<string | undefined> {
  const endMs = performance.now() + deadline(ANSWER_MS);
  let isSaid = false;
  while (performance.now() < endMs) {
    isSaid ||= await send(dealer, hello(token, "subscriber"));
    await pause(5);
    try {
      const [, , body] = await dealer.receive();
      return JSON.parse(String(body)).session;
    } catch {
      // No answer yet.
    }
  }
  return undefined;
}

/** The flooding message. */
async function messageOf(dealer: zmq.Dealer): Promise<string[]> {
  switch (kind) {
    case "sync": {
      const session = await join(dealer);
      const question = { session, epoch: null, since: 0, part: 0 };
      return ["F2B2", "SYNC", JSON.stringify(question)];
    }
    case "hello":
      return hello("x".repeat(43), "monitor");
    case "junk":
      return ["x".repeat(10)];
    case "protocol1":
      return ["", "a|b|c"];
    default:
      throw new RangeError(`No kind is named "${kind}"`);
  }
}

let sent = 0;
for (let round = 1; round <= Number(rounds); round++) {
  const context = new zmq.Context({ blocky: false });
  const flooders = await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      const dealer = connect(context);
      return { dealer, message: await messageOf(dealer) };
    }),
  );
  if (round === Number(rounds)) say("flooding");
  const endMs = performance.now() + ROUND_MS;
  while (performance.now() < endMs) {
    let isTaken = false;
    for (const { dealer, message } of flooders) {
      if (!await send(dealer, message)) continue;
      isTaken = true;
      sent++;
    }
    if (!isTaken) await pause(1);
  }
  for (const { dealer } of flooders) dealer.close();
}
say(JSON.stringify({ sent }));
Deno.exit(0);
