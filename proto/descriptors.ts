import { readFileSync } from "node:fs";
import protobuf from "protobufjs/ext/descriptor.js";
import minimal from "protobufjs/minimal.js";

/** A .proto file as `buf build` describes it: a google.protobuf.FileDescriptorProto. */
export interface DescribedFile {
  /** Path relative to `PROTO_FOLDER`, as other files import it. */
  readonly name: string;
  /** Names of the files that it imports. */
  readonly imports: readonly string[];
  /** Full names of all that it declares: messages, fields, oneofs, enums and their values, services, methods. */
  readonly symbols: readonly string[];
  /** The message's bytes, as built. */
  readonly bytes: Uint8Array;
}

type Declared = { readonly name?: string | null | undefined };
type Message = Pick<protobuf.IDescriptorProto, "name" | "field" | "oneofDecl" | "enumType" | "nestedType">;

let read: readonly DescribedFile[] | undefined;

/** All files of `proto/`, read on first use from the set that the build makes: patchstream's services and gRPC's own. */
export function describedFiles(): readonly DescribedFile[] {
  read ??= filesOf(readFileSync(new URL("./descriptors.binpb", import.meta.url)));
  return read;
}

/** The files of a google.protobuf.FileDescriptorSet. Their bytes are views: written anew they could lose what the reader does not know. */
function filesOf(set: Uint8Array): DescribedFile[] {
  const reader = minimal.Reader.create(set);
  const files: DescribedFile[] = [];
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag >>> 3 === 1) files.push(describe(reader.bytes()));
    else reader.skipType(tag & 7);
  }
  return files;
}

function describe(bytes: Uint8Array): DescribedFile {
  const file = protobuf.FileDescriptorProto.decode(bytes) as protobuf.IFileDescriptorProto;
  const scope = file.package ?? "";
  const symbols = [
    ...(file.messageType ?? []).flatMap((message) => messageSymbols(scope, message)),
    ...(file.enumType ?? []).flatMap((one) => enumSymbols(scope, one)),
    ...(file.service ?? []).flatMap((service) => [
      within(scope, service),
      ...names(within(scope, service), service.method),
    ]),
  ];
  return { name: file.name ?? "", imports: file.dependency ?? [], symbols, bytes };
}

function within(scope: string, { name }: Declared): string {
  return `${scope}.${name}`;
}

function names(scope: string, declared: readonly Declared[] | null | undefined): string[] {
  return (declared ?? []).map((one) => within(scope, one));
}

function messageSymbols(scope: string, message: Message): string[] {
  const name = within(scope, message);
  return [
    name,
    ...names(name, message.field),
    ...names(name, message.oneofDecl),
    ...(message.enumType ?? []).flatMap((one) => enumSymbols(name, one)),
    ...(message.nestedType ?? []).flatMap((nested) => messageSymbols(name, nested)),
  ];
}

/** The values of an enum lie beside it, not within it: that is protobuf's rule for names. */
function enumSymbols(scope: string, one: protobuf.IEnumDescriptorProto): string[] {
  return [within(scope, one), ...names(scope, one.value)];
}
