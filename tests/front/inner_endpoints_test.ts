import { deepStrictEqual, ok, throws } from "node:assert/strict";
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
    close: () => {},
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

Deno.test("InnerEndpoints closes a retired one when the last has left, and opens another in its place", () => {
  const shut: string[] = [];
  const endpoints = new InnerEndpoints({
    max: 1,
    open: (number) => ({ path: `/${number}`, zapDomain: String(number) }),
    close: ({ path }) => void shut.push(path),
  });
  const first = endpoints.take();
  ok(first !== undefined);
  endpoints.giveBack(first);
  deepStrictEqual(endpoints.take(), first);
  deepStrictEqual(endpoints.take(), undefined);
  endpoints.retire(first);
  endpoints.leave(first);
  deepStrictEqual(shut, []);
  const second = endpoints.take();
  deepStrictEqual(second?.path, "/1");
  endpoints.leave(first);
  deepStrictEqual(shut, ["/0"]);
});
