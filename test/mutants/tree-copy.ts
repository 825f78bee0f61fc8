import { execFileSync, spawn } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const KERNELS = "loader/kernels/assembly";
const KERNEL_MODULE = "loader/kernels/kernels.wasm";

/** What ava says when it gives up waiting for tests, and of one that failed or of an error that no test caught. */
const IDLE_TIMEOUT = "Timed out while running tests";
const FAILURE = /^ *(?:✘ \[fail\]: (.*)|(?:Uncaught exception|Unhandled rejection) in .*)$/m;

/** How some tests ended. */
export interface TestsRun {
  readonly end: "passed" | "failed" | "timed out";
  /** The first test that failed. */
  readonly failed: string | undefined;
}

/**
 * The compiled tree in a temporary folder, where one source at a time is changed and the tests are run; what is not
 * compiled is linked. Nothing is written to the tree itself.
 */
export class TreeCopy implements Disposable {
  readonly #root: string;
  readonly #folder = mkdtempSync(join(tmpdir(), "patchstream-mutants-"));

  /** Copies the tree at `root`, which must have been built. */
  constructor(root: string) {
    this.#root = root;
    for (const name of readdirSync(root))
      if (!["dist", "package.json", ".git"].includes(name)) symlinkSync(join(root, name), join(this.#folder, name));
    cpSync(join(root, "package.json"), join(this.#folder, "package.json"));
    cpSync(join(root, "dist"), join(this.#folder, "dist"), { recursive: true });
  }

  /** Compiles `text` in place of a source. Throws where it does not compile; what the tree was built to stays then. */
  replace(file: string, text: string): void {
    const sources = join(this.#folder, "mutant");
    rmSync(sources, { recursive: true, force: true });
    if (file.startsWith(KERNELS)) {
      cpSync(join(this.#root, KERNELS), join(sources, KERNELS), { recursive: true });
      writeFileSync(join(sources, file), text);
      const config = join(this.#root, KERNELS, "asconfig.json");
      const entry = join(sources, KERNELS, "index.ts");
      this.#tool("assemblyscript/bin/asc.js", entry, "--config", config, "--outFile", this.#built(KERNEL_MODULE));
      return;
    }
    mkdirSync(dirname(join(sources, file)), { recursive: true });
    writeFileSync(join(sources, file), text);
    const options = { rootDir: ".", outDir: "../dist", noCheck: true, noResolve: true, declaration: false, types: [] };
    const config = {
      extends: join(this.#root, "tsconfig.json"),
      compilerOptions: options,
      include: [file],
      exclude: [],
    };
    writeFileSync(join(sources, "tsconfig.json"), JSON.stringify(config));
    this.#tool("typescript/bin/tsc", "-p", sources);
  }

  /** Undoes `replace`. */
  restore(file: string): void {
    const built = file.startsWith(KERNELS) ? KERNEL_MODULE : file.replace(/\.ts$/, ".js");
    writeFileSync(this.#built(built), readFileSync(join(this.#root, "dist", built)));
  }

  has(test: string): boolean {
    return existsSync(this.#built(testFile(test)));
  }

  /** Runs tests until the first failure, for `limitMs` at most. */
  async runTests(tests: readonly string[], limitMs: number): Promise<TestsRun> {
    const ava = join(this.#root, "node_modules/ava/entrypoints/cli.mjs");
    const files = tests.map((test) => join("dist", testFile(test)));
    const args = [ava, "--fail-fast", "--timeout=150s", ...files];
    const child = spawn(process.execPath, args, {
      cwd: this.#folder,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    let isLate = false;
    const endGroup = () => {
      isLate = true;
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    };
    const timer = setTimeout(endGroup, limitMs);
    const code = await new Promise((resolve) => child.once("close", resolve));
    clearTimeout(timer);
    if (isLate || output.includes(IDLE_TIMEOUT)) return { end: "timed out", failed: undefined };
    if (code === 0) return { end: "passed", failed: undefined };
    const failure = FAILURE.exec(output);
    if (failure === null) throw new Error(`ava ended with ${code} and no failed test:\n${output}`);
    return { end: "failed", failed: failure[1] ?? failure[0].trim() };
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #built(file: string): string {
    return join(this.#folder, "dist", file);
  }

  #tool(script: string, ...args: readonly string[]): void {
    execFileSync(process.execPath, [join(this.#root, "node_modules", script), ...args], { stdio: "pipe" });
  }
}

/** Such as `test/plan/random.test.js`, from `dist`. */
function testFile(test: string): string {
  return join("test", `${test}.test.js`);
}
