/**
 * The page's logins. A browser logs in with a code that the operator's command
 * prints; a code works once, and only for a short time.
 *
 * Codes and cookies are kept as digests only: a memory dump or a copy of the
 * state folder lets nobody log in.
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
  /** Stores logins across restarts. */
  readonly store: Pick<StoredValue<StoredVisits>, "replace">;
  /** The stored logins. */
  readonly kept: readonly StoredVisit[];
  /** The system's clock. */
  readonly clock: Clock;
  /** Ends all waiting. */
  readonly signal: AbortSignal;
  /** Creates a code: 128 random bits in hexadecimal. */
  readonly newCode: () => string;
  /** Creates a cookie's secret: 256 random bits. */
  readonly newSecret: () => string;
}

/** Lifetime of a code, in milliseconds. */
export const CODE_MS = 120_000;
/** Maximum number of unused codes; beyond it the oldest becomes invalid. */
const MAX_CODES = 16;
/**
 * Login attempts a minute for all clients together: they all come from this
 * host and can't be told apart.
 */
const TRIES = { burst: 5, perSecond: 5 / 60 };
/** Maximum length of codes and secrets. */
const MAX_SECRET_LENGTH = 64;

interface WaitingCode extends PageLogin {
  readonly endsMs: number;
}

/** The result of a login attempt. */
export type Entry =
  | { readonly secret: string; readonly visit: PageVisit }
  | "wrong"
  | "too-often";

/** Creates, checks and ends logins. */
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

  /** Creates a code for one login. */
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
   * Logs in with a code.
   *
   * @throws {RuntimeError} when the login can't be stored; the code is used up
   * all the same.
   */
  async enter(code: string): Promise<Entry> {
    const monotonicMs = this.#options.clock.monotonicMs();
    const { isTaken, bucket } = spend(this.#tries, TRIES, 1, monotonicMs);
    this.#tries = bucket;
    if (!isTaken) return "too-often";
    const digest = await digestToken(code.slice(0, MAX_SECRET_LENGTH));
    const login = this.#codes.get(digest);
    // Before the next await: a code works only once.
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

  /** The login of a secret; `undefined` when there is none. */
  async find(secret: string): Promise<PageVisit | undefined> {
    if (secret.length > MAX_SECRET_LENGTH) return undefined;
    const visit = this.#visits.get(await digestToken(secret));
    return visit !== undefined && this.holds(visit) ? visit : undefined;
  }

  /** Whether a login that was found is still valid. */
  holds(visit: PageVisit): boolean {
    return visit.endsMs > this.#nowMs() &&
      this.#visits.values().some((each) => each === visit);
  }

  /** Ends a login. @throws {RuntimeError} when the change can't be stored. */
  async leave(visit: PageVisit): Promise<void> {
    await this.#change((visits) => visits.filter((each) => each !== visit));
  }

  /**
   * Ends the logins and codes of one user, or of all. @returns How many logins
   * ended. @throws {RuntimeError} when the change can't be stored.
   */
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

  /** The valid logins. */
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
    // A login ends even if that can't be stored; it begins only once it is
    // stored.
    this.#visits = byDigest(
      this.#standing().filter(({ digest }) => next.has(digest)),
    );
    try {
      await this.#options.store.replace({ visits });
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      throw new RuntimeError(
        `the page's logins can't be kept: ${error.message}`,
        { cause: error },
      );
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
