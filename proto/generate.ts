import { pathToFileURL } from "node:url";
import protobuf from "protobufjs";
import { type FieldLayout, SCALARS } from "./layout.js";
import { PACKAGE } from "./proto-files.js";
import { schema } from "./schema.js";

/**
 * Writes `messages.ts` from the .proto files: an interface a message, a union a oneof (told apart by its name, as protobufjs
 * reports it), string unions for enums, how every message lies on the wire, and the shape of every service. Run by
 * `npm run generate`; a test holds the committed file equal to this.
 */
export function typescriptOf(root: protobuf.Root): string {
  const space = root.lookup(PACKAGE) as protobuf.Namespace;
  const members = [...space.nestedArray].sort((a, b) => a.name.localeCompare(b.name, "en"));
  const types = members.filter((member) => member instanceof protobuf.Type);
  const enums = members.filter((member) => member instanceof protobuf.Enum);
  const services = members.filter((member) => member instanceof protobuf.Service);
  return [
    "// Generated from proto/patchstream/v1/*.proto by `npm run generate`; change those.\n",
    'import type { MessageLayout } from "./layout.js";\n\n',
    ...enums.map(enumText),
    ...types.map(messageText),
    "/** Every message by name. */\nexport interface Messages {\n",
    ...types.map(({ name }) => `  ${name}: ${name};\n`),
    "}\n\n/** The names of every enum's values, from 0 on. */\nexport const enums = {\n",
    ...enums.map(enumLayout),
    "} as const;\n\n/** The fields of every message as they lie on the wire; `oneof` names the field that tells which one is there. */\n",
    "export const layouts: Readonly<Record<keyof Messages, MessageLayout>> = {\n",
    ...types.map(messageLayout),
    "};\n\n/** Every service: its methods, what goes in and out, and which side streams. */\nexport const services = {\n",
    ...services.map(serviceText),
    "} as const;\n",
  ].join("");
}

function comment(text: string | null, indent: string): string {
  return text === null ? "" : `${indent}/** ${text.split("\n").join(`\n${indent} * `)} */\n`;
}

function enumText(of: protobuf.Enum): string {
  const values = Object.keys(of.values).map((value) => JSON.stringify(value));
  return `${comment(of.comment, "")}export type ${of.name} = ${values.join(" | ")};\n\n`;
}

function messageText(of: protobuf.Type): string {
  const oneofs = of.oneofsArray.filter((oneof) => !oneof.isProto3Optional);
  const plain = of.fieldsArray.filter((field) => field.partOf === null || field.partOf.isProto3Optional);
  const head = comment(of.comment, "");
  if (oneofs.length === 0) {
    if (plain.length === 0) return `${head}export type ${of.name} = Record<string, never>;\n\n`;
    return `${head}export interface ${of.name} {\n${plain.map(fieldText).join("")}}\n\n`;
  }
  const [oneof] = oneofs;
  if (oneofs.length > 1 || plain.length > 0 || oneof === undefined)
    throw new Error(`${of.fullName}: a message is either fields or exactly one oneof`);
  const members = oneof.fieldsArray.map(
    (field) =>
      `  | { readonly ${oneof.name}: ${JSON.stringify(field.name)}; readonly ${field.name}: ${valueType(field)} }\n`,
  );
  return `${head}export type ${of.name} =\n${members.join("")}  | { readonly ${oneof.name}?: undefined };\n\n`;
}

function fieldText(field: protobuf.Field): string {
  const mark = field.partOf?.isProto3Optional ? "?" : "";
  return `${comment(field.comment, "  ")}  readonly ${field.name}${mark}: ${fieldType(field)};\n`;
}

function fieldType(field: protobuf.Field): string {
  if (field.map) return `Readonly<Record<string, ${valueType(field)}>>`;
  if (field.repeated) return `readonly ${valueType(field)}[]`;
  const nullable = field.resolvedType instanceof protobuf.Type && !field.partOf;
  return nullable ? `${valueType(field)} | null` : valueType(field);
}

function valueType(field: protobuf.Field): string {
  if (field.resolvedType) return field.resolvedType.name;
  if (field.type === "string") return "string";
  if (field.type === "bool") return "boolean";
  return field.type === "bytes" ? "Uint8Array" : "number";
}

function enumLayout(of: protobuf.Enum): string {
  const names = Object.entries(of.values).map(([name, value], index) => {
    if (value !== index) throw new Error(`${of.fullName}: ${name} is ${value}, and values must count from 0`);
    return JSON.stringify(name);
  });
  return `  ${of.name}: [${names.join(", ")}],\n`;
}

function messageLayout(of: protobuf.Type): string {
  const oneof = of.oneofsArray.find((oneof) => !oneof.isProto3Optional);
  const fields = of.fieldsArray.map((field) => {
    const { name, id, rule, kind, type } = fieldLayout(field);
    return `      { name: "${name}", id: ${id}, rule: "${rule}", kind: "${kind}", type: "${type}" },\n`;
  });
  const list = fields.length === 0 ? "[]" : `[\n${fields.join("")}    ]`;
  const first = oneof ? `oneof: "${oneof.name}", ` : "";
  return `  ${of.name}: { name: "${of.name}", ${first}fields: ${list} },\n`;
}

function fieldLayout(field: protobuf.Field): FieldLayout {
  const { name, id, resolvedType } = field;
  if (field instanceof protobuf.MapField && field.keyType !== "string")
    throw new Error(`${field.fullName}: maps are by string`);
  if (resolvedType === null && !(field.type in SCALARS))
    throw new Error(`${field.fullName}: no codec for ${field.type}`);
  const single = field.partOf?.isProto3Optional ? "optional" : "single";
  return {
    name,
    id,
    rule: field.map ? "map" : field.repeated ? "repeated" : single,
    kind: resolvedType === null ? "scalar" : resolvedType instanceof protobuf.Enum ? "enum" : "message",
    type: resolvedType?.name ?? field.type,
  };
}

function serviceText(of: protobuf.Service): string {
  const methods = of.methodsArray.map((method) => {
    const ends = `request: "${method.requestType}", response: "${method.responseType}"`;
    const streams = `requestStream: ${method.requestStream ?? false}, responseStream: ${method.responseStream ?? false}`;
    return `    ${protobuf.util.lcFirst(method.name)}: { ${ends}, ${streams} },\n`;
  });
  return `  ${of.name}: {\n${methods.join("")}  },\n`;
}

const [, script] = process.argv;
if (script !== undefined && import.meta.url === pathToFileURL(script).href)
  process.stdout.write(typescriptOf(schema()));
