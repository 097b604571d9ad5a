import { deepStrictEqual, throws } from "node:assert/strict";
import { RuntimeError } from "../../lib/base/errors.ts";
import { InnerEndpoints } from "../../lib/front/inner_endpoints.ts";

Deno.test("InnerEndpoints loses no place to one that could not be opened", () => {
  let lacksDescriptors = true;
  const endpoints = new InnerEndpoints({
    max: 2,
    open: (number) => {
      if (lacksDescriptors) throw new RuntimeError("too many open files");
      return { path: `/inner/${number}`, zapDomain: String(number) };
    },
  });
  for (let tries = 0; tries < 5; tries++) {
    throws(() => endpoints.take(), RuntimeError);
  }
  lacksDescriptors = false;
  const taken = [endpoints.take(), endpoints.take(), endpoints.take()];
  deepStrictEqual(taken.map((each) => each?.path), [
    "/inner/0",
    "/inner/1",
    undefined,
  ]);
});
