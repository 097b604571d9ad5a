import { deepStrictEqual, match, throws } from "node:assert/strict";
import { RuntimeError } from "../../lib/base/errors.ts";
import { encodeJoinCode } from "../../lib/members/join_code.ts";
import {
  decodePublisherCode,
  encodePublisherCode,
  type PublisherGift,
} from "../../lib/members/publisher_code.ts";
import { keysOf, membership } from "../support/cluster/memberships.ts";
import { host } from "../support/values/core_values.ts";

const GIVEN: PublisherGift = {
  name: host("hub2"),
  keys: keysOf(1, 2),
  controlUrl: "tcp://hub2:5681",
  streamUrl: "tcp://hub2:5682",
  engine: {
    urls: ["https://localhost:2379", "https://hub1:2379"],
    prefix: "/fail2ban-cluster/",
    authority: "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
    login: "fail2ban-cluster:secret\n",
  },
};
const CODE = encodePublisherCode(GIVEN);

Deno.test("a publisher's code is one word, and is read as it was written", () => {
  match(CODE, /^F2BP1[A-Za-z0-9_-]+$/);
  deepStrictEqual(decodePublisherCode(` ${CODE}\n`), GIVEN);
  const bare = { ...GIVEN.engine, authority: null, login: null };
  const other = { ...GIVEN, engine: bare };
  deepStrictEqual(decodePublisherCode(encodePublisherCode(other)), other);
});

Deno.test("a publisher's code with any character changed, missing or added is refused", () => {
  for (let at = 5; at < CODE.length; at++) {
    const other = CODE[at] === "A" ? "B" : "A";
    const [before, after] = [CODE.slice(0, at), CODE.slice(at + 1)];
    for (
      const text of [
        before + other + after,
        before + after,
        `${before} ${after}`,
      ]
    ) {
      throws(() => decodePublisherCode(text), RuntimeError);
    }
  }
  throws(() => decodePublisherCode(`${CODE}x`), /damaged/);
});

Deno.test("a node's code is none of a publisher, and says so", () => {
  const code = encodeJoinCode(membership("web1"));
  throws(() => decodePublisherCode(code), /not a publisher's code/);
});
