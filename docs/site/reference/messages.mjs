// Writes the page of all services and messages from the .proto files and their comments.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import protobuf from "protobufjs";

const folder = fileURLToPath(new URL("../../../proto/", import.meta.url));
const files = readdirSync(join(folder, "patchstream/v1")).filter((name) => name.endsWith(".proto"));
const root = new protobuf.Root();
root.resolvePath = (_origin, target) => join(folder, target);
for (const name of files) root.loadSync(`patchstream/v1/${name}`, { keepCase: true, alternateCommentMode: true });
root.resolveAll();

/** A comment as text outside of code. */
const prose = (comment) => (comment ?? "").replaceAll("<", "&lt;");
const cell = (comment) => prose(comment).replaceAll("\n", " ").replaceAll("|", "\\|");
const anchor = (name) => name.toLowerCase();

function typeOf(field) {
  const { resolvedType, type } = field;
  const name = resolvedType === null ? type : `[${resolvedType.name}](#${anchor(resolvedType.name)})`;
  if (field.map) return `map of ${field.keyType} to ${name}`;
  return field.repeated ? `list of ${name}` : name;
}

const message = (type) => `[${type.name}](#${anchor(type.name)})`;

function serviceText(service) {
  const rows = service.methodsArray.map((method) => {
    method.resolve();
    const request = `${method.requestStream ? "stream of " : ""}${message(method.resolvedRequestType)}`;
    const response = `${method.responseStream ? "stream of " : ""}${message(method.resolvedResponseType)}`;
    return `| \`${method.name}\` | ${request} | ${response} | ${cell(method.comment)} |`;
  });
  return `## ${service.name}\n\n${prose(service.comment)}\n\n| method | takes | gives | does |\n| --- | --- | --- | --- |\n${rows.join("\n")}\n`;
}

function messageText(type) {
  const rows = type.fieldsArray.map((field) => {
    const choice = field.partOf && !field.partOf.isProto3Optional ? ` (one of \`${field.partOf.name}\`)` : "";
    const presence = field.options?.proto3_optional ? ", optional" : "";
    return `| ${field.id} | \`${field.name}\` | ${typeOf(field)}${presence}${choice} | ${cell(field.comment)} |`;
  });
  const table =
    rows.length > 0
      ? `\n| number | field | type | holds |\n| --- | --- | --- | --- |\n${rows.join("\n")}\n`
      : "\nNo fields.\n";
  return `### ${type.name}\n\n${prose(type.comment)}\n${table}`;
}

function enumText(type) {
  const rows = Object.entries(type.values).map(
    ([name, number]) => `| ${number} | \`${name}\` | ${cell(type.comments[name])} |`,
  );
  return `### ${type.name}\n\n${prose(type.comment)}\n\n| number | name | means |\n| --- | --- | --- |\n${rows.join("\n")}\n`;
}

function* typesIn(namespace) {
  for (const one of namespace.nestedArray) {
    if (one instanceof protobuf.Type || one instanceof protobuf.Enum) yield one;
    if (one instanceof protobuf.Namespace) yield* typesIn(one);
  }
}

const services = root.lookup("patchstream.v1").nestedArray.filter((one) => one instanceof protobuf.Service);
const types = [...typesIn(root.lookup("patchstream.v1"))];
console.log(`# Services and messages

Written from [the .proto files](../../proto/patchstream/v1/data.proto){target="_self"}. What client and server owe each other beyond the messages is in [the protocol](protocol.md).

${services.map(serviceText).join("\n")}
## Messages and enums

${types.map((type) => (type instanceof protobuf.Enum ? enumText(type) : messageText(type))).join("\n")}`);
