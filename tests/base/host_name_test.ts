import { strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { parseHostName, sameHost } from "../../lib/base/host_name.ts";
import { host } from "../support/values/core_values.ts";

const LONGEST_LABEL = "a".repeat(63);
const LONGEST_NAME = `${[1, 2, 3].map(() => LONGEST_LABEL).join(".")}.${
  "b".repeat(61)
}`;

const REFUSED: readonly (readonly [why: string, text: string])[] = [
  ["nothing", ""],
  ["a dot", "."],
  ["a dot at the end", "web-1."],
  ["a dot first", ".web-1"],
  ["an empty label", "web..net"],
  ["a hyphen first", "-web"],
  ["a hyphen at the end", "web-"],
  ["a label that ends in a hyphen", "web-.net"],
  ["a label that begins with a hyphen", "web.-net"],
  ["the bar of the wire", "web|1"],
  ["a space", "web 1"],
  ["a line end", "web-1\n"],
  ["a NUL", "web-1\0"],
  ["an address of IPv6", "2001:db8::1"],
  ["a letter outside ASCII", "m\u00fcller"],
  ["a slash", "web/1"],
  ["a label of 64", "a".repeat(64)],
  ["a name of 254", `${LONGEST_NAME}b`],
  ["a megabyte", "a".repeat(1_048_576)],
  ["a megabyte of labels", "a.".repeat(524_288)],
];

Deno.test("parseHostName() takes the names that hosts have, and keeps their case", () => {
  const names = [
    "web-1",
    "WEB_1.example.NET",
    "a",
    "1",
    "_",
    "192.0.2.1",
    "a--b",
    LONGEST_LABEL,
    LONGEST_NAME,
  ];
  for (const name of names) strictEqual(parseHostName(name), name);
});

for (const [why, text] of REFUSED) {
  Deno.test(`parseHostName() refuses ${why}: ${JSON.stringify(text.slice(0, 40))}`, () => {
    strictEqual(parseHostName(text), undefined);
  });
}

Deno.test("parseHostName() takes labels joined by dots, and nothing with another character", () => {
  const inner = fc.string({
    unit: fc.constantFrom(..."abzABZ019_-"),
    maxLength: 61,
  });
  const end = fc.constantFrom(..."azAZ09_");
  const label = fc.tuple(end, inner, end).map((parts) => parts.join(""));
  const labels = fc.array(label, { minLength: 1, maxLength: 3 });
  const foreign = fc.constantFrom(..."|/ \n\0:[]%\u00e9");
  fc.assert(fc.property(labels, foreign, fc.nat(), (parts, character, seed) => {
    const name = parts.join(".");
    strictEqual(parseHostName(name), name);
    const at = seed % (name.length + 1);
    const spoiled = name.slice(0, at) + character + name.slice(at);
    strictEqual(parseHostName(spoiled), undefined);
  }));
});

Deno.test("sameHost() compares without case", () => {
  strictEqual(
    sameHost(host("Web-1.Example.net"), host("wEB-1.eXAMPLE.NET")),
    true,
  );
  strictEqual(sameHost(host("web-1"), host("web_1")), false);
  strictEqual(sameHost(host("web-1"), host("web-1.example.net")), false);
});
