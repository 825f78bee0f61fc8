import { execFile } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import test, { type ExecutionContext } from "ava";
import { patchstream } from "../cli/command.js";
import { pem } from "../conformance/carrier.js";
import { sampleStore } from "../conformance/served-store.js";
import { spawnService } from "../service-process.js";
import { temporaryFolder } from "../trainer/processes.js";

const tools = process.env.PATCHSTREAM_HELM_TOOLS;
const deploy = fileURLToPath(new URL("../../../deploy/", import.meta.url));
const schemas = fileURLToPath(new URL("../../../test/helm/schemas/", import.meta.url));

/** What a tool printed, and its exit code. */
interface Ran {
  readonly code: number;
  readonly out: string;
}

function run(tool: "helm" | "kubeconform" | "grpc-health-probe", ...args: string[]): Promise<Ran> {
  return new Promise((resolve, reject) =>
    execFile(join(tools ?? "", tool), args, { timeout: 60_000 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code;
      if (typeof code === "number") resolve({ code, out: stdout + stderr });
      else reject(error);
    }),
  );
}

/** A test with helm and kubeconform, which are there where `npm run test:helm` has built them. */
function testWithTools(title: string, body: (t: ExecutionContext) => Promise<void>): void {
  test(title, async (t) => {
    if (tools !== undefined) return body(t);
    t.log("SKIPPED: needs helm, which needs Go; `npm run test:helm` builds and runs it");
    t.pass();
  });
}

/** What helm is told that the cluster is: built from its module, it knows no version of its own. */
const KUBERNETES = ["--kube-version", "1.34.0"];

type Values = Readonly<Record<string, unknown>>;

/** The chart's manifests of a release "liver" in the namespace "imaging". */
function render(values: Values): Promise<Ran> {
  const set = Object.entries(values).flatMap(([name, value]) => ["--set-json", `${name}=${JSON.stringify(value)}`]);
  return run(
    "helm",
    "template",
    "liver",
    join(deploy, "helm/patchstream"),
    "--namespace",
    "imaging",
    ...KUBERNETES,
    ...set,
  );
}

/** Holds the manifests in `files` to the schemas of their kinds; a kind without one is refused. */
function conform(...files: string[]): Promise<Ran> {
  return run("kubeconform", "-strict", "-schema-location", join(schemas, "{{.ResourceKind}}.json"), ...files);
}

const PLAIN: Values = { store: { claim: "stores" }, insecure: true };
const TLS: Values = { store: { claim: "stores", subPath: "liver" }, tls: { secret: "liver-tls" } };
const MUTUAL: Values = {
  ...TLS,
  tls: { secret: "liver-tls", clientCertificates: true },
  tokens: { secret: "liver-tokens" },
};
const BUCKET: Values = {
  store: { address: "s3://lab/liver", credentials: "lab-s3", cache: "64GiB" },
  networkPolicy: { egress: [{ ports: [{ protocol: "TCP", port: 443 }] }] },
  insecure: true,
};
const SCALED = { autoscaling: { enabled: true, maxReplicas: 12 } };
const ALWAYS = ["Deployment", "Service", "PodDisruptionBudget"];

/** Values, and the kinds of what they give. */
const GOOD: Readonly<Record<string, readonly [values: Values, kinds: readonly string[]]>> = {
  plain: [PLAIN, [...ALWAYS, "NetworkPolicy"]],
  "over TLS": [TLS, [...ALWAYS, "NetworkPolicy"]],
  "with certificates of clients, and tokens": [MUTUAL, [...ALWAYS, "NetworkPolicy"]],
  "scaled by KEDA": [{ ...PLAIN, ...SCALED }, [...ALWAYS, "NetworkPolicy", "ScaledObject"]],
  "scaled by KEDA over mTLS": [{ ...MUTUAL, ...SCALED }, [...ALWAYS, "NetworkPolicy", "ScaledObject"]],
  "of a store in a bucket": [BUCKET, [...ALWAYS, "NetworkPolicy"]],
  "of a public store on the web, without all else": [
    { store: { address: "https://data.example/liver" }, insecure: true, networkPolicy: { enabled: false } },
    ALWAYS,
  ],
  "without a NetworkPolicy": [{ ...PLAIN, networkPolicy: { enabled: false } }, ALWAYS],
  "with all that may be said": [
    {
      ...MUTUAL,
      image: { repository: "registry.example/patchstream", tag: "1.2.3", pullPolicy: "Always", pullSecrets: ["key"] },
      server: { workers: 8, volumeBudget: "8GiB", slotBudget: "1GiB", logLevel: "warn", drainDelaySeconds: 30 },
      networkPolicy: {
        clients: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "trainings" } } }],
        metrics: [{ namespaceSelector: {} }],
        egress: [{ ports: [{ protocol: "TCP", port: 443 }] }],
      },
      podDisruptionBudget: { maxUnavailable: "25%" },
      nodeSelector: { pool: "cpu" },
      tolerations: [{ key: "cpu", operator: "Exists" }],
      affinity: { podAntiAffinity: {} },
      podAnnotations: { "example.com/owner": "imaging" },
      podLabels: { team: "imaging" },
    },
    [...ALWAYS, "NetworkPolicy"],
  ],
};

for (const [name, [values, kinds]] of Object.entries(GOOD))
  testWithTools(`the chart ${name} is what Kubernetes takes`, async (t) => {
    const file = join(temporaryFolder(t), "manifests.yaml");
    const { code, out } = await render(values);
    t.is(code, 0, out);
    writeFileSync(file, out);
    t.deepEqual(await conform(file), { code: 0, out: "" });
    const found = [...out.matchAll(/^kind: (\w+)$/gm)].map(([, kind = ""]) => kind);
    t.deepEqual(found.sort(), [...kinds].sort());
  });

for (const file of readdirSync(join(deploy, "kubernetes")))
  testWithTools(`deploy/kubernetes/${file} is what Kubernetes takes`, async (t) => {
    t.deepEqual(await conform(join(deploy, "kubernetes", file)), { code: 0, out: "" });
  });

testWithTools("a field that Kubernetes does not know is refused, in the chart and in the JobSet", async (t) => {
  const folder = temporaryFolder(t);
  const jobset = readFileSync(join(deploy, "kubernetes/training.jobset.yaml"), "utf8");
  const chart = (await render({ ...MUTUAL, ...SCALED })).out;
  const mistakes: readonly (readonly [manifests: string, right: string, wrong: string])[] = [
    [chart, "readOnlyRootFilesystem", "readonlyRootFilesystem"],
    [chart, "maxReplicaCount: 12", 'maxReplicaCount: "12"'],
    [chart, "clusterIP: None", "clusterIp: None"],
    [chart, "policyTypes: [Ingress, Egress]", "policyType: [Ingress, Egress]"],
    [jobset, "dependsOn:", "dependOn:"],
    [jobset, "restartPolicy: OnFailure", "restartsPolicy: OnFailure"],
  ];
  for (const [index, [manifests, right, wrong]] of mistakes.entries()) {
    t.true(manifests.includes(right), right);
    const file = join(folder, `${index}.yaml`);
    writeFileSync(file, manifests.replace(right, wrong));
    t.is((await conform(file)).code, 1, wrong);
  }
});

testWithTools("wrong values are refused, with a word on what would be right", async (t) => {
  const wrong: readonly (readonly [values: Values, says: RegExp])[] = [
    [{}, /store\.claim is empty: name the PersistentVolumeClaim/],
    [{ ...BUCKET, networkPolicy: {} }, /networkPolicy\.egress is empty: servers could not reach store\.address/],
    [{ ...BUCKET, store: { claim: "stores", address: "s3://lab/liver" } }, /both set: choose one/],
    [{ ...PLAIN, store: { claim: "stores", cache: "64GiB" } }, /belong to store\.address/],
    [{ ...BUCKET, store: { address: "lab/liver" } }, /address/],
    [{ store: { claim: "stores" } }, /tls\.secret is empty: name the Secret/],
    [{ ...TLS, insecure: true }, /choose one/],
    [{ ...PLAIN, tokens: { secret: "tokens" } }, /tokens need TLS/],
    [{ ...PLAIN, tls: { clientCertificates: true } }, /tls\.clientCertificates is true without tls\.secret/],
    [{ ...PLAIN, autoscaling: { enabled: true, minReplicas: 9, maxReplicas: 8 } }, /minReplicas is more than/],
    [{ ...PLAIN, replica: 3 }, /replica/],
    [{ ...PLAIN, replicas: 0 }, /replicas/],
    [{ ...PLAIN, replicas: "3" }, /replicas/],
    [{ ...PLAIN, server: { volumeBudget: "8GB" } }, /volumeBudget/],
    [{ ...PLAIN, server: { logLevel: "loud" } }, /logLevel/],
    [{ ...PLAIN, ports: { grpc: 80 } }, /grpc/],
    [{ ...PLAIN, store: { claim: "stores", subPath: "../other" } }, /subPath/],
    [{ ...PLAIN, podDisruptionBudget: { maxUnavailable: 0 } }, /maxUnavailable/],
    [{ ...PLAIN, runAsUser: 0 }, /runAsUser/],
  ];
  for (const [values, says] of wrong) {
    const { code, out } = await render(values);
    t.is(code, 1, JSON.stringify(values));
    t.regex(out, says);
  }
});

testWithTools("helm's own lint has nothing to say", async (t) => {
  const values = [...KUBERNETES, "--set", "store.claim=stores,insecure=true"];
  const { code, out } = await run("helm", "lint", "--strict", join(deploy, "helm/patchstream"), ...values);
  t.is(code, 0, out);
});

/** The items of a list of words in `manifests`, the first one after `key:`. */
function listOf(manifests: string, key: string): string[] {
  const [, items = ""] = new RegExp(`^ +${key}:\\n((?: +- .*\\n)+)`, "m").exec(manifests) ?? [];
  return items
    .trimEnd()
    .split("\n")
    .map((line) => line.replace(/^ +- /, "").replaceAll('"', ""));
}

testWithTools("every flag that the chart gives is one of `patchstream serve`", async (t) => {
  const { stdout } = await patchstream("serve", "--help");
  const known = new Set(stdout.match(/--[\w-]+/g));
  for (const [name, [values]] of Object.entries(GOOD))
    for (const word of listOf((await render(values)).out, "args"))
      if (word.startsWith("--")) t.true(known.has(word.replace(/=.*/, "")), `${name}: ${word}`);
});

for (const [name, values] of Object.entries<Values | undefined>({
  plain: PLAIN,
  "over TLS": TLS,
  "scaled by KEDA": { ...PLAIN, ...SCALED },
  "with all": GOOD["with all that may be said"]?.[0],
}))
  testWithTools(`a data server starts with the flags of the chart ${name}, and its probe finds it well`, async (t) => {
    const manifests = (await render(values ?? {})).out;
    const tokens = join(temporaryFolder(t), "tokens");
    writeFileSync(tokens, "data secret\n");
    const store = await sampleStore();
    /** What a pod finds elsewhere than this machine does. */
    const here = (word: string) =>
      word
        .replace(/^\/store$/, store)
        .replace(/(-port)=\d+$/, "$1=0")
        .replace("/tls/tls.crt", pem("server.pem"))
        .replace("/tls/tls.key", pem("server.key"))
        .replace("/tls/ca.crt", pem("authority.pem"))
        .replace("/tokens/tokens", tokens)
        .replace(/-budget=\d+GiB$/, "-budget=64MiB")
        .replace("=liver-patchstream.imaging.svc", "=localhost");
    const args = listOf(manifests, "args");
    t.true(args.includes("--host=0.0.0.0") && args.length > 8, args.join(" "));
    const { address, logged } = await spawnService(
      t,
      ...args.map(here).filter((word) => !word.startsWith("--log-level")),
    );
    const { tls, token } = await logged("started");
    const certificates = values?.tls as { readonly clientCertificates?: boolean } | undefined;
    const secured = certificates === undefined ? "none" : certificates.clientCertificates ? "mutual" : "server";
    t.deepEqual({ tls, token }, { tls: secured, token: values?.tokens !== undefined });
    const port = address.split(":").at(-1) ?? "";
    const probe = secured === "none" ? ["grpc_health_probe", "-addr=127.0.0.1:7070"] : listOf(manifests, "command");
    const [program, ...flags] = probe.map(here).map((word) => word.replace("127.0.0.1:7070", `127.0.0.1:${port}`));
    t.is(program, "grpc_health_probe");
    const { code, out } = await run("grpc-health-probe", ...flags);
    t.is(code, 0, out);
    t.regex(out, /SERVING/);
  });
