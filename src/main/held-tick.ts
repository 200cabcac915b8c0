/**
 * Keeps the object that Node makes for a `process.nextTick`. It makes one for each, of a shape that V8 remembers for as
 * long as an object has it. A full collection that finds none makes V8 forget the shape, and build each such object the
 * long way for ever after: half a microsecond in place of a twentieth. HTTP/1 has some eight ticks a request, which took a
 * tenth of a short call's time. The first collections come while modules load: so this is loaded before all others.
 */
import { executionAsyncResource } from "node:async_hooks";

export const heldTicks: object[] = [];

process.nextTick(() => {
  heldTicks.push(executionAsyncResource());
});
