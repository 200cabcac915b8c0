// Generated tests are the same in every run, so that a failure is of the change at hand. FC_SEED=N looks elsewhere.
import fc from "fast-check";

fc.configureGlobal({ seed: Number(process.env.FC_SEED ?? 1) });
