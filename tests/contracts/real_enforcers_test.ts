import { checkProgram } from "../../lib/enforce/io/program_check.ts";
import { ExecEnforcer } from "../../lib/enforce/io/exec_enforcer.ts";
import { SystemClock } from "../../lib/async/io/system_clock.ts";
import { jail } from "../support/values/core_values.ts";
import { CLUSTER, EnforcerSetup } from "../support/enforce/enforcer_setup.ts";
import { NftHost } from "../support/enforce/nft_host.ts";
import { RealEnforcer } from "../support/enforce/real_enforcer.ts";
import { isInstalled } from "../support/host/real_parts.ts";
import { testEnforcer } from "./enforcer_contract.ts";

const NO_FAIL2BAN = { ignore: !isInstalled("fail2ban") };
const NO_NFT = { ignore: !isInstalled("netns") || !isInstalled("nftables") };
const nothing = () => Promise.resolve();

testEnforcer("NftEnforcer", async () => {
  const host = await NftHost.create();
  return {
    enforcer: host.enforcer(),
    clock: new SystemClock(),
    [Symbol.asyncDispose]: () => host[Symbol.asyncDispose](),
  };
}, NO_NFT);

testEnforcer("Fail2banEnforcer through the socket", async () => {
  const setup = await RealEnforcer.create({ [CLUSTER]: {}, sshd: {} });
  return {
    enforcer: setup.enforcer,
    clock: setup.clock,
    jails: [jail(CLUSTER), jail("sshd")] as const,
    [Symbol.asyncDispose]: () => setup[Symbol.asyncDispose](),
  };
}, NO_FAIL2BAN);

testEnforcer("Fail2banEnforcer with a fail2ban in memory", () => {
  const { enforcer, clock } = new EnforcerSetup(undefined, [CLUSTER, "sshd"]);
  const jails = [jail(CLUSTER), jail("sshd")] as const;
  return Promise.resolve({
    enforcer,
    clock,
    jails,
    [Symbol.asyncDispose]: nothing,
  });
});

testEnforcer("ExecEnforcer", () => {
  const clock = new SystemClock();
  const enforcer = new ExecEnforcer({
    clock,
    program: "/bin/true",
    checkProgram,
  });
  return Promise.resolve({ enforcer, clock, [Symbol.asyncDispose]: nothing });
});
