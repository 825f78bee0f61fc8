process.env.CONFORMANCE_TLS = "1";
await import("./replica-rules.test.js");
