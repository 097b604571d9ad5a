/**
 * What the views have in common.
 *
 * @module
 */

import type { AnswerOf } from "../api.ts";

/** A view, while it is shown. */
export interface View {
  /** What the tab and the heading say. */
  readonly title: string;
  /** Stands below the heading. */
  readonly content: HTMLElement;
  /** Reads what it shows, at first and where changes were missed. */
  readonly load: () => Promise<void>;
  /** Hears which bans changed. */
  readonly changed?: (told: AnswerOf<"changed">) => void;
  /** Hears what happened. */
  readonly events?: (told: AnswerOf<"events">) => void;
  /** Hears how many bans there are. */
  readonly counted?: (bans: number) => void;
  /** A second is over. */
  readonly tick?: () => void;
}

/** What a view may do beside. */
export interface Shell {
  /** Whether this login may change anything. */
  readonly mayWrite: boolean;
  /** Says what came of something, also to a screen reader. */
  readonly say: (lines: readonly string[], isTrouble?: boolean) => void;
  /** Does something and says what went wrong. */
  readonly attempt: (work: () => Promise<void>) => Promise<void>;
  /** Asks whoever is there, and shows the command that does the same. */
  readonly confirm: (question: Confirmation) => void;
}

/** Something that is asked about before it is done. */
export interface Confirmation {
  readonly title: string;
  /** Fields that say more. */
  readonly fields?: readonly HTMLElement[];
  /** The command that does the same, by what the fields say now. */
  readonly command: () => string;
  /** The word on the button. */
  readonly verb: string;
  /** Does it; what it gives is said. */
  readonly act: () => Promise<readonly string[]>;
}

/** A word as a shell takes it. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text)
    ? text
    : `'${text.replaceAll("'", "'\\''")}'`;
}
