/**
 * Receives and decodes the messages of a control socket.
 *
 * @module
 */

import type { PublisherMessage } from "../wire/v2_messages.ts";
import { LostSessionError } from "./session.ts";
import type { MessageSocket } from "../zmq/ports.ts";
import { REASONS } from "./session_errors.ts";
import { decodePublisherMessage } from "../wire/v2.ts";

/** Any message of a publisher that serves the node. */
export type Heard = Exclude<PublisherMessage, { readonly kind: "ERROR" }>;

/**
 * Waits for the next message.
 *
 * @param socket A DEALER.
 * @param signal Ends the wait.
 * @throws {LostSessionError} when the publisher sends ERROR or an invalid
 * message.
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

/** The error for a message of a kind that is not allowed at this point. */
export function outOfStep({ kind }: PublisherMessage): LostSessionError {
  return new LostSessionError(`it says ${kind} out of step`);
}
