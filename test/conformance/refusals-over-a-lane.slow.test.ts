process.env.CONFORMANCE_CARRIER = "lane";
await import("./refusals.test.js");
