import { openMongo } from "../../src/adapters/mongo/durable.ts";
import { describeWithMongo, uniqueName } from "../support/real-stores.ts";
import { durableContract } from "./durable.ts";

describeWithMongo("with a server of the MongoDB wire protocol", ({ uri, database }) => {
  durableContract("mongodb", async (collections) => {
    const names = Object.fromEntries(collections.map(({ name }) => [name, `${uniqueName()}.${name}`]));
    const store = await openMongo({ uri, database, names, collections });
    return { store, stop: () => store.close() };
  });
});
