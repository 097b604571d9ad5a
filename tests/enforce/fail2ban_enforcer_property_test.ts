import { deepStrictEqual, ok } from "node:assert/strict";
import fc from "fast-check";
import { anyAddress, anyJailName } from "../support/values/any_values.ts";
import { address, jail } from "../support/values/core_values.ts";
import {
  ban,
  EnforcerSetup,
  NEW,
  OLD,
} from "../support/enforce/enforcer_setup.ts";

for (const version of [NEW, OLD]) {
  Deno.test(`whatever the bans are, those that did not fail are listed, and none is after it was lifted: ${version}`, async () => {
    const target = fc.oneof(
      fc.nat(15).map((octet) => address(`192.0.2.${octet}`)),
      fc.constantFrom("192.0.2.0/28", "192.0.2.8/29").map(address),
      anyAddress,
    );
    const inJail = fc.oneof(fc.constantFrom("a", "b").map(jail), anyJailName);
    const anyBans = fc.array(
      fc.tuple(target, inJail).map(([to, name]) => ban(to, name)),
      { maxLength: 20 },
    );
    await fc.assert(
      fc.asyncProperty(anyBans, anyBans, async (wanted, unwanted) => {
        const setup = new EnforcerSetup(version, ["a", "b"]);
        setup.fail2ban.jail("b").ignored = ["192.0.2.4/30"];
        const failed = new Set(await setup.apply(...wanted));
        const keyOf = ({ jail, address }: { jail: string; address: string }) =>
          `${jail} ${address}`;
        const listed = async () =>
          new Set((await setup.enforcer.list(setup.signal)).map(keyOf));
        const before = await listed();
        for (const each of wanted) {
          const isFailed = [...failed].some((text) =>
            text.startsWith(`${each.address}: `)
          );
          ok(isFailed || before.has(keyOf(each)), keyOf(each));
        }
        deepStrictEqual(await setup.lift(...unwanted), []);
        const gone = new Set(unwanted.map(keyOf));
        deepStrictEqual(
          await listed(),
          new Set([...before].filter((key) => !gone.has(key))),
        );
      }),
    );
  });
}
