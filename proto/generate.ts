import { pathToFileURL } from "node:url";
import protobuf from "protobufjs";
import { PACKAGE } from "./proto-files.js";
import { schema } from "./schema.js";

/** The scalar types that the codec checks or that need no check; a field of another type is refused here. */
const SCALARS = new Set(["uint32", "int32", "sint32", "uint64", "fixed32", "double", "bool", "string", "bytes"]);
const WHOLE_NUMBERS = new Set(["uint32", "int32", "sint32", "uint64", "fixed32"]);

/**
 * Writes `messages.ts` from the .proto files: one interface per message, one union per oneof (its members are told apart by the
 * oneof's name, as protobufjs reports it), string unions for enums, the fields that the codec checks, and the shape of every
 * service. Run by `npm run generate`; a test holds the committed file equal to this.
 */
export function typescriptOf(root: protobuf.Root): string {
  const space = root.lookup(PACKAGE) as protobuf.Namespace;
  const members = [...space.nestedArray].sort((a, b) => a.name.localeCompare(b.name, "en"));
  const types = members.filter((member) => member instanceof protobuf.Type);
  const enums = members.filter((member) => member instanceof protobuf.Enum);
  const services = members.filter((member) => member instanceof protobuf.Service);
  return [
    "// Generated from proto/patchstream/v1/*.proto by `npm run generate`; change those.\n\n",
    ...enums.map(enumText),
    ...types.map(messageText),
    "/** Every message by name. */\nexport interface Messages {\n",
    ...types.map(({ name }) => `  ${name}: ${name};\n`),
    "}\n\n/** The fields of every message that hold whole numbers, an enum or another message: name and type. */\n",
    "export const checkedFields: Readonly<Record<keyof Messages, readonly (readonly [name: string, type: string])[]>> = {\n",
    ...types.map(checkedText),
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
  if (field instanceof protobuf.MapField && field.keyType !== "string")
    throw new Error(`${field.fullName}: maps are by string`);
  if ((field.map && field.resolvedType) || (field.repeated && field.resolvedType instanceof protobuf.Enum))
    throw new Error(`${field.fullName}: the codec does not check maps of messages or lists of enums`);
  if (field.map) return `Readonly<Record<string, ${valueType(field)}>>`;
  if (field.repeated) return `readonly ${valueType(field)}[]`;
  const nullable = field.resolvedType instanceof protobuf.Type && !field.partOf;
  return nullable ? `${valueType(field)} | null` : valueType(field);
}

function valueType(field: protobuf.Field): string {
  if (field.resolvedType) return field.resolvedType.name;
  if (!SCALARS.has(field.type)) throw new Error(`${field.fullName}: no codec for ${field.type}`);
  if (field.type === "string") return "string";
  if (field.type === "bool") return "boolean";
  return field.type === "bytes" ? "Uint8Array" : "number";
}

function checkedText(of: protobuf.Type): string {
  const checked = of.fieldsArray.filter(({ type, resolvedType }) => resolvedType !== null || WHOLE_NUMBERS.has(type));
  const pairs = checked.map(({ name, type, resolvedType }) => `["${name}", "${resolvedType?.name ?? type}"]`);
  return `  ${of.name}: [${pairs.join(", ")}],\n`;
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
