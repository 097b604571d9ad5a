/**
 * Who is in, and how one gets in: by a code that the operator's command prints,
 * which counts once and not for long.
 *
 * Neither codes nor what browsers show is kept, only digests: whoever reads
 * memory dumps or the state folder can't get in with them.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { Mutex } from "../async/mutex.ts";
import { RuntimeError } from "../base/errors.ts";
import {
  MAX_VISITS,
  type PageLogin,
  type PageLogout,
  type PageVisit,
} from "../members/page_visit.ts";
import type { StoredValue } from "../members/stored_value.ts";
import { type Bucket, spend } from "../members/token_bucket.ts";
import { digestToken } from "../members/token_digest.ts";
import type { TokenDigest } from "../members/member.ts";
import type { StoredVisit, StoredVisits } from "./visit_form.ts";

/** Options for {@link PageVisits}. */
export interface PageVisitsOptions {
  /** Keeps logins over restarts. */
  readonly store: Pick<StoredValue<StoredVisits>, "replace">;
  /** The logins that it has. */
  readonly kept: readonly StoredVisit[];
  /** The system's. */
  readonly clock: Clock;
  /** Ends what waits. */
  readonly signal: AbortSignal;
  /** Makes a code: 128 bits nobody can guess, in hexadecimal. */
  readonly newCode: () => string;
  /** Makes what a browser shows: 256 bits nobody can guess. */
  readonly newSecret: () => string;
}

/** How long a code lets in, in milliseconds. */
export const CODE_MS = 120_000;
/** Codes that wait at a time: of more, the oldest counts no longer. */
const MAX_CODES = 16;
/** So many tries a minute, of all together: whoever asks is on this host, and can't be told from others. */
const TRIES = { burst: 5, perSecond: 5 / 60 };
/** A secret is no longer. */
const MAX_SECRET_LENGTH = 64;

interface WaitingCode extends PageLogin {
  readonly endsMs: number;
}

/** What became of a try to get in. */
export type Entry =
  | { readonly secret: string; readonly visit: PageVisit }
  | "wrong"
  | "too-often";

/** Lets in, and knows who is in. */
export class PageVisits {
  readonly #options: PageVisitsOptions;
  readonly #codes = new Map<TokenDigest, WaitingCode>();
  #visits: ReadonlyMap<TokenDigest, StoredVisit>;
  readonly #mutex = new Mutex();
  #tries: Bucket | undefined;

  /** @param options See {@link PageVisitsOptions}. */
  constructor(options: PageVisitsOptions) {
    this.#options = options;
    this.#visits = byDigest(options.kept);
  }

  /** Makes a code for whoever shows it first. */
  async issue(login: PageLogin): Promise<string> {
    const code = this.#options.newCode();
    const endsMs = this.#nowMs() + CODE_MS;
    this.#codes.set(await digestToken(code), { ...login, endsMs });
    for (const [oldest] of this.#codes) {
      if (this.#codes.size <= MAX_CODES) break;
      this.#codes.delete(oldest);
    }
    return code;
  }

  /**
   * Lets in whoever shows a code.
   *
   * @throws {RuntimeError} when the login can't be kept; the code counts no longer.
   */
  async enter(code: string): Promise<Entry> {
    const monotonicMs = this.#options.clock.monotonicMs();
    const { isTaken, bucket } = spend(this.#tries, TRIES, 1, monotonicMs);
    this.#tries = bucket;
    if (!isTaken) return "too-often";
    const digest = await digestToken(code.slice(0, MAX_SECRET_LENGTH));
    const login = this.#codes.get(digest);
    // Before anything is waited for: it counts once.
    this.#codes.delete(digest);
    const nowMs = this.#nowMs();
    if (login === undefined || login.endsMs <= nowMs) return "wrong";
    const secret = this.#options.newSecret();
    const { by, isReadOnly, forMs } = login;
    const visit = { by, isReadOnly, beganMs: nowMs, endsMs: nowMs + forMs };
    const kept = { ...visit, digest: await digestToken(secret) };
    await this.#change((visits) => [...visits.slice(1 - MAX_VISITS), kept]);
    return { secret, visit };
  }

  /** Who shows a secret; `undefined`: nobody who is in. */
  async find(secret: string): Promise<PageVisit | undefined> {
    if (secret.length > MAX_SECRET_LENGTH) return undefined;
    const visit = this.#visits.get(await digestToken(secret));
    return visit !== undefined && this.holds(visit) ? visit : undefined;
  }

  /** Whether a login that was found still holds. */
  holds(visit: PageVisit): boolean {
    return visit.endsMs > this.#nowMs() &&
      this.#visits.values().some((each) => each === visit);
  }

  /** Ends a login. @throws {RuntimeError} when that can't be kept. */
  async leave(visit: PageVisit): Promise<void> {
    await this.#change((visits) => visits.filter((each) => each !== visit));
  }

  /** Ends logins by somebody's word, or all, and their codes. @returns How many logins. @throws {RuntimeError} when that can't be kept. */
  async end({ user }: Pick<PageLogout, "user">): Promise<number> {
    const isMeant = ({ by }: { readonly by: string }) =>
      user === null || by === user;
    for (const [digest, code] of this.#codes) {
      if (isMeant(code)) this.#codes.delete(digest);
    }
    const count = this.#standing().filter(isMeant).length;
    if (count > 0) {
      await this.#change((visits) => visits.filter((each) => !isMeant(each)));
    }
    return count;
  }

  /** The logins that hold. */
  get all(): readonly PageVisit[] {
    return this.#standing().map(({ by, isReadOnly, beganMs, endsMs }) => ({
      ...{ by, isReadOnly, beganMs, endsMs },
    }));
  }

  #standing(): readonly StoredVisit[] {
    const nowMs = this.#nowMs();
    return [...this.#visits.values()].filter(({ endsMs }) => endsMs > nowMs);
  }

  async #change(
    change: (standing: readonly StoredVisit[]) => readonly StoredVisit[],
  ): Promise<void> {
    await this.#mutex.withLock(
      this.#options.signal,
      () => this.#changeNow(change),
    );
  }

  async #changeNow(
    change: (standing: readonly StoredVisit[]) => readonly StoredVisit[],
  ): Promise<void> {
    const visits = change(this.#standing());
    const next = byDigest(visits);
    // What ends counts no longer, whether that can be kept or not; what begins counts once it is.
    this.#visits = byDigest(
      this.#standing().filter(({ digest }) => next.has(digest)),
    );
    try {
      await this.#options.store.replace({ visits });
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      const reason = `the page's logins can't be kept: ${error.message}`;
      throw new RuntimeError(reason, { cause: error });
    }
    this.#visits = next;
  }

  #nowMs(): number {
    return Math.max(0, Math.round(this.#options.clock.nowMs()));
  }
}

function byDigest(
  visits: readonly StoredVisit[],
): ReadonlyMap<TokenDigest, StoredVisit> {
  return new Map(visits.map((visit) => [visit.digest, visit]));
}
