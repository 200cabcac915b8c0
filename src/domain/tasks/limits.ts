/** How much of everything a task may have. Names and request ids have theirs in ../validation.ts. */
export const STATUS_CHARS = 128;
export const MESSAGE_CHARS = 4096;
/** Of `data` as compact JSON in UTF-8; its depth is limited in ../validation.ts. */
export const DATA_BYTES = 256 * 1024;
export const BATCH_ITEMS = 1000;

/**
 * A patch of more leaves than this is merged by read and compare-and-set: stores compile each leaf to an
 * operator, and a command of thousands costs them more than the read saves.
 */
export const FAST_PATCH_LEAVES = 200;

/** How many tasks with data are held in memory before the answer's budget is asked: 64 x 256 KiB = 16 MiB. */
export const FULL_TASKS_AT_ONCE = 64;

/** How many tasks one call writes at once, so that a big batch does not stand in everybody's way. */
export const WRITES_AT_ONCE = 32;
