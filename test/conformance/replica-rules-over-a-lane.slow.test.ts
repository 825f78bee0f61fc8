process.env.CONFORMANCE_CARRIER = "lane";
await import("./replica-rules.test.js");
