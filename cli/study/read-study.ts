import { basename, dirname, extname, join, resolve } from "node:path";
import { lookAtNamed, readNamedJson } from "../../disk/index.js";
import { isRemote } from "../../loader/index.js";
import { parseStudySpec, type StudySpec } from "../../study/index.js";

/** A study's document, and the path of its folder. */
export interface NamedStudy {
  readonly spec: StudySpec;
  readonly path: string;
}

/**
 * Reads what was named: a study's document, or the folder of a study that was begun. Stores in folders are relative to the document. Without `out` the
 * study's folder is beside the document, with its name. Throws INPUT_DAMAGED, SPEC_INVALID.
 */
export function readStudy(named: string, out: string | undefined): NamedStudy {
  const isFolder = lookAtNamed(named)?.isDirectory() ?? false;
  const file = isFolder ? join(named, "study.json") : named;
  const spec = parseStudySpec(readNamedJson(file, "a study in JSON"));
  const datasets = spec.datasets.map((source) =>
    source.store === undefined || isRemote(source.store)
      ? source
      : { ...source, store: resolve(dirname(file), source.store) },
  );
  const beside = isFolder ? named : join(dirname(file), basename(file, extname(file)));
  return { spec: { ...spec, datasets }, path: out ?? beside };
}
