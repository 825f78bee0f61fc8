process.env.CONFORMANCE_CARRIER = "lane";
await import("./client-rules.test.js");
