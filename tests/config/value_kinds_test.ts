import {
  deepStrictEqual,
  doesNotThrow,
  match,
  strictEqual,
} from "node:assert/strict";
import fc from "fast-check";
import {
  actionsKind,
  facilityKind,
  jailMapKind,
  logFormatKind,
  logTargetKind,
  severityKind,
  tableNameKind,
  tokenKind,
} from "../../lib/config/cluster_kinds.ts";
import {
  addressListKind,
  banTimeKind,
  durationKind,
  endpointKind,
  hostNameKind,
  integerKind,
  optionalPathKind,
  pathKind,
  switchKind,
  textKind,
  type ValueKind,
} from "../../lib/config/value_kinds.ts";
import { LOG_FORMATS } from "../../lib/fail2ban/log_format.ts";
import { SEVERITIES } from "../../lib/log/log.ts";
import { SYSLOG_FACILITIES } from "../../lib/log/syslog_facility.ts";

const NONE = undefined;

interface KindCases {
  readonly kind: ValueKind<unknown>;
  readonly cases: readonly (readonly [text: string, value: unknown])[];
}

const KINDS: Readonly<Record<string, KindCases>> = {
  switchKind: {
    kind: switchKind,
    cases: [
      ...["true", "True", "TRUE", "yes", "Yes", "on", "ON", "1"].map((text) =>
        [text, true] as const
      ),
      ...["false", "False", "no", "NO", "off", "Off", "0"].map((text) =>
        [text, false] as const
      ),
      ...["", "maybe", "01", "2", "-1", "t", " true", "true\nfalse"].map((
        text,
      ) => [text, NONE] as const),
    ],
  },
  banTimeKind: {
    kind: banTimeKind,
    cases: [
      ["1", 1],
      ["10m", 600],
      ["-1", Infinity],
      ["0", NONE],
      ["-2", NONE],
      ["11y", NONE],
      ["", NONE],
    ],
  },
  addressListKind: {
    kind: addressListKind,
    cases: [
      ["", []],
      ["192.0.2.1, hub", [
        { kind: "network", network: "192.0.2.1" },
        { kind: "name", name: "hub" },
      ]],
      ["192.0.2.1, 192.0.2", NONE],
    ],
  },
  jailMapKind: {
    kind: jailMapKind,
    cases: [
      ["a = b", [{ pattern: "a", jail: "b" }]],
      ["a = b\n* = c", [
        { pattern: "a", jail: "b" },
        { pattern: "*", jail: "c" },
      ]],
      ["", []],
      ["a", NONE],
      ["a = b = c", NONE],
      ["a = b c", NONE],
      ["a b = c", NONE],
      ["a = loglevel", NONE],
    ],
  },
  tableNameKind: {
    kind: tableNameKind,
    cases: [
      ["fail2ban_a", "fail2ban_a"],
      ["fail2ban_", NONE],
      ["filter", NONE],
      ["fail2ban_a;", NONE],
      ["fail2ban_A", NONE],
      ["", NONE],
    ],
  },
  pathKind: {
    kind: pathKind,
    cases: [
      ["/", "/"],
      ["/var/log/fail2ban.log", "/var/log/fail2ban.log"],
      ["/with space # and %", "/with space # and %"],
      ["/" + "a".repeat(4094), "/" + "a".repeat(4094)],
      ["/" + "a".repeat(4095), NONE],
      ["", NONE],
      ["var/log", NONE],
      ["./log", NONE],
      ["~/log", NONE],
      ["/a\n/b", NONE],
    ],
  },
  optionalPathKind: {
    kind: optionalPathKind,
    cases: [
      ["none", ""],
      ["None", ""],
      ["/a.sqlite3", "/a.sqlite3"],
      ["", NONE],
      [":memory:", NONE],
      ["/a\n/b", NONE],
    ],
  },
  logTargetKind: {
    kind: logTargetKind,
    cases: [
      ["STDERR", { kind: "stderr" }],
      ["stderr", { kind: "stderr" }],
      ["SYSLOG", { kind: "syslog" }],
      ["Syslog", { kind: "syslog" }],
      ["/var/log/a.log", { kind: "file", path: "/var/log/a.log" }],
      ["", NONE],
      ["STDOUT", NONE],
      ["SYSTEMD-JOURNAL", NONE],
      ["a.log", NONE],
    ],
  },
  severityKind: {
    kind: severityKind,
    cases: [
      ...SEVERITIES.map((word) => [word.toUpperCase(), word] as const),
      ["Info", "info"],
      ["", NONE],
      ["TRACEDEBUG", NONE],
      ["4", NONE],
    ],
  },
  facilityKind: {
    kind: facilityKind,
    cases: [
      ...SYSLOG_FACILITIES.map((word) => [word, word] as const),
      ["AUTH", "auth"],
      ["local8", NONE],
      ["", NONE],
    ],
  },
  logFormatKind: {
    kind: logFormatKind,
    cases: [
      ...LOG_FORMATS.map((word) => [word, word] as const),
      ["File", "file"],
      ["text", NONE],
      ["", NONE],
    ],
  },
  actionsKind: {
    kind: actionsKind,
    cases: [
      ["log", ["log"]],
      [" log ,", ["log"]],
      ["", NONE],
      [",", NONE],
      ["log log", NONE],
      ["log, reboot", NONE],
      ["Log", NONE],
    ],
  },
  hostNameKind: {
    kind: hostNameKind,
    cases: [
      ["web_1.example.net", "web_1.example.net"],
      ["", NONE],
      ["a|b", NONE],
      ["a b", NONE],
      ["-a", NONE],
      ["a.", NONE],
    ],
  },
  tokenKind: {
    kind: tokenKind,
    cases: [
      ["x", "x"],
      ["two words # and %", "two words # and %"],
      ["~".repeat(256), "~".repeat(256)],
      ["~".repeat(257), NONE],
      ["", NONE],
      ["a|b", NONE],
      ["a\nb", NONE],
      ["a\tb", NONE],
      ["t\u00F6ken", NONE],
    ],
  },
  textKind: {
    kind: textKind,
    cases: [["", ""], ["web_1|", "web_1|"], ["a\nb", NONE]],
  },
  "integerKind(1, 32)": {
    kind: integerKind("BITS", 1, 32),
    cases: [
      ["1", 1],
      ["32", 32],
      ["0", NONE],
      ["33", NONE],
      ["-1", NONE],
      ["", NONE],
      ["2.0", NONE],
      ["1e1", NONE],
      ["0x10", NONE],
      [" 8", NONE],
      ["/24", NONE],
    ],
  },
  "durationKind(1h)": {
    kind: durationKind(3600, "1h"),
    cases: [
      ["0", 0],
      ["30s", 30],
      ["1h", 3600],
      ["3601", NONE],
      ["1h 1s", NONE],
      ["-1", NONE],
      ["", NONE],
    ],
  },
  "endpointKind(bind)": {
    kind: endpointKind("bind"),
    cases: [
      ["tcp://*:5680", "tcp://*:5680"],
      ["tcp://publisher.example:5680", NONE],
    ],
  },
  "endpointKind(connect)": {
    kind: endpointKind("connect"),
    cases: [
      ["tcp://publisher.example:5680", "tcp://publisher.example:5680"],
      ["tcp://*:5680", NONE],
    ],
  },
};

for (const [name, { kind, cases }] of Object.entries(KINDS)) {
  for (const [text, value] of cases) {
    const shown = JSON.stringify(
      text.length > 60 ? `${text.slice(0, 4)}... (${text.length})` : text,
    );
    const verb = value === NONE ? "refuses" : "reads";
    Deno.test(`${name} ${verb} ${shown}`, () => {
      deepStrictEqual(kind.read(text), value);
    });
  }

  Deno.test(`${name} throws for no text`, () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
      doesNotThrow(() => kind.read(text));
    }));
  });

  Deno.test(`${name} says in half a sentence what it expects`, () => {
    match(kind.expected, /^\S.*[^.\s]$/);
    match(kind.placeholder, /^[A-Z]/);
  });
}

Deno.test("tokenKind refuses what a message could not carry before its first |", () => {
  const printable = /^[ -~]+$/;
  fc.assert(fc.property(fc.string({ maxLength: 256 }), (text) => {
    const fits = printable.test(text) && !text.includes("|");
    strictEqual(tokenKind.read(text), fits ? text : undefined);
  }));
});
