/**
 * Applies the rules of `receiver_choice.ts` to very many bans: it judges each
 * jail and each node only once.
 *
 * @module
 */

import type { HostName } from "../base/host_name.ts";
import type { JailName } from "../base/jail_name.ts";
import {
  type BanPlace,
  type ChosenBan,
  placeOfSource,
  type Receiver,
  type ReportPlace,
  takesJail,
} from "./receiver_choice.ts";

/** Judges for one receiver, and caches the result for every jail and node. */
export class ChoiceJudge {
  readonly #receiver: Receiver;
  readonly #jails = new Map<JailName, boolean>();
  readonly #sources = new Map<HostName, ReportPlace>();

  /** @param receiver The receiver. */
  constructor(receiver: Receiver) {
    this.#receiver = receiver;
  }

  /** As `placeOfBan`. */
  placeOf({ jail, reports }: ChosenBan): BanPlace {
    if (!this.#takes(jail)) return "left-out";
    let isObserved = false;
    for (const { origin } of reports) {
      const place = this.#placeOf(origin);
      if (place === "taken") return place;
      if (place === "observed") isObserved = true;
    }
    return isObserved ? "observed" : "left-out";
  }

  /** Whether the receiver reported a ban itself. */
  isOwn({ reports }: ChosenBan): boolean {
    return reports.some(({ origin }) => this.#placeOf(origin) === "own");
  }

  #takes(jail: JailName): boolean {
    let isTaken = this.#jails.get(jail);
    if (isTaken === undefined) {
      isTaken = takesJail(this.#receiver.choice, jail);
      this.#jails.set(jail, isTaken);
    }
    return isTaken;
  }

  #placeOf(origin: HostName): ReportPlace {
    let place = this.#sources.get(origin);
    if (place === undefined) {
      place = placeOfSource(this.#receiver, origin);
      this.#sources.set(origin, place);
    }
    return place;
  }
}
