/**
 * A subscriber's stored copy of the cluster's allowlist: it also holds after a
 * restart while the publisher is away.
 *
 * @module
 */

import { TroubleLog } from "../../lib/log/trouble_log.ts";
import { asidePath } from "../../lib/base/aside.ts";
import { RuntimeError } from "../../lib/base/errors.ts";
import {
  type Allowlist,
  ALLOWLIST_FORM,
} from "../../lib/protection/allowlist.ts";
import type { AllowlistProtection } from "../../lib/protection/allowlist_protection.ts";
import { SecretFile } from "../../lib/members/io/secret_file.ts";
import { Condition } from "../../lib/async/tasks.ts";
import type { RoleContext } from "./invocation.ts";

/** Options for {@link KeptAllowlist}. */
export interface KeptAllowlistOptions
  extends
    Pick<RoleContext<"subscriber">, "config" | "clock" | "log" | "dryRun"> {
  /** Applies the list. */
  readonly allowlist: AllowlistProtection;
}

/** Pause before a failed write is retried, in milliseconds. */
const RETRY_MS = 5_000;

/** Stores the list on disk; in a dry run only in memory. */
export class KeptAllowlist {
  readonly #options: KeptAllowlistOptions;
  readonly #path: string;
  readonly #file: SecretFile<Allowlist>;
  readonly #changed = new Condition();
  /** Revision of the list on disk; `undefined` when unknown. */
  #kept: number | undefined;
  #isDue = false;

  private constructor(options: KeptAllowlistOptions) {
    this.#options = options;
    this.#path = `${options.config.general.stateDir}/allowlist.json`;
    this.#file = new SecretFile(this.#path, ALLOWLIST_FORM);
  }

  /**
   * Reads the list. A failure is only logged: the publisher sends the list
   * again.
   */
  static async read(options: KeptAllowlistOptions): Promise<KeptAllowlist> {
    const { config, allowlist, log } = options;
    const kept = new KeptAllowlist(options);
    if (config.protocol2 === undefined) return kept;
    try {
      const list = await kept.#file.read();
      if (list !== undefined) allowlist.replace(list);
      kept.#kept = list?.revision;
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      log.record("warning", "the allowlist can't be read, and is asked for", {
        reason: error.message,
      });
      if (!options.dryRun) await kept.#quarantine();
    }
    return kept;
  }

  /** Applies a list of the publisher. */
  take(list: Allowlist): void {
    const { allowlist, log } = this.#options;
    if (list.revision !== allowlist.list.revision) {
      allowlist.replace(list);
      log.record("notice", "the allowlist is another", {
        networks: list.ignore.length,
        revision: list.revision,
      });
    }
    this.#isDue = list.revision !== this.#kept;
    this.#changed.notify();
  }

  /**
   * Stores received lists until aborted.
   *
   * @param signal Ends it; the promise then rejects with its reason.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log, allowlist, dryRun } = this.#options;
    const troubleLog = new TroubleLog({
      ...{ log, clock },
      trouble: "the allowlist can't be kept on the disk",
      over: "the allowlist is kept on the disk again",
    });
    while (true) {
      while (dryRun || !this.#isDue) await this.#changed.wait(signal);
      const { list } = allowlist;
      this.#isDue = false;
      try {
        await this.#file.replace(list);
        this.#kept = list.revision;
        troubleLog.resolve();
      } catch (error) {
        if (!(error instanceof RuntimeError)) throw error;
        this.#isDue = true;
        troubleLog.report(error.message);
        await clock.delay(RETRY_MS, signal);
      }
    }
  }

  /**
   * Moves an unreadable list aside: it can't be replaced in place, and is no
   * loss.
   */
  async #quarantine(): Promise<void> {
    const aside = asidePath(this.#path);
    try {
      await Deno.remove(aside, { recursive: true }).catch((error: unknown) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      });
      await Deno.rename(this.#path, aside);
    } catch (error) {
      // A failing disk is reported at the next write.
      if (!(error instanceof Error && "code" in error)) throw error;
    }
  }
}
