import { attackByHangingUp } from "../../support/bench/hangup_attacks.ts";

const ROUNDS = 60;

Deno.test("peers that flood, take nothing and hang up 60 times each neither end the publisher nor cost the others a report", async (t) => {
  await attackByHangingUp(t, ROUNDS);
});
