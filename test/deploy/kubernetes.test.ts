import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { loadConfig } from "../../src/config.ts";
import { isWorkload, type Manifest, manifestFiles, manifestsIn, typeErrors, validate } from "./manifests.ts";

const manifests = manifestFiles.flatMap(manifestsIn);
const workloads = manifests.flatMap((manifest) =>
  isWorkload(manifest) ? [{ manifest, folder: dirname(manifest.file) }] : [],
);

/** What the secrets hold that the manifests name, and an installation brings. */
const SECRETS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "dbconn-stores": { REDIS_URL: "redis://redis:6379", MONGODB_URI: "mongodb://mongo/?replicaSet=rs0" },
};

const inFolder = (folder: string) => manifests.filter(({ file }) => dirname(file) === folder);

function configOf(manifest: (typeof workloads)[number]["manifest"], folder: string) {
  const [container] = manifest.spec?.template.spec?.containers ?? [];
  const maps = inFolder(folder).filter(({ kind }) => kind === "ConfigMap") as (Manifest & {
    data: Record<string, string>;
  })[];
  const from = (container?.envFrom ?? []).map(
    ({ configMapRef, secretRef }) =>
      maps.find(({ metadata }) => metadata.name === configMapRef?.name)?.data ??
      SECRETS[secretRef?.name ?? ""],
  );
  expect(from).not.toContain(undefined);
  const env = Object.fromEntries((container?.env ?? []).map(({ name, value }) => [name, value]));
  return loadConfig({ HOST: "0.0.0.0", PORT: "50050", ...Object.assign({}, ...from), ...env });
}

describe("the manifests", () => {
  it("are valid by Kubernetes' schemas", () => {
    expect(manifests.length).toBeGreaterThan(8);
    for (const manifest of manifests) expect(() => validate(manifest), manifest.file).not.toThrow();
  });

  it("have no field that Kubernetes does not know, by its types", () => {
    expect(typeErrors(manifests)).toBe("");
  });

  it.each(["replica", "minReadySecond"])("with a misspelt field such as %s would not pass", (field) => {
    const [{ manifest }] = workloads as [(typeof workloads)[number]];
    const misspelt = { ...manifest, spec: { ...manifest.spec, [field]: 2 } };
    expect(typeErrors([misspelt as unknown as Manifest])).toContain(field);
  });

  it("with a value of another type would not pass", () => {
    const [{ manifest }] = workloads as [(typeof workloads)[number]];
    const wrong = { ...manifest, spec: { ...manifest.spec, replicas: "two" } };
    expect(() => validate(wrong as unknown as Manifest)).toThrow(/replicas/);
  });

  it.each(["deploy/kubernetes", "deploy/kubernetes/embedded"])(
    "in %s are those that kustomize applies",
    (folder) => {
      const { resources } = parse(readFileSync(join(folder, "kustomization.yaml"), "utf8"));
      expect(resources.filter((file: string) => !existsSync(join(folder, file)))).toEqual([]);
      expect(resources.toSorted()).toEqual(
        inFolder(folder)
          .map(({ file }) => file.slice(folder.length + 1))
          .toSorted(),
      );
    },
  );

  it("hold no secret, and name those that an installation brings", () => {
    expect(manifests.filter(({ kind }) => kind === "Secret")).toEqual([]);
    expect(JSON.stringify(manifests)).not.toMatch(/mongodb:\/\/|redis:\/\//);
  });
});

describe.each(workloads)("the pods of $manifest.kind $manifest.metadata.name", ({ manifest, folder }) => {
  const pod = manifest.spec?.template.spec;
  const [container] = pod?.containers ?? [];
  const labels = manifest.spec?.template.metadata?.labels ?? {};
  const config = configOf(manifest, folder);

  it("get settings that the service takes, with authentication", () => {
    // Encryption is the mesh's, or added as docs/operations.md tells: Kubernetes' gRPC probes speak no TLS.
    expect(config.warnings).toEqual([expect.stringContaining("TLS_CERT_FILE")]);
    expect(config.server.port).toBe(container?.ports?.[0]?.containerPort);
  });

  it("have more time to end than preStop and the drain take", () => {
    const preStopMs = 1000 * Number(container?.lifecycle?.preStop?.sleep?.seconds);
    const graceMs = 1000 * Number(pod?.terminationGracePeriodSeconds);
    expect(preStopMs).toBeGreaterThan(0);
    expect(graceMs).toBeGreaterThanOrEqual(preStopMs + config.server.shutdownTimeoutMs + 5_000);
  });

  it("are ready by the health service of gRPC, and alive without it", () => {
    expect(container?.readinessProbe?.grpc).toEqual({ port: config.server.port });
    expect(container?.livenessProbe?.httpGet).toMatchObject({ path: "/livez" });
    expect(container?.startupProbe?.httpGet).toMatchObject({ path: "/livez" });
  });

  it("may do no more than they need", () => {
    expect(pod?.securityContext).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: "RuntimeDefault" },
    });
    expect(container?.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
    expect(pod?.automountServiceAccountToken).toBe(false);
    expect(container?.resources?.limits).toHaveProperty("memory");
  });

  it("mount what their settings point to", () => {
    const mounts = (container?.volumeMounts ?? []).map(({ mountPath }) => mountPath);
    const volumes = [
      ...(pod?.volumes ?? []),
      ...(manifest.kind === "StatefulSet" ? (manifest.spec?.volumeClaimTemplates ?? []) : []),
    ];
    expect(volumes).toHaveLength(mounts.length);
    expect(mounts).toContain("/etc/dbconn");
    // Nothing else can be written to.
    if (config.durable.mongodb === undefined) expect(mounts).toContain(config.durable.dataDir);
  });

  it("are what the service, the budget and the network policy select", () => {
    const selectors = inFolder(folder).flatMap((other) => {
      const spec = (other as unknown as { spec?: Record<string, unknown> }).spec ?? {};
      const selector = spec.podSelector ?? spec.selector;
      if (selector === undefined) return [];
      return [(selector as { matchLabels?: object }).matchLabels ?? selector];
    });
    expect(selectors.length).toBeGreaterThanOrEqual(3);
    for (const selector of selectors) expect(labels).toEqual(selector);
  });
});
