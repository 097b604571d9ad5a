/**
 * The pickles of fail2ban's socket: lists of words out, answers in.
 *
 * Python's pickle is a program for a small stack machine that can call any
 * function. Here nothing is ever called: a requested call becomes data with the
 * function's name, and an instruction that no fail2ban sends (0.8 to 1.1,
 * Python 2 and 3, protocols 2, 4 and 5) is refused.
 *
 * A pickle of words contains the words as they are. fail2ban cuts its input at
 * the marker before it unpickles. So the rest of a word with the marker in it
 * would be a new pickle, and a pickle can run code: such words are refused
 * here.
 *
 * @see {@link https://docs.python.org/3/library/pickletools.html | pickletools}
 * @module
 */

import { PickleMachine, type PickleValue } from "./pickle_machine.ts";

export {
  MAX_ANSWER_BYTES,
  type PickledCall,
  PickleError,
  type PickleValue,
} from "./pickle_machine.ts";

/** Ends every message, in both directions. */
export const END_MARKER = "<F2B_END_COMMAND>";

/** Maximum length of a word, in characters. */
export const MAX_WORD_LENGTH = 128;
/** Maximum number of words in a message. */
export const MAX_WORDS = 64;
const PRINTABLE = /^[\x21-\x7e]+$/;

/**
 * Pickles words as a list of texts.
 *
 * @param words Printable ASCII without spaces.
 * @returns The pickle, without the marker.
 * @throws {RangeError} when a word, or the number of words, is not allowed.
 */
export function pickleWords(words: readonly string[]): Uint8Array<ArrayBuffer> {
  if (words.length === 0 || words.length > MAX_WORDS) {
    throw new RangeError(`Cannot send ${words.length} words to fail2ban`);
  }
  words.forEach(assertWord);
  const encoder = new TextEncoder();
  const headLength = 4;
  const length = words.reduce((sum, word) => sum + 5 + word.length, 0);
  const bytes = new Uint8Array(headLength + length + 2);
  const view = new DataView(bytes.buffer);
  // PROTO 2, EMPTY_LIST, MARK: both Python 2 and 3 read them.
  bytes.set([0x80, 0x02, 0x5d, 0x28]);
  let at = headLength;
  for (const word of words) {
    bytes[at] = 0x58;
    view.setUint32(at + 1, word.length, true);
    bytes.set(encoder.encode(word), at + 5);
    at += 5 + word.length;
  }
  bytes.set([0x65, 0x2e], at);
  return bytes;
}

function assertWord(word: string): void {
  if (
    word.length > MAX_WORD_LENGTH || !PRINTABLE.test(word) ||
    /<F2B_/i.test(word)
  ) {
    throw new RangeError(`Cannot send ${JSON.stringify(word)} to fail2ban`);
  }
}

/**
 * Reads an answer. Calls nothing.
 *
 * @param bytes The pickle, without the marker.
 * @returns Its contents.
 * @throws {PickleError} when it is not one of fail2ban's.
 *
 * @example
 * ```ts
 * import { pickleWords, unpickle } from "./pickle.ts";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * deepStrictEqual(unpickle(pickleWords(["status", "sshd"])), ["status", "sshd"]);
 * ```
 */
export function unpickle(bytes: Uint8Array): PickleValue {
  return new PickleMachine(bytes).run();
}
