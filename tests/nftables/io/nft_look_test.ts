import { deepStrictEqual, rejects } from "node:assert/strict";
import { SystemClock } from "../../../lib/async/io/system_clock.ts";
import { RuntimeError } from "../../../lib/base/errors.ts";
import { NftProcess } from "../../../lib/nftables/io/nft_process.ts";
import { nftLook } from "../../../lib/nftables/nft_look.ts";
import { NFT_TABLE } from "../../../lib/nftables/nft_names.ts";
import { NetworkNamespace } from "../../support/host/network_namespace.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { address } from "../../support/values/core_values.ts";

const { signal } = new AbortController();
const ASKED = [
  ...["192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"],
  ...["198.51.100.0/24", "198.51.100.0/25", "203.0.113.1"],
] as const;

testWith(
  ["netns", "nftables"],
  "nftLook() finds single addresses, those in parts and prefixes, and none where there is no table",
  async () => {
    await using namespace = await NetworkNamespace.create();
    const clock = new SystemClock();
    const program = new NftProcess(clock, namespace.inside("nft"));
    const look = nftLook({ program, table: NFT_TABLE });
    const found = async () => {
      const answers: string[] = [];
      for (const text of ASKED) {
        if (await look(address(text), signal)) answers.push(text);
      }
      return answers;
    };
    deepStrictEqual(await found(), []);
    const nft = (...words: string[]) => namespace.run("nft", ...words);
    await nft("add", "table", "inet", NFT_TABLE);
    const elements = [
      ["banned4", "ipv4_addr", "192.0.2.1 timeout 1h"],
      ["banned6", "ipv6_addr", "2001:db8::1"],
      ["banned4_24", "ipv4_addr", "198.51.100.0"],
      ["banned4_part1", "ipv4_addr", "192.0.2.129"],
      ["banned4_part49", "ipv4_addr", "203.0.113.113"],
    ] as const;
    for (const [set, type, element] of elements) {
      const form = `{ type ${type}; flags timeout; }`;
      await nft("add", "set", "inet", NFT_TABLE, set, form);
      await nft("add", "element", "inet", NFT_TABLE, set, `{ ${element} }`);
    }
    deepStrictEqual(await found(), [
      ...["192.0.2.1", "2001:db8::1", "198.51.100.0/24"],
    ]);
    deepStrictEqual(await look(address("203.0.113.113"), signal), true);

    const nobody = namespace.inside("setpriv");
    nobody.push("--reuid=65534", "--clear-groups", "nft");
    const mayNot = nftLook({
      program: new NftProcess(clock, nobody),
      table: NFT_TABLE,
    });
    await rejects(mayNot(address("192.0.2.1"), signal), RuntimeError);
  },
);
