/**
 * zeromq.js with nothing on top: the machine's raw limit. It looks again and
 * again instead of waiting, which no program of ours may.
 *
 * @module
 */

import type * as zmq from "zeromq";
import { writeText } from "../roles/program/write_text.ts";

/** Options of a socket that never waits. */
export const SENDER = {
  sendTimeout: 0,
  receiveTimeout: 0,
  sendHighWaterMark: 0,
  receiveHighWaterMark: 0,
  linger: 1_000,
} as const;

/** Receives; looks until there is something. */
export async function bareReceive(
  socket: zmq.Router | zmq.Dealer | zmq.Subscriber,
): Promise<Uint8Array[]> {
  while (true) {
    if (socket.readable) {
      const message = await unlessAgain(socket.receive());
      if (message !== undefined) return message;
    }
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

/** Sends; tries until there is room. */
export async function bareSend(
  socket: zmq.Router | zmq.Dealer | zmq.Publisher,
  message: readonly (Uint8Array | string)[],
): Promise<void> {
  const send = async () => {
    await socket.send([...message]);
    return true;
  };
  while (await unlessAgain(send()) === undefined) {
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

/** Says something on standard output. */
export function say(text: string): void {
  writeText(Deno.stdout, `${text}\n`);
}

async function unlessAgain<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EAGAIN") {
      return undefined;
    }
    throw error;
  }
}
