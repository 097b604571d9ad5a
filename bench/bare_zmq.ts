/**
 * zeromq.js without anything on top: the machine's limit. It polls in a busy
 * loop, which our programs must not do.
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

/** Receives a message; polls until there is one. */
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

/** Sends a message; retries until there is room. */
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

/** Writes a line to standard output. */
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
