import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import { RuntimeError } from "../../lib/base/errors.ts";
import {
  decodeStatus,
  encodeStatus,
  renderStatus,
  type StatusReport,
} from "../../lib/service/status_report.ts";

const REPORT: StatusReport = {
  program: "fail2ban-monitor",
  version: "1.2.3",
  pid: 123,
  node: "web-1",
  upSeconds: 3_725,
  figures: { reported: 3, publisherAnswers: true, database: "answers" },
};

Deno.test("renderStatus() says who runs where and since when, then a line for each figure", () => {
  strictEqual(
    renderStatus(REPORT),
    "fail2ban-monitor 1.2.3 runs on web-1 with process id 123, for 1h 2m\n" +
      "  reported          3\n" +
      "  publisherAnswers  true\n" +
      "  database          answers\n",
  );
});

Deno.test("renderStatus() of a program without figures is one line", () => {
  strictEqual(
    renderStatus({ ...REPORT, figures: {} }),
    "fail2ban-monitor 1.2.3 runs on web-1 with process id 123, for 1h 2m\n",
  );
});

const UPTIMES: readonly (readonly [seconds: number, text: string])[] = [
  [0, "0s"],
  [0.9, "0s"],
  [1, "1s"],
  [59, "59s"],
  [60, "1m"],
  [61, "1m 1s"],
  [3_599, "59m 59s"],
  [3_600, "1h"],
  [3_605, "1h 5s"],
  [86_399, "23h 59m"],
  [86_400, "1d"],
  [90_061, "1d 1h"],
  [864_000, "10d"],
];

for (const [upSeconds, text] of UPTIMES) {
  Deno.test(`renderStatus() says ${text} of ${upSeconds} s`, () => {
    const line = renderStatus({ ...REPORT, upSeconds, figures: {} });
    ok(line.endsWith(`, for ${text}\n`), line);
  });
}

Deno.test("encodeStatus() writes one line of JSON, which decodeStatus() reads back", () => {
  const text = encodeStatus({ ...REPORT, node: "a\nb" });
  strictEqual(text.indexOf("\n"), text.length - 1);
  deepStrictEqual(decodeStatus(text), { ...REPORT, node: "a\nb" });
});

for (const text of ["", "{", "ready", encodeStatus(REPORT).slice(0, -3)]) {
  Deno.test(`decodeStatus() does not take ${JSON.stringify(text)} for a report`, () => {
    throws(() => decodeStatus(text), (error: unknown) => {
      ok(error instanceof RuntimeError);
      strictEqual(
        error.message,
        "the running program's answer was not understood",
      );
      return true;
    });
  });
}

const OF_ANOTHER_VERSION: readonly unknown[] = [
  null,
  3,
  "report",
  [],
  {},
  ...Object.keys(REPORT).map((key) => ({ ...REPORT, [key]: undefined })),
  ...Object.keys(REPORT).map((key) => ({ ...REPORT, [key]: null })),
  { ...REPORT, pid: "123" },
  { ...REPORT, node: 1 },
];

for (const value of OF_ANOTHER_VERSION) {
  const text = JSON.stringify(value);
  Deno.test(`decodeStatus() takes ${text} for that of another version`, () => {
    throws(() => decodeStatus(text), (error: unknown) => {
      ok(error instanceof RuntimeError);
      strictEqual(error.message, "the running program is of another version");
      strictEqual(error.hint, "restart it");
      return true;
    });
  });
}
