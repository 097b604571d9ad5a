/**
 * Pickles as Python writes them, and invalid ones.
 *
 * @module
 */

import type { PickleValue } from "../../../lib/fail2ban/pickle.ts";

/**
 * fail2ban's answers in the output of `pickle.dumps`, one character per byte.
 */
export const ANSWER_PICKLES: readonly {
  readonly what: string;
  readonly value: PickleValue;
  /** By pickle protocol; 5 differs from 4 only in its number. */
  readonly pickles: Readonly<Record<string, string>>;
}[] = [
  {
    what: "a text",
    value: [0, "pong"],
    pickles: {
      "2, Python 2": "\x80\x02K\0U\x04pongq\0\x86q\x01.",
      "2, Python 2, unicode": "\x80\x02K\0X\x04\0\0\0pongq\0\x86q\x01.",
      "4": "\x80\x04\x95\x0c\0\0\0\0\0\0\0K\0\x8c\x04pong\x94\x86\x94.",
    },
  },
  {
    what: "addresses, which ask for a call of str",
    value: [0, ["1.2.3.4", "::1", "1.2.3.4"]],
    pickles: {
      "2": "\x80\x02K\0]q\0(c__builtin__\nunicode\nq\x01" +
        "X\x07\0\0\x001.2.3.4q\x02\x85q\x03Rq\x04" +
        "h\x01X\x03\0\0\0::1q\x05\x85q\x06Rq\x07h\x04e\x86q\x08.",
      "4": "\x80\x04\x958\0\0\0\0\0\0\0K\0]\x94(\x8c\x08builtins\x94" +
        "\x8c\x03str\x94\x93\x94\x8c\x071.2.3.4\x94\x85\x94R\x94" +
        "h\x03\x8c\x03::1\x94\x85\x94R\x94h\x06e\x86\x94.",
    },
  },
  {
    what: "an error",
    value: [1, {
      called: "fail2ban.exceptions.UnknownJailException",
      args: ["nojail"],
    }],
    pickles: {
      "2": "\x80\x02K\x01cfail2ban.exceptions\nUnknownJailException\nq\0" +
        "X\x06\0\0\0nojailq\x01\x85q\x02Rq\x03\x86q\x04.",
      "4": "\x80\x04\x95A\0\0\0\0\0\0\0K\x01\x8c\x13fail2ban.exceptions\x94" +
        "\x8c\x14UnknownJailException\x94\x93\x94" +
        "\x8c\x06nojail\x94\x85\x94R\x94\x86\x94.",
    },
  },
  {
    what: "an error that says nothing",
    value: [1, { called: "builtins.Exception", args: [] }],
    pickles: {
      "4": "\x80\x04\x95!\0\0\0\0\0\0\0K\x01\x8c\x08builtins\x94" +
        "\x8c\tException\x94\x93\x94)R\x94\x86\x94.",
    },
  },
  {
    what: "an error with a tuple",
    value: [1, { called: "exceptions.ValueError", args: ["x", [1, 2, 3, 4]] }],
    pickles: {
      "2": "\x80\x02K\x01cexceptions\nValueError\nq\0X\x01\0\0\0xq\x01" +
        "(K\x01K\x02K\x03K\x04tq\x02\x86q\x03Rq\x04\x86q\x05.",
    },
  },
  {
    what: "who is banned, by jail",
    value: [0, [new Map([["a", ["192.0.2.1"]]]), new Map([["b", []]])]],
    pickles: {
      "2": "\x80\x02K\0]q\0(}q\x01X\x01\0\0\0aq\x02]q\x03" +
        "X\t\0\0\x00192.0.2.1q\x04as}q\x05X\x01\0\0\0bq\x06]q\x07se\x86q\x08.",
      "4": "\x80\x04\x95(\0\0\0\0\0\0\0K\0]\x94(}\x94\x8c\x01a\x94]\x94" +
        "\x8c\t192.0.2.1\x94as}\x94\x8c\x01b\x94]\x94se\x86\x94.",
    },
  },
  {
    what: "several of a dictionary",
    value: [0, new Map<string, PickleValue>([["a", 1], ["b", [1, 2]]])],
    pickles: {
      "2": "\x80\x02K\0}q\0(X\x01\0\0\0aq\x01K\x01X\x01\0\0\0bq\x02" +
        "]q\x03(K\x01K\x02eu\x86q\x04.",
    },
  },
  {
    what: "numbers",
    value: [0, [
      ...[0, 255, 256, 65_535, 65_536, -1],
      ...[2 ** 31 - 1, -(2 ** 31), 2 ** 31, -(2 ** 40), 2 ** 53 - 1],
      ...[1.5, null, true, false],
    ]],
    pickles: {
      "2": "\x80\x02K\0]q\0(K\0K\xffM\0\x01M\xff\xffJ\0\0\x01\0" +
        "J\xff\xff\xff\xffJ\xff\xff\xff\x7fJ\0\0\0\x80\x8a\x05\0\0\0\x80\0" +
        "\x8a\x06\0\0\0\0\0\xff\x8a\x07\xff\xff\xff\xff\xff\xff\x1f" +
        "G?\xf8\0\0\0\0\0\0N\x88\x89e\x86q\x01.",
    },
  },
  {
    what: "a list of jails",
    value: [0, [["Number of jail", 1], ["Jail list", "sshd"]]],
    pickles: {
      "4": "\x80\x04\x953\0\0\0\0\0\0\0K\0]\x94(\x8c\x0eNumber of jail\x94" +
        "K\x01\x86\x94\x8c\tJail list\x94\x8c\x04sshd\x94\x86\x94e\x86\x94.",
    },
  },
  {
    what: "a goodbye",
    value: ["SHUTDOWN"],
    pickles: {
      "2": "\x80\x02]q\0X\x08\0\0\0SHUTDOWNq\x01a.",
      "4": "\x80\x04\x95\x0f\0\0\0\0\0\0\0]\x94\x8c\x08SHUTDOWN\x94a.",
    },
  },
  {
    what: "a text that is no ASCII, one that is no UTF-8, a long one",
    value: ["\u00e9", "\ufffd", "x".repeat(300), "y".repeat(300)],
    pickles: {
      "2": `\x80\x02](U\x02\xc3\xa9U\x01\xffT\x2c\x01\0\0${"x".repeat(300)}` +
        `X\x2c\x01\0\0${"y".repeat(300)}e.`,
    },
  },
  {
    what: "references with four bytes",
    value: ["a", "a"],
    pickles: { "2": "\x80\x02](U\x01ar\0\x01\0\0j\0\x01\0\0e." },
  },
];

/** Pickles that no fail2ban sends, by their effect. */
export const REFUSED_PICKLES: Readonly<Record<string, string>> = {
  "nothing": "",
  "no end": "\x80\x02K\0",
  "no value": "\x80\x02.",
  "two values": "\x80\x02K\0K\0.",
  "something behind the end": "\x80\x02K\0.K",
  "another protocol": "\x80\x06K\0.",
  "an unknown instruction": "\x80\x02K\0\x82.",
  "an instruction of protocol 0": "I01\n.",
  "a text longer than the pickle": "\x80\x02X\xff\xff\xff\xffa.",
  "a name without its end": "\x80\x02cos",
  "a function for a value": "\x80\x02cos\nsystem\n.",
  "a function in a list": "\x80\x02]cos\nsystem\na.",
  "functions in a list": "\x80\x02](cos\nsystem\ne.",
  "a call of a text": "\x80\x02U\x02os)R.",
  "a call with no list": "\x80\x02cos\nsystem\nK\x01R.",
  "a name that is a number": "\x80\x04K\x01\x8c\x01a\x93)R.",
  "str of a number": "\x80\x02cbuiltins\nstr\nK\x01\x85R.",
  "str of two texts": "\x80\x02cbuiltins\nstr\nU\x01aU\x01b\x86R.",
  "str of nothing": "\x80\x02cbuiltins\nstr\n)R.",
  "an instance": "\x80\x02cos\nsystem\n)\x81.",
  "an instance's state": "\x80\x02cos\nsystem\n)R}b.",
  "a mark for a value": "\x80\x02(.",
  "a mark as an element": "\x80\x02](a.",
  "no mark": "\x80\x02]K\x01e.",
  "elements of a text": "\x80\x02U\x01aK\x01a.",
  "entries of a list": "\x80\x02]U\x01aK\x01s.",
  "half an entry": "\x80\x02}(U\x01au.",
  "a number as a key": "\x80\x02}K\x01K\x01s.",
  "a number too big": "\x80\x02\x8a\x08\0\0\0\0\0\0\0\x7f.",
  "a reference to nothing": "\x80\x02h\0.",
  "a reference to a list": "\x80\x02]q\0h\0\x86.",
  "a list that holds itself": "\x80\x02]q\0h\0a.",
  "a memory of nothing": "\x80\x02q\0.",
  "a memory of a mark": "\x80\x02(q\0.",
  "lists in lists in lists": `\x80\x02${"]".repeat(20)}${"a".repeat(19)}.`,
  "tuples in tuples": `\x80\x02)${"\x85".repeat(20)}.`,
  "dictionaries in dictionaries": `\x80\x02${"}U\x01a".repeat(20)}N${
    "s".repeat(20)
  }.`,
  "calls in calls": `\x80\x02${"ca\nb\n".repeat(20)})R${"\x85R".repeat(19)}.`,
};

/** Bytes, each from the character with its number. */
export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
