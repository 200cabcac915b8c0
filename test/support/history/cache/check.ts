/**
 * C1 to C3 over one history, and E1 of cache writes. A key is a register (set, deleted and read), a counter, or the
 * prize of a race between sets that want it absent.
 */
import { checkCounter } from "./counters.ts";
import { Epochs } from "./epochs.ts";
import type { CacheHistory } from "./operation.ts";
import { checkPrize } from "./prizes.ts";
import { checkRegister } from "./registers.ts";
import type { CacheViolation } from "./violation.ts";

export function checkCache({ operations, losses }: CacheHistory): readonly CacheViolation[] {
  const epochs = new Epochs(losses);
  return [...Map.groupBy(operations, ({ key }) => key)].flatMap(([key, ofKey]) => {
    const methods = new Set(ofKey.map(({ call }) => call.method));
    if (methods.has("increment")) return checkCounter(key, ofKey, epochs);
    return [
      ...checkRegister(key, ofKey, epochs),
      ...(methods.has("set_if_absent") ? checkPrize(key, ofKey, epochs) : []),
    ];
  });
}
