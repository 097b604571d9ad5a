import { ok } from "node:assert/strict";
import fc from "fast-check";
import { describeProblem } from "../../lib/base/errors.ts";
import { readConfig } from "../../lib/config/config_reader.ts";
import { secretsIn } from "../../lib/config/config_secrets.ts";
import { listOptions, optionsOfList } from "../../lib/config/options.ts";
import { maskReport } from "../../lib/diagnosis/masked_report.ts";

const PLANTED = "hunter2secret";
const NO_OPTIONS = {
  secrets: [],
  names: [],
  showsAddresses: true,
  digest: () => "d1",
};
const OPTIONS = [...listOptions(), ...optionsOfList("web")];
const SECRET_KEYS = OPTIONS.filter(({ option }) => option.isSecret === true)
  .map(({ key }) => key);
const LETTER = fc.constantFrom(..."abcdefghijklmnopqrstuvwxyz_");

/** A key with one letter changed, added or left out. */
function slipsOf(key: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const place = fc.nat({ max: 20 });
  return fc.tuple(key, place, LETTER, fc.nat({ max: 2 })).map(
    ([key, at, letter, kind]) => {
      const from = at % (key.length + 1);
      const to = kind === 0 ? from : from + 1;
      return key.slice(0, from) + (kind === 2 ? "" : letter) + key.slice(to);
    },
  );
}

const SECTION = fc.constantFrom(
  ...new Set(OPTIONS.map(({ section }) => section)),
  ...["publihser", "lists", "list:"],
);
/** Ways to write a setting; many of them are wrong. */
const FORM = fc.constantFrom<(key: string) => string>(
  (key) => `${key} = ${PLANTED}`,
  (key) => `${key}: ${PLANTED} # ours`,
  (key) => `${key} = "${PLANTED}"`,
  (key) => `${key} =\n    ${PLANTED}`,
  (key) => `jails = *\n    ${key} = ${PLANTED}`,
  (key) => `lists.${key} = ${PLANTED}`,
  (key) => `${key}_ = ${PLANTED}`,
);

/** All that is said of a configuration, and where its text is in a log. */
function reportOf(text: string): string {
  const files = [{ path: "a.conf", text }];
  const said = readConfig(files).problems.map(describeProblem).join("\n");
  const log = `publisher said ${PLANTED} to nobody`;
  const options = { ...NO_OPTIONS, secrets: secretsIn(files) };
  return maskReport(`${said}\n${log}`, options);
}

Deno.test("what stands under a secret's key with a slip in it is neither told of nor left in a log", () => {
  fc.assert(
    fc.property(
      SECTION,
      slipsOf(fc.constantFrom(...SECRET_KEYS)),
      FORM,
      (section, key, form) => {
        const report = reportOf(`[${section}]\n${form(key)}\n`);
        ok(!report.includes(PLANTED), report);
      },
    ),
    { numRuns: 2_000 },
  );
});

Deno.test("what stands under any key that is none is not told of", () => {
  const known = new Set(OPTIONS.map(({ key }) => key));
  const keys = slipsOf(fc.constantFrom(...known));
  fc.assert(
    fc.property(SECTION, keys, (section, key) => {
      fc.pre(!known.has(key));
      const text = `[${section}]\n${key} = ${PLANTED}\n`;
      const { problems } = readConfig([{ path: "a.conf", text }]);
      const said = problems.map(describeProblem).join("\n");
      ok(said !== "" && !said.includes(PLANTED), said);
    }),
  );
});

Deno.test("maskReport() masks what follows a secret's name, however that is spelled and written", () => {
  const secretKeys = slipsOf(fc.constantFrom(...SECRET_KEYS, "authtokens"));
  const forms = fc.constantFrom<(key: string) => string>(
    (key) => `${key} = ${PLANTED} and more`,
    (key) => `${key}: ${PLANTED}  # a.conf:3`,
    (key) => `list:web.${key} = "${PLANTED}"`,
    (key) => `refused ${key}=${PLANTED} node=web1`,
    (key) => `refused ${key}="${PLANTED} more" node=web1`,
    (key) => `GET /lists/drop?format=nft&${key}=${PLANTED}&x=1 HTTP/1.1`,
    (key) => `GET https://web1/drop?${key}=${PLANTED}`,
    (key) => `{"${key}":"${PLANTED}","node":"web1"}`,
    () => `Authorization: Bearer ${PLANTED}`,
    () => `curl -H "authorization: basic ${PLANTED}"`,
    () => `proxy http://reader:${PLANTED}@web1:8080/drop`,
  );
  fc.assert(
    fc.property(secretKeys, forms, (key, form) => {
      const masked = maskReport(`INFO: up\n${form(key)}\n`, NO_OPTIONS);
      ok(!masked.includes(PLANTED), masked);
      ok(masked.startsWith("INFO: up\n"));
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("maskReport() leaves what is under other names, and where tokens are", () => {
  const text = [
    "authtokens = /etc/fail2ban-cluster/tokens  # a.conf:3",
    "pidfile = /run/fail2ban-monitor.pid",
    "node=web1 role=monitor version=0.1.0",
    "auth = true",
    "FAIL  a.conf:3: monitor.authtokne: expected a key, perhaps authtoken",
    "keys read file=/etc/fail2ban-cluster/keys",
  ].join("\n");
  ok(maskReport(text, { ...NO_OPTIONS, names: [] }).includes("/tokens  # a"));
  const masked = maskReport(text, NO_OPTIONS);
  ok(!masked.includes("(secret)"), masked);
});
