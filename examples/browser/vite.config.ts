import { defaultClientConditions, defineConfig } from "vite";

/** The browser itself refuses every address but the page's own: an image cannot leave. */
const policy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self' blob:",
  "connect-src 'self' blob: data:",
  "img-src 'self' blob: data:",
  "style-src 'self' 'unsafe-inline'",
  "form-action 'none'",
  "base-uri 'none'",
].join("; ");

/** What a host should send with every file. */
const headers = {
  "Content-Security-Policy": policy, // the page has it, too; a worker obeys that of its own file
  // With these two a browser gives the page shared memory, which threads in WebAssembly need.
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

export default defineConfig({
  base: "./", // the built page runs in any folder of any host
  assetsInclude: ["**/*.nii.gz"],
  // The runtime's .wasm and its loader as files of their own: its threads load the same file again.
  resolve: { conditions: ["onnxruntime-web-use-extern-wasm", ...defaultClientConditions] },
  build: { target: "es2022", assetsInlineLimit: 0, chunkSizeWarningLimit: 4000 },
  worker: { format: "es" },
  preview: { headers },
  plugins: [
    {
      name: "policy-in-the-page",
      transformIndexHtml: () => [
        { tag: "meta", attrs: { "http-equiv": "Content-Security-Policy", content: policy }, injectTo: "head-prepend" },
      ],
    },
  ],
});
