import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import {
  type MaskOptions,
  maskReport,
} from "../../lib/diagnosis/masked_report.ts";
import {
  distributionIn,
  lastLines,
  reportLines,
} from "../../lib/diagnosis/report.ts";

const SECRETS = [
  "a-planted-token-0123456789",
  "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID",
  "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs",
  "q83vEiMkdX0fyP7yN1a2-_ZbCdEfGhIjKlMnOpQrStU",
];
/** Those that nobody told the mask of. */
const UNTOLD = [
  "F2BC2abcdefghijklmnopqrstuvwxyz0123456789",
  "AAAvEiMkdX0fyP7yN1a2-_ZbCdEfGhIjKlMnOpQrStU",
];
const ADDRESSES = [
  "203.0.113.77",
  "198.51.100.0/24",
  "2001:db8::7",
  "2001:db8:7::/48",
  "::ffff:203.0.113.78",
  "64:ff9b::cb00:7109",
];
const NAMES = ["db-master7", "web1", "web1.example.net"];
const UNTOLD_NAMES = ["stranger9", "mail-gate2"];

let told = 0;
const digests = new Map<string, string>();
const OPTIONS: MaskOptions = {
  secrets: SECRETS,
  names: NAMES,
  showsAddresses: false,
  digest: (text) => {
    const known = digests.get(text) ?? `d${++told}`;
    digests.set(text, known);
    return known;
  },
};

const TEXT = [
  `authtoken = ${SECRETS[0]}`,
  `keys ${SECRETS[1]} and ${SECRETS[2]}; token="${SECRETS[3]}"`,
  `code ${UNTOLD[0]}, ${UNTOLD[1]}.`,
  ...ADDRESSES.flatMap((address) => [
    `ignoreip = ${address}`,
    `reported ban jail=sshd address=${address} by=mail-gate2`,
    `[${address}] and "${address}", ${address}; ${address}.`,
    `tcp://${address.includes(":") ? `[${address}]` : address}:5681`,
  ]),
  "2026-11-29T13:44:48.856Z fail2ban-publisher[27690]: INFO: node connected node=stranger9 role=monitor version=0.1.0",
  "web1 is not web1.example.net, nor WEB1; db-master7's tcp://db-master7:5681",
].join("\n");

Deno.test("maskReport() shows no secret, no address and no name of a planted set", () => {
  const masked = maskReport(TEXT, OPTIONS);
  for (const secret of [...SECRETS, ...UNTOLD]) {
    ok(!masked.includes(secret), secret);
  }
  for (const address of ADDRESSES) {
    const [plain = ""] = address.split("/");
    ok(!masked.includes(plain), `${address}:\n${masked}`);
  }
  ok(!masked.includes("203.0.113"), masked);
  for (const name of [...NAMES, ...UNTOLD_NAMES]) {
    ok(!masked.toLowerCase().includes(name), `${name}:\n${masked}`);
  }
});

Deno.test("maskReport() makes the same of the same, and leaves what is nobody's", () => {
  const text =
    "2026-11-29T14:02:11.517Z 127.0.0.1:5681 [::1]:9 tcp://*:5681 version 1.0.2, 0.1.0\n" +
    "203.0.113.7 and 203.0.113.7/32 as 203.0.113.8";
  const masked = maskReport(text, { ...OPTIONS, names: [] });
  const [first, second = ""] = masked.split("\n");
  strictEqual(first, text.split("\n")[0]);
  const [, left, right, other] =
    /^(ip4-\w+) and (ip4-\w+) as (ip4-\w+)$/.exec(second) ?? [];
  strictEqual(left, right, masked);
  ok(left !== other && other !== undefined, masked);
});

Deno.test("maskReport() shows addresses where that is asked for, and still no name and no secret", () => {
  const masked = maskReport(TEXT, { ...OPTIONS, showsAddresses: true });
  ok(ADDRESSES.every((address) => masked.includes(address)));
  ok(SECRETS.every((secret) => !masked.includes(secret)));
  ok(NAMES.every((name) => !masked.includes(name)));
});

Deno.test("reportLines() has a part for each thing", () => {
  const lines = reportLines({
    atMs: 0,
    versions: [["deno", "2.9.6"], ["nft", ""]],
    parts: [{ heading: "doctor", lines: ["0 faults, 0 warnings"] }, {
      heading: "the last 200 lines",
      lines: [],
    }],
    showsAddresses: true,
  });
  deepStrictEqual(lines.slice(2), [
    ...["", "== versions", "deno  2.9.6", "nft   not found"],
    ...["", "== doctor", "0 faults, 0 warnings"],
    ...["", "== the last 200 lines", "(nothing)"],
  ]);
  deepStrictEqual(lastLines("a\nb\n\nc\n", 2), ["b", "c"]);
  strictEqual(
    distributionIn('NAME="x"\nPRETTY_NAME="Debian 12"\n'),
    "Debian 12",
  );
});
