// Moves slots of a cluster as an administrator's tool does, step by step.

interface Admin {
  sendCommand<T>(command: readonly string[]): Promise<T>;
}

export interface Move {
  readonly slot: number;
  readonly from: Admin;
  readonly to: Admin;
  readonly toPort: number;
}

function nodeId(admin: Admin): Promise<string> {
  return admin.sendCommand<string>(["CLUSTER", "MYID"]);
}

/** The slot is on its way from here on. */
export async function openSlot({ slot, from, to }: Move): Promise<void> {
  await to.sendCommand(["CLUSTER", "SETSLOT", String(slot), "IMPORTING", await nodeId(from)]);
  await from.sendCommand(["CLUSTER", "SETSLOT", String(slot), "MIGRATING", await nodeId(to)]);
}

/** Moves up to so many of its keys; answers how many. */
export async function moveKeys({ slot, from, toPort }: Move, count: number): Promise<number> {
  const keys = await from.sendCommand<string[]>(["CLUSTER", "GETKEYSINSLOT", String(slot), String(count)]);
  if (keys.length > 0) {
    await from.sendCommand(["MIGRATE", "127.0.0.1", String(toPort), "", "0", "5000", "KEYS", ...keys]);
  }
  return keys.length;
}

/** Moves what is left of its keys, and the slot. `others`: the masters that have nothing to do with it. */
export async function closeSlot(move: Move, others: readonly Admin[]): Promise<void> {
  while ((await moveKeys(move, 100)) > 0);
  const id = await nodeId(move.to);
  for (const admin of [move.to, move.from, ...others]) {
    await admin.sendCommand(["CLUSTER", "SETSLOT", String(move.slot), "NODE", id]);
  }
}
