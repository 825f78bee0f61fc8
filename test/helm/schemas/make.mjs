/**
 * `node test/helm/schemas/make.mjs KUBERNETES KEDA JOBSET`: makes the schemas here from folders of the Go modules k8s.io/kubernetes,
 * github.com/kedacore/keda/v2 and sigs.k8s.io/jobset (v1.34.2, v2.18.1 and v0.10.1; `go mod download -json MODULE@VERSION` tells the folder). Of each kind that deploy/ uses, with all
 * that it refers to; without descriptions; fields that it does not know are refused.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import yaml from "js-yaml"; // ava brings it

const [kubernetes, keda, jobset] = process.argv.slice(2);

const KINDS = {
  deployment: "io.k8s.api.apps.v1.Deployment",
  job: "io.k8s.api.batch.v1.Job",
  service: "io.k8s.api.core.v1.Service",
  networkpolicy: "io.k8s.api.networking.v1.NetworkPolicy",
  poddisruptionbudget: "io.k8s.api.policy.v1.PodDisruptionBudget",
};

const { definitions } = JSON.parse(readFileSync(join(kubernetes, "api/openapi-spec/swagger.json"), "utf8"));

const KEPT = ["type", "$ref", "items", "properties", "required", "enum", "pattern", "format", "minimum", "maximum"];
KEPT.push("minLength", "maxLength", "minItems", "maxItems", "oneOf", "anyOf", "additionalProperties");

/** A schema as JSON Schema has it. */
function strict(schema) {
  if (schema["x-kubernetes-int-or-string"] || schema.format === "int-or-string")
    return { oneOf: [{ type: "string" }, { type: "integer" }] };
  const kept = Object.fromEntries(Object.entries(schema).filter(([name]) => KEPT.includes(name)));
  if (kept.format !== undefined) delete kept.format;
  if (kept.items) kept.items = strict(kept.items);
  if (kept.properties) {
    kept.properties = Object.fromEntries(Object.entries(kept.properties).map(([name, one]) => [name, strict(one)]));
    if (!schema["x-kubernetes-preserve-unknown-fields"]) kept.additionalProperties ??= false;
  }
  if (typeof kept.additionalProperties === "object") kept.additionalProperties = strict(kept.additionalProperties);
  return kept;
}

/** `schema` with all that it refers to. */
function closed(schema) {
  const found = {};
  const visit = (one) => {
    for (const [, name] of JSON.stringify(one).matchAll(/"#\/definitions\/([^"]+)"/g)) {
      if (found[name] !== undefined) continue;
      found[name] = name.endsWith(".Quantity")
        ? { oneOf: [{ type: "string" }, { type: "number" }] }
        : strict(definitions[name]);
      visit(found[name]);
    }
  };
  visit(schema);
  return { ...schema, definitions: found };
}

function write(name, { group, version, kind }, schema) {
  const apiVersion = group === "" ? version : `${group}/${version}`;
  const properties = { ...schema.properties, apiVersion: { enum: [apiVersion] }, kind: { enum: [kind] } };
  properties.metadata = { $ref: "#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta" };
  const required = ["apiVersion", "kind", "metadata", "spec"];
  writeFileSync(
    new URL(`${name}.json`, import.meta.url),
    `${JSON.stringify(closed({ ...schema, properties, required }))}\n`,
  );
}

for (const [name, definition] of Object.entries(KINDS)) {
  const [identity] = definitions[definition]["x-kubernetes-group-version-kind"];
  write(name, identity, strict(definitions[definition]));
}

/** The newest version of a custom resource. */
function custom(file) {
  const { spec } = yaml.safeLoad(readFileSync(file, "utf8"));
  const { name: version, schema } = spec.versions.at(-1);
  return [{ group: spec.group, version, kind: spec.names.kind }, strict(schema.openAPIV3Schema)];
}

write("scaledobject", ...custom(join(keda, "config/crd/bases/keda.sh_scaledobjects.yaml")));

const [identity, schema] = custom(join(jobset, "config/components/crd/bases/jobset.x-k8s.io_jobsets.yaml"));
schema.properties.spec.properties.replicatedJobs.items.properties.template = {
  $ref: "#/definitions/io.k8s.api.batch.v1.JobTemplateSpec",
};
write("jobset", identity, schema);
