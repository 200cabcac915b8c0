// Real MongoDB, where there is one to run on.
/** The one that MONGODB_URI names; undefined: there is none to run on. */
export const REPLICA_SET: string | undefined = process.env.MONGODB_URI || undefined;
export const WITHOUT_REPLICA_SET = "MONGODB_URI does not name a replica set of MongoDB";
