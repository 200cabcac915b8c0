// Texts that mean something to what lies behind: stores, scripts, patterns, objects, paths, headers, logs, people.
/** To stores, their scripts and their patterns. */
export const STORE_INJECTIONS: readonly string[] = [
  // MongoDB and SQL
  '{"$ne": null}',
  "$where",
  "a.$[].b",
  "'; DROP TABLE tasks; --",
  '" OR 1=1 --',
  // Redis and Lua
  "x\r\nFLUSHALL\r\n",
  "]]; redis.call('flushall') --",
  "{slot}:x",
  // Patterns
  "*",
  "[a-z]?\\",
  "^(a+)+$",
  "__proto__",
];

export const INJECTIONS: readonly string[] = [
  ...STORE_INJECTIONS,
  // Objects and templates
  "constructor.prototype.polluted",
  `\${process.exit(1)}{{7*7}}`,
  // Paths and URLs
  "../../../../etc/passwd",
  "file:///etc/passwd",
  "http://169.254.169.254/latest/",
  // Lines, terminals and people
  'x"}\n{"level":60,"msg":"forged"}',
  "\u001b[2J\u001b[31m",
  "\u202Egnp.exe",
  "<script>alert(1)</script>",
  "\0",
  "\uFEFF",
];
