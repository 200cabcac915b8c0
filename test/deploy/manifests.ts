// The manifests as Kubernetes would get them, and Kubernetes' own types and schemas to judge them by.
import { spawnSync } from "node:child_process";
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Deployment, type IDeployment } from "kubernetes-models/apps/v1/Deployment";
import { type IStatefulSet, StatefulSet } from "kubernetes-models/apps/v1/StatefulSet";
import { NetworkPolicy } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicy";
import { PodDisruptionBudget } from "kubernetes-models/policy/v1/PodDisruptionBudget";
import { ConfigMap } from "kubernetes-models/v1/ConfigMap";
import { Service } from "kubernetes-models/v1/Service";
import { ServiceAccount } from "kubernetes-models/v1/ServiceAccount";
import { parseAllDocuments } from "yaml";

export interface Manifest {
  readonly file: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

/** Where each kind's type is, and what validates it. */
const KINDS: Readonly<
  Record<string, readonly [module: string, model: new (data: never) => { validate(): void }]>
> = {
  "v1 ConfigMap": ["v1/ConfigMap", ConfigMap],
  "v1 Service": ["v1/Service", Service],
  "v1 ServiceAccount": ["v1/ServiceAccount", ServiceAccount],
  "apps/v1 Deployment": ["apps/v1/Deployment", Deployment],
  "apps/v1 StatefulSet": ["apps/v1/StatefulSet", StatefulSet],
  "networking.k8s.io/v1 NetworkPolicy": ["networking.k8s.io/v1/NetworkPolicy", NetworkPolicy],
  "policy/v1 PodDisruptionBudget": ["policy/v1/PodDisruptionBudget", PodDisruptionBudget],
};

export const manifestFiles = globSync("deploy/kubernetes/**/*.yaml").filter(
  (file) => !file.endsWith("kustomization.yaml"),
);

export function manifestsIn(file: string): readonly Manifest[] {
  return parseAllDocuments(readFileSync(file, "utf8"), { strict: true, uniqueKeys: true }).map((document) => {
    if (document.errors[0] !== undefined) throw document.errors[0];
    return { ...document.toJS(), file };
  });
}

/** Throws for values that Kubernetes' schema does not take. Unknown fields pass here; see `typeErrors`. */
export function validate({ file: _, ...manifest }: Manifest): void {
  const [, model] = kindOf(manifest);
  new model(manifest as never).validate();
}

/**
 * What the type checker has against the manifests, by Kubernetes' own types: fields that there are not, and values of
 * other types. Empty when all is well.
 */
export function typeErrors(manifests: readonly Omit<Manifest, "file">[]): string {
  // Inside the checkout, since that is where the types are found.
  mkdirSync("node_modules/.cache", { recursive: true });
  const folder = mkdtempSync("node_modules/.cache/manifests-");
  try {
    for (const [index, manifest] of manifests.entries()) {
      const { file: _, ...plain } = manifest as Manifest;
      const [module] = kindOf(plain);
      const text = `import type { I${plain.kind} } from "kubernetes-models/${module}";
export const manifest: I${plain.kind} = ${JSON.stringify(plain, undefined, 1)};`;
      writeFileSync(join(folder, `${index}.ts`), text);
    }
    const options = ["--noEmit", "--strict", "--skipLibCheck", "--ignoreConfig"];
    const files = manifests.map((_, index) => join(folder, `${index}.ts`));
    const tsc = spawnSync(
      process.execPath,
      ["node_modules/typescript/bin/tsc", ...options, "--module", "nodenext", "--target", "esnext", ...files],
      { encoding: "utf8" },
    );
    return tsc.status === 0 ? "" : `${tsc.stdout}${tsc.stderr}`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function kindOf({ apiVersion, kind }: Omit<Manifest, "file">) {
  const found = KINDS[`${apiVersion} ${kind}`];
  if (found === undefined)
    throw new Error(`no schema for ${apiVersion} ${kind}: add it to test/deploy/manifests.ts`);
  return found;
}

export type Workload = IDeployment | IStatefulSet;

export function isWorkload(manifest: object): manifest is Workload {
  return "kind" in manifest && (manifest.kind === "Deployment" || manifest.kind === "StatefulSet");
}
