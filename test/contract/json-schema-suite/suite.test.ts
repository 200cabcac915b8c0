// The registry and the official tests of JSON Schema, case by case, and some of them over the wire.
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { expect, it } from "vitest";
import { SchemaService } from "../../../gen/dbconn/v1/schema_pb.ts";
import { Judge } from "../../../src/adapters/ajv/judge.ts";
import { canonicalJson, sha256Hex } from "../../../src/canonical.ts";
import { value } from "../../protocol/values.ts";
import { describeWithTools } from "../../support/real-stores.ts";
import { startServer } from "../../support/server-process.ts";
import { EXCLUSIONS } from "./exclusions.ts";
import { readSuite, type SuiteCase } from "./suite.ts";

interface Difference {
  /** Of the case that was refused, or of the test that came out the other way. */
  readonly name: string;
  /** Undefined: the schema was taken. */
  readonly refusal?: string;
}

/** One for all, as in a thread of the service. */
const judge = new Judge();

function differencesOf({ name, dialect, schema, tests }: SuiteCase): readonly Difference[] {
  const text = { text: JSON.stringify(schema), dialect, sha256: sha256Hex(canonicalJson(schema)) };
  const [problem] = judge.check(text);
  if (problem !== undefined) return [{ name, refusal: `${problem.pointer}: ${problem.message}` }];
  const results = judge.validate(
    text,
    tests.map(({ data }) => data),
  );
  return tests.flatMap((test, index) =>
    results[index]?.valid === test.valid ? [] : [{ name: `${name} | ${test.name}` }],
  );
}

function isExcluded({ name, refusal }: Difference): boolean {
  return EXCLUSIONS.some(
    (exclusion) =>
      exclusion.names.some((prefix) => name.startsWith(prefix)) &&
      (refusal === undefined ? exclusion.refusal === undefined : exclusion.refusal?.test(refusal)),
  );
}

describeWithTools("the official tests of JSON Schema", ["json-schema-suite"], (paths) => {
  const readCases = () => readSuite(paths["json-schema-suite"]);

  it("come out as they ask, but for what is excluded with its reason", { timeout: 120_000 }, () => {
    const cases = readCases();
    const differences = cases.flatMap(differencesOf);
    expect(differences.filter((difference) => !isExcluded(difference))).toEqual([]);
    const unused = EXCLUSIONS.flatMap(({ names }) => names).filter(
      (prefix) => !differences.some(({ name }) => name.startsWith(prefix)),
    );
    expect(unused).toEqual([]);
    const tests = cases.reduce((sum, { tests: ofCase }) => sum + ofCase.length, 0);
    expect([cases.length, tests].map((count) => count > 1_000)).toEqual([true, true]);
    const refused = differences.filter(({ refusal }) => refusal !== undefined);
    console.info(
      `${cases.length} cases with ${tests} tests; ${refused.length} schemas refused by contract, ` +
        `${differences.length - refused.length} tests come out otherwise`,
    );
  });

  it("come out as they ask over the wire: of 2020-12 the first case of each file", {
    timeout: 120_000,
  }, async () => {
    const server = await startServer();
    try {
      const transport = createConnectTransport({ baseUrl: server.url, httpVersion: "1.1" });
      const schemas = createClient(SchemaService, transport);
      const cases = readCases().filter(({ dialect }) => dialect === "2020-12");
      const files = Map.groupBy(cases, ({ name }) => name.slice(0, name.indexOf(" | ")));
      let judged = 0;
      for (const [file, [first]] of files) {
        if (first === undefined || file.includes("optional/") || differencesOf(first).length > 0) continue;
        const name = `suite-${++judged}`;
        await schemas.publishRelease({ name, document: value(first.schema) });
        const documents = first.tests.map(({ data }) => value(data));
        const { results } = await schemas.validateDocuments({ name, documents });
        const expected = first.tests.map(({ name: test, valid }) => ({ file, test, valid }));
        expect(results.map(({ valid }, i) => ({ ...expected[i], valid }))).toEqual(expected);
      }
      expect(judged).toBeGreaterThan(40);
    } finally {
      await server.stop();
    }
  });
});
