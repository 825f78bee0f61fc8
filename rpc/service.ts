import type { MethodDefinition } from "@grpc/grpc-js";
import { type Messages, services } from "../proto/messages.js";
import { PACKAGE } from "../proto/proto-files.js";
import { codec } from "./codec/codec.js";
import type { Frame } from "./codec/framing.js";

/** Every service, as generated from the .proto files. */
export type Services = typeof services;
/** The services of the .proto files. */
export type ServiceName = keyof Services;
/** The methods of a service. */
export type MethodName<S extends ServiceName> = keyof Services[S] & string;
/** The request of a method. */
export type RequestOf<S extends ServiceName, M extends MethodName<S>> = Services[S][M] extends {
  request: infer Name extends keyof Messages;
}
  ? Messages[Name]
  : never;
/** The answer of a method. */
export type ResponseOf<S extends ServiceName, M extends MethodName<S>> = Services[S][M] extends {
  response: infer Name extends keyof Messages;
}
  ? Messages[Name]
  : never;

/** A message, or the same message framed by hand. */
export type Sendable<Message> = Message | Frame;

/** One method of a service, as grpc-js and the codecs need it. */
export interface Method<Request, Response> {
  readonly name: string;
  readonly path: string;
  /** A request as bytes. */
  encodeRequest(request: Request): Buffer;
  /** A request from its bytes; throws REQUEST_INVALID. */
  decodeRequest(bytes: Uint8Array): Request;
  /** An answer as a frame. */
  encodeResponse(response: Sendable<Response>): Frame;
  /** An answer from its bytes; throws REQUEST_INVALID. */
  decodeResponse(bytes: Uint8Array): Response;
  /** For grpc-js: messages stay bytes, so that what fails to decode is answered by us and not as INTERNAL. */
  readonly definition: MethodDefinition<Buffer, Buffer>;
}

function isFrame(message: unknown): message is Frame {
  return typeof (message as Partial<Frame>).copy === "function";
}

/** The method `service.method` of the .proto files. */
export function methodOf<S extends ServiceName, M extends MethodName<S>>(
  service: S,
  method: M,
): Method<RequestOf<S, M>, ResponseOf<S, M>> {
  const shape = services[service][method] as {
    request: keyof Messages;
    response: keyof Messages;
    requestStream: boolean;
    responseStream: boolean;
  };
  const request = codec(shape.request);
  const response = codec(shape.response);
  const name = `${method.charAt(0).toUpperCase()}${method.slice(1)}`;
  const path = `/${PACKAGE}.${service}/${name}`;
  const bytes = (message: Buffer): Buffer => message;
  return {
    name,
    path,
    encodeRequest: (message) => request.encode(message as never),
    decodeRequest: (message) => request.decodeRequest(message) as RequestOf<S, M>,
    encodeResponse: (message) => (isFrame(message) ? message : response.encode(message as never)),
    decodeResponse: (message) => response.decode(message) as ResponseOf<S, M>,
    definition: {
      path,
      originalName: method,
      requestStream: shape.requestStream,
      responseStream: shape.responseStream,
      requestSerialize: bytes,
      requestDeserialize: bytes,
      responseSerialize: bytes,
      responseDeserialize: bytes,
    },
  };
}
