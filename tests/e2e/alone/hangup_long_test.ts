import { attackByHangingUp } from "../../support/bench/hangup_attacks.ts";

/** Before there was a front libzmq aborted the publisher in round 3. */
const ROUNDS = 6;

Deno.test("peers that flood, take nothing and hang up neither end the publisher nor cost the others a report", async (t) => {
  await attackByHangingUp(t, ROUNDS);
});
