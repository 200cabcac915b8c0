import { openDocumentValidator } from "../../src/adapters/ajv/open.ts";
import { describeDocumentValidator } from "./validator.ts";

describeDocumentValidator("ajv", (limits) => openDocumentValidator({ workers: 1, heapMb: 256, ...limits }));
