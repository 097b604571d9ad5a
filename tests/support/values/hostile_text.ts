/**
 * Texts with a special meaning for shells, fail2ban or nft.
 *
 * @module
 */

import fc from "fast-check";

const TRICKS = [
  ";reboot",
  "; flush ruleset",
  " }\nflush ruleset\n",
  "\r\n",
  "\n",
  "\0",
  " ",
  "\t",
  '"',
  "'",
  "`id`",
  "$(id)",
  "{",
  "}",
  "#",
  "\\",
  "|",
  "&",
  "*",
  "-",
  "--",
  "-j",
  "@banned4",
  "%eth0",
  "<HOST>",
  "timeout 1s",
  ", 10.0.0.0/8",
  "/0",
  "/",
  "\x1b[2J",
  "\u202e",
  "\u0661",
] as const;

/** Valid text with a trick before, in or after it, and tricks alone. */
export function hostileVariants(
  good: fc.Arbitrary<string>,
): fc.Arbitrary<string> {
  const trick = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...TRICKS) },
    fc.string({ unit: "binary" }),
  );
  const spoilt = fc.tuple(good, trick, fc.nat(64)).map(
    ([text, what, place]) => {
      const at = place % (text.length + 1);
      return text.slice(0, at) + what + text.slice(at);
    },
  );
  return fc.oneof({ weight: 4, arbitrary: spoilt }, trick);
}
