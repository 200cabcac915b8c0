// What the original leaves behind in its two stores, in every shape that it wrote, and what it left broken.
import { MongoClient } from "mongodb";
import { createClient } from "redis";

/** As its stubs' dictionaries were stored: further keywords grouped, as texts. */
export const FLAT = {
  a: {
    schema: "http://json-schema.org/draft-07/schema#",
    type: "object",
    required: ["name"],
    properties: { name: { type: "string", extra: { minLength: "1", default: "00501" } } },
  },
  b: {
    schema: "http://json-schema.org/draft-07/schema#",
    type: "object",
    required: [],
    properties: { age: { type: "integer", extra: { minimum: "10", maximum: "1.0e2" } } },
  },
  c: { schema: "", type: "object", required: ["x"], properties: { x: { type: "boolean", extra: {} } } },
};

/** The same as `a`, as older versions stored it: keywords beside the type, and as values. */
const OLD_A = {
  schema: "http://json-schema.org/draft-07/schema#",
  type: "object",
  required: ["name"],
  properties: { name: { type: "STRING", minLength: 1, default: "00501" } },
};
const NESTED = {
  schema: "https://json-schema.org/draft/2020-12/schema",
  type: "array",
  items: { type: "string" },
};
const MANY = Array.from({ length: 40 }, (_, index) => ({
  created_at: `release ${index}`,
  schema: { ...FLAT.c, required: [`x${index}`] },
}));

const SCHEMAS = [
  {
    import_name: "wrapped",
    created_at: "2024-03-03 10:00:00.123456",
    active_schema: FLAT.c,
    schemas_releases: [
      { created_at: "monday", schema: FLAT.a },
      { created_at: "2024-02-30", schema: FLAT.b },
    ],
  },
  { import_name: "bare", created_at: "now", active_schema: FLAT.c, schemas_releases: [FLAT.a, FLAT.b] },
  {
    import_name: "mixed",
    created_at: new Date("2024-05-05T00:00:00Z"),
    active_schema: OLD_A,
    schemas_releases: [FLAT.b, { created_at: "tuesday", schema: OLD_A }, { schema: FLAT.c }],
  },
  { import_name: "equal", created_at: "1", active_schema: FLAT.a, schemas_releases: [FLAT.a, FLAT.a] },
  { import_name: "alone", created_at: "", active_schema: FLAT.b },
  { import_name: "año/1 %20", created_at: "x", active_schema: FLAT.b, schemas_releases: [] },
  { import_name: "many", created_at: "last", active_schema: FLAT.a, schemas_releases: MANY },
  { import_name: "nested", created_at: "x", active_schema: NESTED, schemas_releases: [FLAT.a] },
];
const BROKEN_SCHEMAS = [
  { import_name: "no-active", created_at: "x", schemas_releases: [FLAT.a] },
  { import_name: 7, created_at: "x", active_schema: FLAT.a, schemas_releases: [] },
  { import_name: "no-list", created_at: "x", active_schema: FLAT.a, schemas_releases: "none" },
  { import_name: "no-schema", created_at: "x", active_schema: { type: ["nothing"] }, schemas_releases: [] },
  { import_name: "wrapped", created_at: "twin", active_schema: FLAT.a, schemas_releases: [] },
  { name: "somebody else's" },
];

const TASKS = [
  {
    task_id: "document",
    task: "import",
    import_name: "sales",
    status: "completed",
    code: 200,
    message: "m",
    data: { rows: "10" },
  },
  {
    task_id: "both",
    task: "import",
    import_name: "sales",
    status: "accepted",
    code: 202,
    message: "old",
    data: { a: "1" },
  },
  {
    task_id: "part",
    task: "import",
    import_name: "default",
    status: "accepted",
    code: 202,
    message: "",
    data: { kept: "1" },
  },
  {
    task_id: "unreadable-hash",
    task: "import",
    import_name: "sales",
    status: "error",
    code: "500",
    message: "e",
    data: {},
  },
  {
    task_id: "año/1 %20",
    task: "a b",
    import_name: "una importación",
    status: "failed-upload",
    code: 1,
    message: "",
    data: { n: 7 },
  },
  ...Array.from({ length: 120 }, (_, index) => ({
    ...{ task_id: `t${index}`, task: "bulk", import_name: `i${index % 3}`, status: "published", code: index },
    ...{ message: `m${index}`, data: { index: String(index) } },
  })),
];
const BROKEN_TASKS = [
  {
    task_id: "no-code",
    task: "import",
    import_name: "sales",
    status: "accepted",
    code: "many",
    message: "",
    data: {},
  },
  {
    task_id: "x".repeat(200),
    task: "import",
    import_name: "sales",
    status: "accepted",
    code: 1,
    message: "",
    data: {},
  },
];

const HASHES: Readonly<Record<string, Record<string, string>>> = {
  "import:task:both": { status: "completed", code: "200", message: "new", data: '{"a": "1", "b": "2"}' },
  "import:task:part": { status: "processing-file", message: "updated when it had expired" },
  "import:task:unreadable-hash": { status: "error", code: "500", message: "e", data: "{'not': 'json'}" },
  "import:task:hash": {
    status: "warning",
    code: "0",
    message: "",
    data: '{"import_name": "sales", "x": "ñ"}',
  },
  "import:task:in-set": { status: "accepted", code: "202", message: "", data: "{}" },
  "a:b:task:c:task:d": { status: "accepted", code: "202", message: "colons", data: "{}" },
};
const BROKEN_HASHES: Readonly<Record<string, Record<string, string>>> = {
  "import:task:part-alone": { status: "error" },
  "import:task:no-json": { status: "error", code: "1", message: "", data: "{" },
};

export const SEEDED = {
  schemas: SCHEMAS.length,
  brokenSchemas: BROKEN_SCHEMAS.length - 1,
  tasks: TASKS.length + 3,
  brokenTasks: BROKEN_TASKS.length + Object.keys(BROKEN_HASHES).length,
  /** Documents of none of the shapes. */
  strangers: 1,
};

export async function seedOriginal(mongoUri: string, redisUrl: string): Promise<void> {
  const mongo = await new MongoClient(mongoUri).connect();
  const redis = await createClient({ url: redisUrl }).connect();
  try {
    await mongo
      .db()
      .collection("schemas")
      .insertMany([...SCHEMAS, ...BROKEN_SCHEMAS]);
    await mongo
      .db()
      .collection("tasks")
      .insertMany([...TASKS, ...BROKEN_TASKS]);
    await mongo.db().collection("users").insertOne({ name: "not ours" });
    for (const [key, fields] of Object.entries({ ...HASHES, ...BROKEN_HASHES }))
      await redis.hSet(key, fields);
    await redis.sAdd("import:import:sales:tasks", ["hash", "both", "expired-long-ago"]);
    await redis.sAdd("import:import:from the set:tasks", ["in-set"]);
    await redis.set("cached", "value");
    await redis.set("import:task:no-hash", "another program's");
  } finally {
    await mongo.close();
    redis.destroy();
  }
}
