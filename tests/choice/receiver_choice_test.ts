import { deepStrictEqual, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { ChoiceJudge } from "../../lib/choice/choice_judge.ts";
import {
  isNamePattern,
  parsePatternList,
} from "../../lib/choice/pattern_list.ts";
import {
  choiceText,
  leftOutReason,
  observesSome,
  onlyObserving,
  placeOfBan,
  placeOfReport,
  type ReceiverChoice,
  TAKE_ALL,
} from "../../lib/choice/receiver_choice.ts";
import {
  OPERATOR_JAIL,
  OPERATOR_ORIGIN,
} from "../../lib/base/operator_name.ts";
import type { HostName } from "../../lib/base/host_name.ts";
import { anyHostName, anyJailName } from "../support/values/any_values.ts";
import { host, jail } from "../support/values/core_values.ts";

const HERE = host("db1");

function receiver(choice: Partial<ReceiverChoice>) {
  return { hostName: HERE, choice: { ...TAKE_ALL, ...choice } };
}

/** Reports of nodes; the origin of a list is no host's name. */
function banOf(name: string, ...origins: readonly string[]) {
  return {
    jail: jail(name),
    reports: origins.map((origin) => ({ origin: origin as HostName })),
  };
}

/** A pattern that means the same, so that a test can judge without patterns. */
const anyPick = fc.record({
  take: fc.option(fc.constantFrom("sshd", "nginx-*", "*x*")),
  ignore: fc.option(fc.constantFrom("recidive", "nginx-a*", "*")),
});
const JAILS = ["sshd", "nginx-a1", "nginx-b", "recidive", "operator"];
const NODES = ["DB1", "web1", "Web2", "import:drop", "operator"];

/** What a pattern of this test means. */
function means(pattern: string, name: string): boolean {
  const text = pattern.replaceAll("*", ".*");
  return new RegExp(`^${text}$`, "i").test(name);
}

Deno.test("placeOfBan() is what its reports are, by a model that judges each name by itself", () => {
  const anyNodes = fc.uniqueArray(fc.constantFrom(...NODES), { minLength: 1 });
  const anyNodePattern = fc.option(
    fc.constantFrom("web*", "WEB2", "import:*", "*"),
  );
  fc.assert(fc.property(
    fc.constantFrom(...JAILS),
    anyNodes,
    anyPick,
    fc.record({
      take: anyNodePattern,
      ignore: anyNodePattern,
      observe: anyNodePattern,
    }),
    (name, nodes, jails, of) => {
      const { choice } = receiver({
        takeJails: [jails.take ?? "*"],
        ignoreJails: jails.ignore === null ? [] : [jails.ignore],
        takeNodes: [of.take ?? "*"],
        ignoreNodes: of.ignore === null ? [] : [of.ignore],
        observeNodes: of.observe === null ? [] : [of.observe],
      });
      const isJailTaken =
        (name === "operator" || means(jails.take ?? "*", name)) &&
        !(jails.ignore !== null && means(jails.ignore, name));
      const others = nodes.filter((node) => node !== "DB1").filter((node) =>
        isJailTaken && (node === "operator" || means(of.take ?? "*", node)) &&
        !(of.ignore !== null && means(of.ignore, node))
      );
      const observed = others.filter((node) =>
        of.observe !== null && means(of.observe, node)
      );
      const expected = others.length > observed.length
        ? "taken"
        : observed.length > 0
        ? "observed"
        : "left-out";
      const ban = banOf(name, ...nodes);
      const here = { hostName: HERE, choice };
      strictEqual(placeOfBan(here, ban), expected);
      const judge = new ChoiceJudge(here);
      for (let times = 0; times < 2; times++) {
        strictEqual(judge.placeOf(ban), expected);
        strictEqual(judge.isOwn(ban), nodes.includes("DB1"));
      }
    },
  ));
});

Deno.test("TAKE_ALL takes whatever others report, and onlyObserving() observes it", () => {
  fc.assert(fc.property(anyJailName, anyHostName, (name, origin) => {
    fc.pre(origin.toLowerCase() !== "db1");
    const of = (choice: ReceiverChoice) =>
      placeOfReport({ hostName: HERE, choice }, name, origin);
    strictEqual(of(TAKE_ALL), "taken");
    strictEqual(of(onlyObserving(TAKE_ALL)), "observed");
    strictEqual(of({ ...TAKE_ALL, ignoreJails: [name] }), "left-out");
    strictEqual(of({ ...TAKE_ALL, ignoreNodes: [origin] }), "left-out");
  }));
  strictEqual(observesSome(TAKE_ALL), false);
});

Deno.test("what operators ban is taken whatever is asked for, and left out where it is ignored", () => {
  const ban = {
    jail: OPERATOR_JAIL,
    reports: [{ origin: OPERATOR_ORIGIN }],
  };
  const only = { takeJails: ["sshd"], takeNodes: ["web1"] };
  strictEqual(placeOfBan(receiver(only), ban), "taken");
  for (const ignored of ["operator", "*"]) {
    strictEqual(
      placeOfBan(receiver({ ignoreJails: [ignored] }), ban),
      "left-out",
    );
    strictEqual(
      placeOfBan(receiver({ ignoreNodes: [ignored] }), ban),
      "left-out",
    );
  }
});

Deno.test("leftOutReason() names the jail, or whoever reported it", () => {
  const reasons: readonly (readonly [Partial<ReceiverChoice>, ...string[]])[] =
    [
      [{ ignoreJails: ["ssh*"] }, "leaves out jail sshd", "web1"],
      [{ takeJails: ["nginx"] }, "leaves out jail sshd", "web1"],
      [{ ignoreNodes: ["web*"] }, "leaves out node web1", "db1", "web1"],
      [{ ignoreNodes: ["*"] }, "leaves out list drop", "import:drop"],
      [
        { ignoreNodes: ["*"] },
        "leaves out node web1, list drop, what operators ban and 2 more",
        ...["web1", "import:drop", "operator", "web3", "web4"],
      ],
    ];
  for (const [choice, reason, ...nodes] of reasons) {
    strictEqual(
      leftOutReason(receiver(choice), banOf("sshd", ...nodes)),
      reason,
    );
  }
});

Deno.test("choiceText() says in words what is taken", () => {
  const texts: readonly (readonly [Partial<ReceiverChoice>, string])[] = [
    [{}, ""],
    [{ ignoreJails: ["sshd"] }, "leaves out jail sshd"],
    [
      { ignoreJails: ["sshd"], ignoreNodes: ["web9", "import:*"] },
      "leaves out jail sshd, node web9, list *",
    ],
    [
      { takeJails: ["sshd", "nginx-*"], observeNodes: ["import:new"] },
      "takes jail sshd, jail nginx-* only; observes list new",
    ],
    [{ observeNodes: ["*"] }, "only observes"],
  ];
  for (const [choice, text] of texts) {
    strictEqual(choiceText({ ...TAKE_ALL, ...choice }), text);
  }
});

Deno.test("parsePatternList() reads what options say, and gives each pattern once", () => {
  deepStrictEqual(parsePatternList("sshd, nginx-*\n  import:drop sshd"), [
    "sshd",
    "nginx-*",
    "import:drop",
  ]);
  deepStrictEqual(parsePatternList(" None "), []);
  for (
    const bad of ["", " , ", "a|b", "\u00e4", "x".repeat(254), "none, sshd/"]
  ) {
    strictEqual(parsePatternList(bad), undefined, bad);
  }
  const many = Array.from({ length: 65 }, (_, at) => `n${at}`);
  strictEqual(parsePatternList(many.join(" ")), undefined);
  strictEqual(parsePatternList(many.slice(1).join(" "))?.length, 64);
  fc.assert(fc.property(anyJailName, (name) => {
    strictEqual(isNamePattern(name), true);
  }));
});

Deno.test("what the publisher derives from reports is taken where none of these can be left out, or where it is asked for by name", () => {
  const cases: readonly (readonly [Partial<ReceiverChoice>, string])[] = [
    [{}, "taken"],
    [{ ignoreJails: ["recidive"] }, "taken"],
    [{ ignoreNodes: ["web9"] }, "left-out"],
    [{ ignoreNodes: ["import:drop"] }, "taken"],
    [{ takeNodes: ["web*"] }, "left-out"],
    [{ takeNodes: ["w*"] }, "left-out"],
    [{ takeNodes: ["*", "w*"], ignoreNodes: ["web9"] }, "left-out"],
    [{ takeNodes: ["*", "widened"], ignoreNodes: ["web9"] }, "taken"],
    [{ ignoreNodes: ["widened"] }, "left-out"],
    [{ observeNodes: ["web9"] }, "observed"],
    [{ observeNodes: ["*"] }, "observed"],
    [{ observeNodes: ["import:new"] }, "taken"],
  ];
  for (const [choice, expected] of cases) {
    const ban = banOf("sshd", "widened");
    const place = placeOfBan(receiver(choice), ban);
    strictEqual(new ChoiceJudge(receiver(choice)).placeOf(ban), place);
    strictEqual(place, expected, JSON.stringify(choice));
  }
  strictEqual(
    leftOutReason(
      receiver({ ignoreNodes: ["web9"] }),
      banOf("sshd", "web9", "grown"),
    ),
    "leaves out node web9, what is grown",
  );
});
