import { readdirSync, readFileSync } from "node:fs";
import { type ServiceError, status } from "@grpc/grpc-js";
import test, { type ExecutionContext } from "ava";
import protobuf from "protobufjs";
import { describedFiles } from "../../../proto/descriptors.js";
import { PROTO_FOLDER } from "../../../proto/proto-files.js";
import { dial, oneServer } from "../../conformance/served-store.js";

const server = oneServer(test);

/** The published file of gRPC, read by protobufjs: an independent reader of what the server writes by hand. */
const published = protobuf.parse(readFileSync(`${PROTO_FOLDER}grpc/reflection/v1/reflection.proto`, "utf8")).root;
const Request = published.lookupType("grpc.reflection.v1.ServerReflectionRequest");
const Response = published.lookupType("grpc.reflection.v1.ServerReflectionResponse");

interface Answer {
  readonly originalRequest: object;
  readonly listServicesResponse?: { readonly service: readonly { readonly name: string }[] };
  readonly fileDescriptorResponse?: { readonly fileDescriptorProto: readonly Uint8Array[] };
  readonly allExtensionNumbersResponse?: { readonly baseTypeName: string };
  readonly errorResponse?: { readonly errorCode: number; readonly errorMessage: string };
}

/** A reflection stream, and a way to read its answers one by one. */
async function reflection(t: ExecutionContext, version = "v1") {
  const { client, metadata } = dial(t, await server());
  const bytes = (message: Buffer) => message;
  const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
  const call = client.makeBidiStreamRequest(path, bytes, bytes, metadata, { deadline: Date.now() + 60_000 });
  const answers = call[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  t.teardown(() => call.cancel());
  return {
    call,
    send: (request: object) => call.write(Buffer.from(Request.encode(Request.fromObject(request)).finish())),
    async next(): Promise<Answer> {
      const { value } = await answers.next();
      return Response.toObject(Response.decode(value)) as Answer;
    },
  };
}

for (const version of ["v1", "v1alpha"])
  test(`reflection ${version} lists this service, health and itself`, async (t) => {
    const { send, next, call } = await reflection(t, version);
    send({ listServices: "*" });
    const { listServicesResponse, originalRequest } = await next();
    t.deepEqual(
      listServicesResponse?.service.map(({ name }) => name),
      [
        "patchstream.v1.DataService",
        "grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection",
      ],
    );
    t.deepEqual({ ...originalRequest }, { listServices: "*" });
    call.end();
    t.true((await call[Symbol.asyncIterator]().next()).done, "a client that is done ends the stream with OK");
  });

test("every file by its name and every symbol give the file's own bytes and those of its imports", async (t) => {
  const { send, next } = await reflection(t);
  for (const file of describedFiles()) {
    for (const question of [
      { fileByFilename: file.name },
      ...file.symbols.map((symbol) => ({ fileContainingSymbol: symbol })),
    ]) {
      send(question);
      const given = (await next()).fileDescriptorResponse?.fileDescriptorProto ?? [];
      const imported = describedFiles().filter(({ name }) => file.imports.includes(name));
      const expected = [file, ...imported];
      t.is(given.length, expected.length, JSON.stringify(question));
      t.true(
        expected.every(({ bytes }, index) => Buffer.compare(bytes, given[index] as Uint8Array) === 0),
        JSON.stringify(question),
      );
    }
  }
  t.true(describedFiles().some(({ imports }) => imports.length > 0));
  t.is(
    describedFiles().length,
    readdirSync(PROTO_FOLDER, { recursive: true }).filter((name) => /\.proto$/.test(String(name))).length,
  );
});

test("what there is not is NOT_FOUND by name, and the stream goes on", async (t) => {
  const { send, next } = await reflection(t);
  for (const name of ["", "patchstream.v1.Nothing", "__proto__", "constructor", "../data.proto", "x".repeat(100_000)]) {
    for (const question of [
      { fileByFilename: name },
      { fileContainingSymbol: name },
      { allExtensionNumbersOfType: name },
      { fileContainingExtension: { containingType: name, extensionNumber: 1 } },
    ]) {
      send(question);
      const { errorResponse } = await next();
      t.is(errorResponse?.errorCode, status.NOT_FOUND, JSON.stringify(question).slice(0, 100));
    }
  }
  send({ allExtensionNumbersOfType: "patchstream.v1.Case" });
  t.is((await next()).allExtensionNumbersResponse?.baseTypeName, "patchstream.v1.Case");
  send({ host: "somewhere" });
  t.is((await next()).errorResponse?.errorCode, status.INVALID_ARGUMENT);
});

test("bytes that are no request end the stream with INVALID_ARGUMENT and nothing else", async (t) => {
  for (const bytes of [Buffer.of(255), Buffer.of(0x22, 200), Buffer.alloc(1000, 0x0b)]) {
    const { call, next } = await reflection(t);
    call.write(bytes);
    t.is((await t.throwsAsync<ServiceError>(next()))?.code, status.INVALID_ARGUMENT);
  }
  const { send, next } = await reflection(t);
  send({ listServices: "" });
  t.truthy((await next()).listServicesResponse);
});

test("many requests at once are answered in order, also to a client that begins to read late", async (t) => {
  const { send, next, call } = await reflection(t);
  const symbols = describedFiles().flatMap((file) => file.symbols);
  for (const symbol of symbols) send({ fileContainingSymbol: symbol });
  call.end();
  for (const symbol of symbols) t.deepEqual({ ...(await next()).originalRequest }, { fileContainingSymbol: symbol });
});
