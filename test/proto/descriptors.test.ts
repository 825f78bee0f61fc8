import { readdirSync, readFileSync } from "node:fs";
import test from "ava";
import descriptor from "protobufjs/ext/descriptor.js";
import { describedFiles } from "../../proto/descriptors.js";
import { PROTO_FOLDER } from "../../proto/proto-files.js";
import { schema } from "../../proto/schema.js";

function decoded() {
  return describedFiles().map(
    ({ bytes }) => descriptor.FileDescriptorProto.decode(bytes) as descriptor.IFileDescriptorProto,
  );
}

/** All messages of a list, with those within them. */
function allMessages(of: readonly descriptor.IDescriptorProto[]): descriptor.IDescriptorProto[] {
  return of.flatMap((message) => [message, ...allMessages(message.nestedType ?? [])]);
}

const pascalCase = (name: string) => name.replace(/(?:^|_)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

test("every .proto file is described, with its imports, a Go package and its comments", (t) => {
  const shipped = readdirSync(PROTO_FOLDER, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".proto"),
  );
  const names = describedFiles().map(({ name }) => name);
  t.deepEqual(names.toSorted(), shipped.toSorted());
  for (const file of decoded()) {
    for (const imported of file.dependency ?? []) t.true(names.includes(imported), `${file.name} imports ${imported}`);
    // gRPC's own v1alpha file has none; grpcurl brings that package itself.
    if (file.package !== "grpc.reflection.v1alpha") t.truthy(file.options?.goPackage, file.name ?? "");
  }
  const data = describedFiles().find(({ name }) => name === "patchstream/v1/data.proto");
  t.true(Buffer.from(data?.bytes ?? []).includes("What the served store holds"));
});

test("the entries of a map are called as protoc calls them, LabelsEntry for `labels`", (t) => {
  const messages = allMessages(decoded().flatMap(({ messageType }) => messageType ?? []));
  const entries: string[] = [];
  for (const message of messages)
    for (const nested of message.nestedType ?? [])
      if (nested.options?.mapEntry) {
        const field = message.field?.find(({ typeName }) => typeName?.endsWith(`.${message.name}.${nested.name}`));
        t.is(nested.name, `${pascalCase(field?.name ?? "")}Entry`, `${message.name}`);
        entries.push(`${message.name}.${nested.name}`);
      }
  t.true(entries.includes("DescribeDatasetResponse.LabelsEntry"));
});

test("what the descriptors describe is what the codec is made from: the same messages, fields, numbers and optional ones", (t) => {
  const files = decoded().filter((file) => file.package === "patchstream.v1");
  const described = Object.fromEntries(
    files
      .flatMap(({ messageType }) => messageType ?? [])
      .map((message) => [
        message.name ?? "",
        (message.field ?? []).map(({ name, number, proto3Optional }) => [name, number, proto3Optional ?? false]),
      ]),
  );
  const snakeCase = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  t.true(Object.keys(described).length > 40);
  for (const [name, fields] of Object.entries(described)) {
    const parsed = schema().lookupType(`patchstream.v1.${name}`).fieldsArray;
    const expected = parsed.map((field) => [snakeCase(field.name), field.id, field.partOf?.isProto3Optional ?? false]);
    t.deepEqual(fields.toSorted(), expected.toSorted(), name);
  }
});

test("symbols are full names: of nested messages, fields, values of enums beside them, methods", (t) => {
  const data = describedFiles().find(({ name }) => name === "patchstream/v1/data.proto");
  for (const symbol of [
    "DataService",
    "DataService.ReadLocations",
    "DescribeDatasetResponse.labels",
    "DescribeDatasetResponse.LabelsEntry",
    "Timeline",
    "TIMELINE_TRAIN",
    "StreamRequest.kind",
  ])
    t.true(data?.symbols.includes(`patchstream.v1.${symbol}`), symbol);
  for (const { name, symbols } of describedFiles()) {
    t.is(new Set(symbols).size, symbols.length, name);
    const text = readFileSync(`${PROTO_FOLDER}${name}`, "utf8");
    // Map entries, and the oneof `_x` around an optional `x`, are made by the compiler.
    for (const symbol of symbols.filter((one) => !/Entry|\._/.test(one)))
      t.true(new RegExp(`\\b${symbol.split(".").at(-1)}\\b`).test(text), symbol);
  }
});
