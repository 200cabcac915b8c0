// A plugin of buf: makes the API reference for people (reference.md) and the OpenAPI description of the JSON surface
// (openapi.json) out of the .proto files and their comments. Run by `npm run generate`.
import { readFileSync } from "node:fs";
import { create, createFileRegistry, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  CodeGeneratorRequestSchema,
  CodeGeneratorResponse_Feature,
  CodeGeneratorResponseSchema,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";
import { openApi } from "./openapi.ts";
import { referencePage } from "./page.ts";

const PACKAGE = "dbconn.v1";

const request = fromBinary(CodeGeneratorRequestSchema, readFileSync(0));
const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: request.protoFile }));
const files = [...registry.files].filter(({ proto }) => proto.package === PACKAGE);
const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { readonly version: string };

process.stdout.write(
  toBinary(
    CodeGeneratorResponseSchema,
    create(CodeGeneratorResponseSchema, {
      supportedFeatures: BigInt(CodeGeneratorResponse_Feature.PROTO3_OPTIONAL),
      // buf asks once for each of its inputs, and most of them are contracts of others.
      file:
        files.length === 0
          ? []
          : [
              { name: "reference.md", content: referencePage(files) },
              { name: "openapi.json", content: `${JSON.stringify(openApi(files, version), null, 1)}\n` },
            ],
    }),
  ),
);
