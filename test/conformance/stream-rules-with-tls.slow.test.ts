process.env.CONFORMANCE_CARRIER = "grpc";
process.env.CONFORMANCE_TLS = "1";
await import("./stream-rules.test.js");
