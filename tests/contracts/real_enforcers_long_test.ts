import { Fail2banEnforcer } from "../../lib/enforce/fail2ban_enforcer.ts";
import { Fail2banProcess } from "../../lib/fail2ban/io/fail2ban_process.ts";
import { SteadyClock } from "../../lib/async/steady_clock.ts";
import { jail } from "../support/values/core_values.ts";
import { CLUSTER } from "../support/enforce/enforcer_setup.ts";
import { RealEnforcer } from "../support/enforce/real_enforcer.ts";
import { isInstalled } from "../support/host/real_parts.ts";
import { testEnforcer } from "./enforcer_contract.ts";

const NO_FAIL2BAN = { ignore: !isInstalled("fail2ban") };

testEnforcer("Fail2banEnforcer through fail2ban-client", async () => {
  const setup = await RealEnforcer.create();
  const { socketPath } = setup.server;
  const enforcer = new Fail2banEnforcer({
    client: new Fail2banProcess({ socketPath }),
    clock: new SteadyClock(setup.clock),
    jails: [jail(CLUSTER)],
  });
  return {
    enforcer,
    clock: setup.clock,
    [Symbol.asyncDispose]: () => setup[Symbol.asyncDispose](),
  };
}, NO_FAIL2BAN);
