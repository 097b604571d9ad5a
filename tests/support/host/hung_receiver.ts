/**
 * Receivers that never read datagrams from their queue.
 *
 * @module
 */

import type { DatagramSender } from "../../../lib/log/datagram_sender.ts";

/** Time to wait for a datagram that needs room, in milliseconds. */
export const PENDING_MS = 200;
/**
 * Number of turns in which it may be sent: a process that was stopped for a
 * while had none.
 */
const TURNS = 20;

/** Listens, and reads only when asked. */
export function listenOnly(path: string): Deno.DatagramConn & Disposable {
  const socket = Deno.listenDatagram({ transport: "unixpacket", path });
  return Object.assign(socket, { [Symbol.dispose]: () => socket.close() });
}

/**
 * Fills a receiver's queue. @returns The pending send of the first datagram
 * without room.
 */
export async function fillQueue(
  datagrams: DatagramSender,
  path: string,
): Promise<{ readonly waiting: Promise<void> }> {
  while (true) {
    const waiting = datagrams.send(new Uint8Array(5), path);
    if (!await isSoon(waiting)) return { waiting };
  }
}

async function isSoon(sending: Promise<void>): Promise<boolean> {
  let isSent = false;
  const sent = sending.then(() => {
    isSent = true;
  });
  for (let turn = 0; turn < TURNS && !isSent; turn++) {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const passed = new Promise((resolve) => {
      timer = setTimeout(resolve, PENDING_MS / TURNS);
    });
    await Promise.race([sent, passed]);
    clearTimeout(timer);
  }
  return isSent;
}
