/** What carries a call that both sides stream on: gRPC, or a lane beside it. */
export type Carrier = "grpc" | "lane";
