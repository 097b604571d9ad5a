/**
 * Compares the allowlist revision in the stream's heartbeats, in case a message
 * with the list on the control socket was lost.
 *
 * @module
 */

import type { ControlClient } from "../client/control_client.ts";

/** Restarts the session when it has missed a list. */
export class AllowlistCheck {
  readonly #session: Pick<ControlClient, "allowlist" | "renew">;
  /** The revision in the previous heartbeat. */
  #before: number | undefined;

  /** @param session Receives the list with each WELCOME. */
  constructor(session: Pick<ControlClient, "allowlist" | "renew">) {
    this.#session = session;
  }

  /**
   * Handles a heartbeat. After one heartbeat with a new revision the list may
   * still be under way; after a second one it is lost.
   *
   * @param revision The heartbeat's revision.
   */
  receive(revision: number): void {
    const { allowlist } = this.#session;
    const isLost = allowlist !== undefined && revision !== allowlist &&
      revision === this.#before;
    this.#before = isLost ? undefined : revision;
    if (isLost) this.#session.renew();
  }
}
