/**
 * The cluster's allowlist as a subscriber was told it last: it holds after a
 * restart too, while the publisher is away.
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

/** What an allowlist is kept with. */
export interface KeptAllowlistOptions
  extends
    Pick<RoleContext<"subscriber">, "config" | "clock" | "log" | "dryRun"> {
  /** Goes by it. */
  readonly allowlist: AllowlistProtection;
}

/** Pause before what could not be kept is tried again, in milliseconds. */
const RETRY_MS = 5_000;

/** Keeps it on the disk, in a dry run only in memory. */
export class KeptAllowlist {
  readonly #options: KeptAllowlistOptions;
  readonly #path: string;
  readonly #file: SecretFile<Allowlist>;
  readonly #changed = new Condition();
  /** The revision of what the disk has; `undefined`: that is not known. */
  #kept: number | undefined;
  #isDue = false;

  private constructor(options: KeptAllowlistOptions) {
    this.#options = options;
    this.#path = `${options.config.general.stateDir}/allowlist.json`;
    this.#file = new SecretFile(this.#path, ALLOWLIST_FORM);
  }

  /** Reads it. What can't be read is told of: the publisher says it anew. */
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

  /** Goes by what the publisher says. */
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
   * Keeps what it is told until aborted.
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

  /** What can't be read can't be edited either, and is no loss. */
  async #quarantine(): Promise<void> {
    const aside = asidePath(this.#path);
    try {
      await Deno.remove(aside, { recursive: true }).catch((error: unknown) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      });
      await Deno.rename(this.#path, aside);
    } catch (error) {
      // A disk that takes nothing is told of when it is to be written.
      if (!(error instanceof Error && "code" in error)) throw error;
    }
  }
}
