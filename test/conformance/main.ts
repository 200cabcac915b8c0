// npm run test:conformance: Connect's conformance suite, with what it says.
import { parseArgs } from "node:util";
import { findTool } from "../../scripts/stores/find.ts";
import { runConformance } from "./run.ts";

const USAGE = `Usage: npm run test:conformance -- [options]

Runs Connect's conformance suite against the server of this service, first with the unary lane and then without it.

  --lane on|off   only with the lane, or only without it
  --run PATTERN   only the cases whose names match, such as 'Timeouts/**'; may be repeated
  --help          this text

What the suite leaves out, and why, is in test/conformance/features.yaml.
`;

const { values } = parseArgs({
  options: {
    lane: { type: "string" },
    run: { type: "string", multiple: true },
    help: { type: "boolean", default: false },
  },
});
if (values.help || !["on", "off", undefined].includes(values.lane)) {
  process.stdout.write(USAGE);
  process.exit(values.help ? 0 : 2);
}
const tool = findTool("connectconformance");
if ("missing" in tool) {
  console.error(tool.missing);
  process.exit(1);
}
for (const lane of values.lane === undefined ? ["on", "off"] : [values.lane]) {
  console.log(`unary lane ${lane}`);
  const onOutput = (text: string): void => void process.stdout.write(text);
  const cases = values.run ?? [];
  const { failed } = await runConformance({ path: tool.path, unaryLane: lane === "on", cases, onOutput });
  if (failed > 0) process.exitCode = 1;
}
