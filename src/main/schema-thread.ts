/** What the threads for schemas start with: Ajv, and the domain's reasoning about how schemas relate. */
import { serveJobs } from "../adapters/ajv/serve.ts";
import { createSchemaComparer } from "../domain/schemas/compatibility/comparer.ts";

serveJobs(createSchemaComparer);
