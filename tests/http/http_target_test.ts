import { deepStrictEqual, strictEqual } from "node:assert/strict";
import {
  isOpenTarget,
  parseHttpTarget,
  secretsOfTarget,
} from "../../lib/http/http_target.ts";

Deno.test("parseHttpTarget() refuses what can't be asked, and what would show a password", () => {
  const bad = [
    ...[
      "",
      "none",
      "example.org/x",
      "ftp://example.org/x",
      "https://",
      "http:///x",
    ],
    ...["https://user:pass@example.org/", "https://example.org/#part"],
    ...[
      "https://example.org/a b",
      "https://example.org/\nx",
      "https://a:99999/",
    ],
    `https://example.org/${"x".repeat(2_048)}`,
  ];
  for (const text of bad) strictEqual(parseHttpTarget(text), undefined, text);
});

Deno.test("secretsOfTarget() has all of a URL by which somebody could ask, in whichever part it is shown", () => {
  const target = parseHttpTarget("https://a.example/hook/5f2c9d?key=31337abc");
  deepStrictEqual(target && secretsOfTarget(target), [
    "https://a.example/hook/5f2c9d?key=31337abc",
    "/hook/5f2c9d?key=31337abc",
    "/hook/5f2c9d",
    "?key=31337abc",
  ]);
  strictEqual(target?.shown, "https://a.example/********");
});

Deno.test("isOpenTarget() is so without TLS, except within this host", () => {
  const of = (text: string) => {
    const target = parseHttpTarget(text);
    return target !== undefined && isOpenTarget(target);
  };
  strictEqual(of("http://a.example/x"), true);
  for (const host of ["localhost", "127.0.0.1:80", "[::1]"]) {
    strictEqual(of(`http://${host}/x`), false);
  }
  strictEqual(of("https://a.example/x"), false);
});
