process.env.CONFORMANCE_CARRIER = "lane";
process.env.CONFORMANCE_TLS = "1";
await import("./client-rules.test.js");
