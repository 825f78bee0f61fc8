// Makes the page in dist/dashboard/page, with the licences of what is in it. Run by `npm run build`.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const outdir = join(root, "dist/dashboard/page");
rmSync(outdir, { recursive: true, force: true });
mkdirSync(outdir, { recursive: true });

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: ["dashboard/page/main.tsx", "dashboard/page/main.css"],
  outdir,
  bundle: true,
  splitting: true, // NiiVue in a file of its own, which is loaded when it is asked for
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  minify: true,
  legalComments: "none", // all licences stand in one file
  metafile: true,
  external: ["numcodecs/*"], // NiiVue reads Zarr with them; we give it none
  tsconfigRaw: {},
  chunkNames: "[name]-[hash]",
  preserveSymlinks: true, // names have hashes of paths: where node_modules really lies must not count
  logLevel: "warning",
});

/** The folder of the package that a file is of; undefined for our own. */
function packageFolder(file) {
  return /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1];
}

const bundled = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.entries(inputs));
const files = bundled.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([file]) => file);
const folders = new Set(files.map(packageFolder).filter(Boolean));
const texts = [...folders].sort().map((folder) => {
  const {
    name,
    version,
    license,
    dependencies = {},
  } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
  const found = readdirSync(join(root, folder)).filter((file) => /^(licen[cs]e|copying)/i.test(file));
  // A package that comes without its licence's words has them here, as its repository does.
  const licences =
    found.length > 0
      ? found.map((file) => join(root, folder, file))
      : [join(root, `dashboard/licences/${name.replace("/", "+")}.txt`)];
  const words = licences.map((file) => readFileSync(file, "utf8").trim());
  // What a package has bundled itself is named, so that nothing goes without its name.
  const within = Object.keys(dependencies).sort().join(", ");
  return [`${name}@${version} is under ${license}`, within && `It may hold: ${within}`, ...words]
    .filter(Boolean)
    .join("\n\n");
});
writeFileSync(join(outdir, "LICENSES.txt"), `${texts.join(`\n\n${"-".repeat(80)}\n\n`)}\n`);
