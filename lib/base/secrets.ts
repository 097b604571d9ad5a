/**
 * What counts as a secret, and the placeholders that do not.
 *
 * @module
 */

/** A shorter secret may well be a part of other words. */
export const MIN_SECRET_LENGTH = 8;

/** The token that the shipped file has. It must not leave the machine. */
export const SHIPPED_TOKEN = "CHANGE_ME";

/** The tokens that the original's file is shipped with. */
export const ORIGINAL_PLACEHOLDERS: readonly string[] = [
  "ASK_buanzo@buanzo.com.ar_FOR_A_TOKEN",
  "IF_YOU_RUN_YOUR_OWN_PUBLISHER_JUST_TYPE_A_SECRET_STRING_HERE_AND_GIVE_IT_TO_YOUR_MONITORS",
];
