/**
 * Receives the messages of a control socket, one after the other.
 *
 * @module
 */

import type { PublisherMessage } from "../wire/v2_messages.ts";
import { LostSessionError } from "./session.ts";
import type { MessageSocket } from "../zmq/ports.ts";
import { REASONS } from "./session_errors.ts";
import { decodePublisherMessage } from "../wire/v2.ts";

/** Whatever a publisher says that serves. */
export type Heard = Exclude<PublisherMessage, { readonly kind: "ERROR" }>;

/**
 * Waits for the next message.
 *
 * @param socket A DEALER.
 * @param signal Ends the wait.
 * @throws {LostSessionError} when the publisher says ERROR or what is not
 * understood.
 */
export async function receiveMessage(
  socket: MessageSocket,
  signal: AbortSignal,
): Promise<Heard> {
  const decoded = decodePublisherMessage(await socket.receive(signal));
  if (!decoded.ok) {
    throw new LostSessionError(
      `what it says is not understood: ${decoded.reason}`,
    );
  }
  const message = decoded.value;
  if (message.kind !== "ERROR") return message;
  throw new LostSessionError(REASONS[message.code], message.code, {
    cause: message.message,
  });
}

/** For a message that has no place where it came. */
export function outOfStep({ kind }: PublisherMessage): LostSessionError {
  return new LostSessionError(`it says ${kind} out of step`);
}
