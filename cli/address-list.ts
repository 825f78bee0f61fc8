/** Replicas named in one option: `host:port[,host:port]`. */
export function addressList(text: string): readonly string[] {
  return text.split(",").filter((address) => address !== "");
}
