/**
 * Which of a publisher's addresses a node connects to.
 *
 * @module
 */

import type { PublisherAddress } from "../members/member.ts";
import { isSame } from "../members/moved_publisher.ts";

/**
 * Goes through the addresses of one publisher until one answers: where it answered
 * last is tried first, then those that it was told last. All are tried again and
 * again, so a wrong one among them shuts nobody out.
 *
 * Several publishers of one table are asked all at once, since any of them may
 * be the active one.
 */
export class PublisherAddresses {
  #known: readonly PublisherAddress[];
  #current: PublisherAddress;
  /** Whether the publisher answered at the current one, since it was connected to last. */
  #isAnswered = true;
  #streamUrl: string | undefined;
  #areSeveral = false;

  /**
   * @param first The one to begin with.
   * @param others The others, those that are tried first at first.
   */
  constructor(first: PublisherAddress, ...others: readonly PublisherAddress[]) {
    this.#current = first;
    this.#known = [first, ...others];
  }

  /** Where the publisher is, as far as is known. */
  get current(): PublisherAddress {
    return this.#current;
  }

  /** Goes by other addresses; where the publisher answered it is still looked for first. */
  replace(known: readonly PublisherAddress[]): void {
    this.#known = known;
  }

  /** Whether they are of several publishers, one of which is active. */
  get areSeveral(): boolean {
    return this.#areSeveral;
  }

  /** Goes by those of several publishers; with one it is that one's. */
  replaceBySeveral(known: readonly PublisherAddress[]): void {
    this.#known = known;
    this.#areSeveral = known.length > 1;
  }

  /** Where to connect to next: to all of these at once. */
  next(): readonly [PublisherAddress, ...PublisherAddress[]] {
    if (this.#areSeveral) {
      const [first = this.#current, ...others] = this.#known;
      return [first, ...others];
    }
    if (!this.#isAnswered) this.#goOn();
    this.#isAnswered = false;
    return [this.#current];
  }

  /** The publisher at one of several answers. */
  choose(address: PublisherAddress): void {
    this.#current = address;
  }

  /** The URL for a new connection to the stream. */
  nextStreamUrl(): string {
    return this.#streamUrl = this.#current.streamUrl;
  }

  /**
   * The publisher said WELCOME.
   *
   * @returns Whether the stream is connected to elsewhere.
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
