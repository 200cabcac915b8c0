import { openMongo } from "../../src/adapters/mongo/durable.ts";
import { describeWithMongo, uniqueName } from "../support/real-stores.ts";
import { durableContract } from "./durable.ts";

describeWithMongo("with a server of the MongoDB wire protocol", ({ uri, database }) => {
  durableContract("mongodb", async (collections) => {
    const store = await openMongo({ uri, database, prefix: uniqueName(), collections });
    return { store, stop: () => store.close() };
  });
});
