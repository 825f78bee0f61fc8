process.env.CONFORMANCE_CARRIER = "lane";
await import("./stream-rules.test.js");
