import { Client, credentials } from "@grpc/grpc-js";
import protobuf from "protobufjs";
import { PROTO_FOLDER } from "../../proto/index.js";

const keda = protobuf.loadSync(`${PROTO_FOLDER}keda/externalscaler.proto`).resolveAll();
const REF = { name: "loaders", namespace: "lab", scalerMetadata: {} };
const METRIC = "patchstream-servers";
const DEADLINE_MS = 1_000;

interface Metrics {
  readonly metricSpecs?: readonly { readonly targetSize: number }[];
  readonly metricValues?: readonly { readonly metricValue: number }[];
}

/** What KEDA asks an external scaler, as KEDA asks it. Undefined: it does not answer, or says that it does not know. */
export async function askScaler(
  address: string,
): Promise<{ readonly metric: number; readonly target: number } | undefined> {
  const client = new Client(address, credentials.createInsecure());
  const service = keda.lookupService("externalscaler.ExternalScaler");
  const ask = (name: string, message: object) => {
    const method = service.methods[name];
    if (method === undefined) throw new RangeError(name);
    const { resolvedRequestType, resolvedResponseType } = method;
    return new Promise<Metrics>((resolve, reject) =>
      client.makeUnaryRequest(
        `/externalscaler.ExternalScaler/${name}`,
        (request: object) => Buffer.from(resolvedRequestType?.encode(request).finish() ?? []),
        (bytes: Buffer) => resolvedResponseType?.toObject(resolvedResponseType.decode(bytes), { longs: Number }) ?? {},
        resolvedRequestType?.fromObject(message) ?? {},
        { deadline: Date.now() + DEADLINE_MS },
        (error, answer) => (error ? reject(error) : resolve(answer as Metrics)),
      ),
    );
  };
  try {
    const { metricSpecs } = await ask("GetMetricSpec", REF);
    const { metricValues } = await ask("GetMetrics", { scaledObjectRef: REF, metricName: METRIC });
    const [target, metric] = [metricSpecs?.[0]?.targetSize, metricValues?.[0]?.metricValue];
    return target === undefined || metric === undefined ? undefined : { metric, target };
  } catch {
    return undefined;
  } finally {
    client.close();
  }
}
