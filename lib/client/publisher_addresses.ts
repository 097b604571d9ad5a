/**
 * Chooses the address of the publisher to which a node connects.
 *
 * @module
 */

import type { PublisherAddress } from "../members/member.ts";
import { isSame } from "../members/moved_publisher.ts";

/**
 * Cycles through the addresses of one publisher until one answers. It tries the
 * one that last answered first, then those that it was told last. It never
 * gives up an address, so a wrong one among them does no harm.
 *
 * Several publishers that share a table are all tried at the same time, because
 * any of them may be the active one.
 */
export class PublisherAddresses {
  #known: readonly PublisherAddress[];
  #current: PublisherAddress;
  /**
   * Whether the publisher has answered on the latest connection to the current
   * one.
   */
  #isAnswered = true;
  #streamUrl: string | undefined;
  #areSeveral = false;

  /**
   * @param first The initial address.
   * @param others The other addresses, in the order in which to try them.
   */
  constructor(first: PublisherAddress, ...others: readonly PublisherAddress[]) {
    this.#current = first;
    this.#known = [first, ...others];
  }

  /** The publisher's presumed address. */
  get current(): PublisherAddress {
    return this.#current;
  }

  /** Sets other addresses. The one that last answered is still tried first. */
  replace(known: readonly PublisherAddress[]): void {
    this.#known = known;
  }

  /**
   * Whether the addresses belong to several publishers, of which one is active.
   */
  get areSeveral(): boolean {
    return this.#areSeveral;
  }

  /**
   * Sets the addresses of several publishers; a single one is treated as usual.
   */
  replaceBySeveral(known: readonly PublisherAddress[]): void {
    this.#known = known;
    this.#areSeveral = known.length > 1;
  }

  /**
   * The addresses for the next connection, all to be tried at the same time.
   */
  next(): readonly [PublisherAddress, ...PublisherAddress[]] {
    if (this.#areSeveral) {
      const [first = this.#current, ...others] = this.#known;
      return [first, ...others];
    }
    if (!this.#isAnswered) this.#goOn();
    this.#isAnswered = false;
    return [this.#current];
  }

  /** Records that the publisher at this address answered. */
  choose(address: PublisherAddress): void {
    this.#current = address;
  }

  /** The URL for a new connection to the stream. */
  nextStreamUrl(): string {
    return this.#streamUrl = this.#current.streamUrl;
  }

  /**
   * Records a WELCOME.
   *
   * @returns Whether the stream is connected to another address.
   */
  noteWelcome(): boolean {
    this.#isAnswered = true;
    return this.#streamUrl !== undefined &&
      this.#streamUrl !== this.#current.streamUrl;
  }

  #goOn(): void {
    const at = this.#known.findIndex((each) => isSame(each, this.#current));
    this.#current = this.#known[(at + 1) % this.#known.length] ??
      this.#current;
  }
}
