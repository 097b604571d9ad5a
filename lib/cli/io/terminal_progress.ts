/**
 * Shows the progress of long work on a terminal, and nothing without one.
 *
 * @module
 */

import { ProgressBar } from "@std/cli/unstable-progress-bar";
import type { ProgressView } from "../import_commands.ts";
import { countText } from "../../views/plain_texts.ts";

const BAR_LENGTH = 20;
const DRAWN_MS = 100;

/** A progress bar on standard error, for one work after the other. */
export class TerminalProgress implements ProgressView {
  #bar: ProgressBar | undefined;
  #label = "";

  async show(label: string, done: number, total: number): Promise<void> {
    if (total === 0 || !Deno.stderr.isTerminal()) return;
    if (label !== this.#label) await this.end();
    this.#label = label;
    this.#bar ??= new ProgressBar({
      max: total,
      barLength: BAR_LENGTH,
      refreshMilliseconds: DRAWN_MS,
      clear: true,
      formatter: ({ progressBar, value, max }) =>
        `${label}  [${progressBar}] ${countText(value)} of ${countText(max)}`,
    });
    this.#bar.max = total;
    this.#bar.value = done;
  }

  async end(): Promise<void> {
    const bar = this.#bar;
    this.#bar = undefined;
    await bar?.stop();
  }
}
