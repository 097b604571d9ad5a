/**
 * Hears of the allowlist in the heartbeats of the stream, in case that what was
 * said of it on the control socket got lost.
 *
 * @module
 */

import type { ControlClient } from "../client/control_client.ts";

/** Has the session converse anew where it has missed a list. */
export class AllowlistCheck {
  readonly #session: Pick<ControlClient, "allowlist" | "renew">;
  /** What the heartbeat before named. */
  #before: number | undefined;

  /** @param session Is told the list with each WELCOME. */
  constructor(session: Pick<ControlClient, "allowlist" | "renew">) {
    this.#session = session;
  }

  /**
   * Takes a heartbeat. A list that only one has named may be on its way; what
   * the next one names as well is not.
   *
   * @param revision The revision that it names.
   */
  receive(revision: number): void {
    const { allowlist } = this.#session;
    const isLost = allowlist !== undefined && revision !== allowlist &&
      revision === this.#before;
    this.#before = isLost ? undefined : revision;
    if (isLost) this.#session.renew();
  }
}
