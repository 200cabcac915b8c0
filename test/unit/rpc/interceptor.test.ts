import { Code } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { CacheService } from "../../../gen/dbconn/v1/cache_pb.ts";
import { StatusService } from "../../../gen/dbconn/v1/status_pb.ts";
import { ErrorInfoSchema } from "../../../gen/google/rpc/error_details_pb.ts";
import { unavailable } from "../../../src/errors.ts";
import { clientOf, errorOf } from "./support.ts";

const bug = new Error("secret words of a driver");

describe("the error interceptor", () => {
  it("answers an unexpected error without its words, and logs it with the method", async () => {
    const { client, logged } = clientOf(CacheService, {
      getEntry: () => {
        throw bug;
      },
    });
    const error = await errorOf(client.getEntry({ key: "k" }));
    expect(error.code).toBe(Code.Internal);
    expect(error.rawMessage).toBe("internal error");
    expect(logged).toEqual([{ err: bug, method: "dbconn.v1.CacheService/GetEntry" }]);
  });

  it("says of a failed mutation whether it was applied, and of a failed read nothing", async () => {
    const fail = () => {
      throw unavailable("hot", { applied: "unknown" });
    };
    const { client, logged } = clientOf(CacheService, { getEntry: fail, deleteEntry: fail });
    const read = await errorOf(client.getEntry({ key: "k" }));
    const write = await errorOf(client.deleteEntry({ key: "k" }));
    expect(read.findDetails(ErrorInfoSchema)[0]?.metadata).toEqual({});
    expect(write.findDetails(ErrorInfoSchema)[0]?.metadata).toEqual({ applied: "unknown" });
    expect(logged).toEqual([]);
  });

  it("maps what a stream fails with after it has begun, and keeps what came before", async () => {
    const { client, logged } = clientOf(StatusService, {
      async *watchStatus() {
        yield {};
        throw bug;
      },
    });
    const received: unknown[] = [];
    const read = async () => {
      for await (const message of client.watchStatus({})) received.push(message);
    };
    const error = await errorOf(read());
    expect(received).toHaveLength(1);
    expect(error.rawMessage).toBe("internal error");
    expect(error.findDetails(ErrorInfoSchema)[0]?.reason).toBe("INTERNAL");
    expect(logged).toEqual([{ err: bug, method: "dbconn.v1.StatusService/WatchStatus" }]);
  });

  it("leaves a stream that ends well as it is", async () => {
    const { client, logged } = clientOf(StatusService, {
      async *watchStatus() {
        yield { status: { version: "1" } };
        yield { status: { version: "2" } };
      },
    });
    const versions: (string | undefined)[] = [];
    for await (const message of client.watchStatus({})) versions.push(message.status?.version);
    expect(versions).toEqual(["1", "2"]);
    expect(logged).toEqual([]);
  });
});
