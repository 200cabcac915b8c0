/** What the threads for schemas start with: Ajv, and the domain's reasoning about how schemas relate. */
import { constants, setPriority } from "node:os";
import { serveJobs } from "../adapters/ajv/serve.ts";
import { createSchemaComparer } from "../domain/schemas/compatibility/comparer.ts";

// Of this thread alone, where the system has priorities of threads: who judges schemas yields to who answers calls.
if (process.platform === "linux") setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

serveJobs(createSchemaComparer);
