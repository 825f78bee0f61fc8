// OpenTelemetry's SDK with its usual batching of spans, and an exporter that drops them: what sending them costs is not patchstream's. RATIO
// of the traces are sampled.
import { trace } from "@opentelemetry/api";
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace-base";

const nowhere = { export: (_, done) => done({ code: 0 }), shutdown: async () => {} };
const sampler = new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(Number(process.env.RATIO)) });
trace.setGlobalTracerProvider(new BasicTracerProvider({ sampler, spanProcessors: [new BatchSpanProcessor(nowhere)] }));
