/**
 * Tells the publisher that a program leaves.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { inTime } from "../async/tasks.ts";
import type { SessionId } from "../base/ids.ts";
import type { PublisherMessage } from "../wire/v2_messages.ts";
import {
  type DecodedV2,
  decodePublisherMessage,
  encodeNodeMessage,
} from "../wire/v2.ts";
import type { MessageSocket } from "../zmq/ports.ts";

/**
 * Timeout for BYE and its answer, in milliseconds; then the connection is
 * closed.
 */
export const BYE_MS = 250;

/**
 * Sends BYE. The answer shows that it arrived; without one it does not wait
 * longer than {@link BYE_MS}.
 */
export async function sayBye(
  socket: MessageSocket,
  session: SessionId,
  clock: Pick<Clock, "delay">,
): Promise<void> {
  const bye = encodeNodeMessage({ kind: "BYE", session });
  const { signal } = new AbortController();
  await inTime(clock, BYE_MS, signal, async (ended) => {
    await socket.send(bye, ended);
    while (!isFarewell(decodePublisherMessage(await socket.receive(ended))));
  });
}

/** Whether a message answers BYE, or says that the session had ended before. */
function isFarewell(decoded: DecodedV2<PublisherMessage>): boolean {
  if (!decoded.ok) return false;
  const { value } = decoded;
  return value.kind === "ERROR" || value.kind === "ACK" && value.batch === 0;
}
