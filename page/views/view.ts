/**
 * Common types of the views.
 *
 * @module
 */

import type { AnswerOf } from "../api.ts";

/** A view that is shown. */
export interface View {
  /** Title of the tab and heading. */
  readonly title: string;
  /** Content below the heading. */
  readonly content: HTMLElement;
  /** Loads the data, at first and after missed changes. */
  readonly load: () => Promise<void>;
  /** Called with changed bans. */
  readonly changed?: (told: AnswerOf<"changed">) => void;
  /** Called with live events. */
  readonly events?: (told: AnswerOf<"events">) => void;
  /** Called with the number of bans. */
  readonly counted?: (bans: number) => void;
  /** Called every second. */
  readonly tick?: () => void;
}

/** Services of the page for its views. */
export interface Shell {
  /** Whether this login may change anything. */
  readonly mayWrite: boolean;
  /** Shows a message, and announces it to screen readers. */
  readonly say: (lines: readonly string[], isTrouble?: boolean) => void;
  /** Runs work, and shows its error. */
  readonly attempt: (work: () => Promise<void>) => Promise<void>;
  /** Asks for confirmation, and shows the equivalent command. */
  readonly confirm: (question: Confirmation) => void;
}

/** An action that needs confirmation. */
export interface Confirmation {
  readonly title: string;
  /** Further fields. */
  readonly fields?: readonly HTMLElement[];
  /** The equivalent command, from the fields' current values. */
  readonly command: () => string;
  /** The word on the button. */
  readonly verb: string;
  /** Runs the action; its result is shown. */
  readonly act: () => Promise<readonly string[]>;
}

/** Quotes a word for a shell. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text)
    ? text
    : `'${text.replaceAll("'", "'\\''")}'`;
}
