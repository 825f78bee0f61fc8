import { type Server, type ServerDuplexStream, status } from "@grpc/grpc-js";
import protobuf from "protobufjs/minimal.js";
import type { DescribedFile } from "../../proto/descriptors.js";
import { varintBytes, writeVarint } from "../codec/varint.js";

/** gRPC's reflection service under both names that clients ask for; the messages of both are the same bytes. */
export const REFLECTION_SERVICES = ["grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"];

/** What one request asks, by the field of its oneof. */
interface Question {
  readonly field: number;
  /** A file's, symbol's or message's name; empty where the field has none. */
  readonly name: string;
}

/** Fields of ServerReflectionRequest. */
const HOST = 1;
const FILE_BY_FILENAME = 3;
const FILE_CONTAINING_SYMBOL = 4;
const FILE_CONTAINING_EXTENSION = 5;
const ALL_EXTENSION_NUMBERS_OF_TYPE = 6;
const LIST_SERVICES = 7;

/** Fields of ServerReflectionResponse. */
const ORIGINAL_REQUEST = 2;
const FILE_DESCRIPTOR_RESPONSE = 4;
const EXTENSION_NUMBERS_RESPONSE = 5;
const LIST_SERVICES_RESPONSE = 6;
const ERROR_RESPONSE = 7;

interface Files {
  readonly byName: ReadonlyMap<string, DescribedFile>;
  readonly bySymbol: ReadonlyMap<string, DescribedFile>;
}

/** What can be asked for. What reads descriptors is loaded for the first who asks: few servers are ever asked. */
async function readFiles(): Promise<Files> {
  const { describedFiles } = await import("../../proto/descriptors.js");
  const files = describedFiles();
  return {
    byName: new Map(files.map((file) => [file.name, file])),
    bySymbol: new Map(files.flatMap((file) => file.symbols.map((symbol) => [symbol, file]))),
  };
}

/**
 * Adds server reflection: lists `services` (full names) and itself, and answers with the descriptors of the .proto files, byte for byte as
 * they were built. One answer at a time is on its way to a client, so that one that does not read costs no memory.
 */
export function addReflection(server: Server, services: readonly string[]): void {
  const listed = [...services, ...REFLECTION_SERVICES];
  let files: Promise<Files> | undefined;

  async function answer({ field, name }: Question): Promise<Buffer> {
    files ??= readFiles();
    const { byName, bySymbol } = await files;
    switch (field) {
      case FILE_BY_FILENAME:
        return filesAnswer(byName, byName.get(name), `no file ${name}`);
      case FILE_CONTAINING_SYMBOL:
        return filesAnswer(byName, bySymbol.get(name), `no symbol ${name}`);
      case FILE_CONTAINING_EXTENSION:
        return errorAnswer(status.NOT_FOUND, "no file has extensions");
      case ALL_EXTENSION_NUMBERS_OF_TYPE:
        if (!bySymbol.has(name)) return errorAnswer(status.NOT_FOUND, `no message ${name}`);
        return bytesField(EXTENSION_NUMBERS_RESPONSE, bytesField(1, name));
      case LIST_SERVICES:
        return bytesField(
          LIST_SERVICES_RESPONSE,
          Buffer.concat(listed.map((service) => bytesField(1, bytesField(1, service)))),
        );
      default:
        return errorAnswer(status.INVALID_ARGUMENT, "the request asks nothing that reflection answers");
    }
  }

  const bytes = (message: Buffer): Buffer => message;
  const ServerReflectionInfo = (call: ServerDuplexStream<Buffer, Buffer>) => {
    call.on("data", (request: Buffer) => {
      const question = questionOf(request);
      if (question === undefined) {
        call.emit("error", { code: status.INVALID_ARGUMENT, details: "not a ServerReflectionRequest" });
        return;
      }
      call.pause();
      answer(question).then(
        (answered) => call.write(Buffer.concat([bytesField(ORIGINAL_REQUEST, request), answered]), () => call.resume()),
        (error: Error) => call.emit("error", { code: status.INTERNAL, details: error.message }),
      );
    });
    call.on("end", () => call.end());
  };
  for (const service of REFLECTION_SERVICES)
    server.addService(
      {
        ServerReflectionInfo: {
          path: `/${service}/ServerReflectionInfo`,
          requestStream: true,
          responseStream: true,
          requestSerialize: bytes,
          requestDeserialize: bytes,
          responseSerialize: bytes,
          responseDeserialize: bytes,
        },
      },
      { ServerReflectionInfo },
    );
}

/** Reads a ServerReflectionRequest; undefined for bytes that are none. */
function questionOf(request: Uint8Array): Question | undefined {
  try {
    const reader = protobuf.Reader.create(request);
    let question: Question = { field: 0, name: "" };
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      const field = tag >>> 3;
      const isString = (tag & 7) === 2 && field !== HOST && field !== FILE_CONTAINING_EXTENSION;
      if (isString) question = { field, name: reader.string() };
      else {
        if (field === FILE_CONTAINING_EXTENSION) question = { field, name: "" };
        reader.skipType(tag & 7);
      }
    }
    return question;
  } catch {
    return undefined;
  }
}

/** A field of bytes, a string or an encoded message. */
function bytesField(id: number, content: Uint8Array | string): Buffer {
  const bytes = Buffer.from(content);
  const head = Buffer.alloc(1 + varintBytes(bytes.length));
  head[0] = id * 8 + 2;
  writeVarint(head, 1, bytes.length);
  return Buffer.concat([head, bytes]);
}

/** A file and all files that it imports, directly or not. */
function filesAnswer(byName: ReadonlyMap<string, DescribedFile>, file: DescribedFile | undefined, otherwise: string) {
  if (file === undefined) return errorAnswer(status.NOT_FOUND, otherwise);
  const sent = new Set([file]);
  for (const one of sent)
    for (const name of one.imports) {
      const imported = byName.get(name);
      if (imported !== undefined) sent.add(imported);
    }
  return bytesField(FILE_DESCRIPTOR_RESPONSE, Buffer.concat([...sent].map(({ bytes }) => bytesField(1, bytes))));
}

function errorAnswer(code: status, message: string): Buffer {
  return bytesField(ERROR_RESPONSE, Buffer.concat([Buffer.of(8, code), bytesField(2, message)]));
}
