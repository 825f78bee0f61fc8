"""Puts the server into the wheel and the sdist: what npm built, the packages that it needs, and their licences."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SERVER = "patchstream/server/application"

# What the checkout's `npm ci` makes; one of each kind stands for all.
BUILT = (
    "dist/cli/main.js",
    "dist/loader/kernels/kernels.wasm",
    "dist/proto/descriptors.binpb",
    "node_modules/commander",
)

# Native code for one platform. Only previews need it, and they say so.
LEFT_OUT = {"sharp"}

# Nothing reads these at run time; types and source maps alone are half of all files.
UNREAD_FOLDERS = {".github", "benchmark", "benchmarks", "docs", "example", "examples", "test", "tests"}
UNREAD_SUFFIXES = {".map", ".ts", ".mts", ".cts", ".md", ".markdown", ".html", ".yml", ".zip", ".tsbuildinfo"}


class ServerHook(BuildHookInterface[Any]):
    """The hook that hatchling calls before it writes a wheel or an sdist."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Names the server's files. An editable install takes none: it runs the checkout's."""
        if version == "editable":
            return
        root = Path(self.root)
        unpacked = root / "src" / SERVER  # where an sdist has it
        files = paths_below(unpacked) if unpacked.is_dir() else self.built_files(root.parent.parent)
        into = f"src/{SERVER}" if self.target_name == "sdist" else SERVER
        build_data["force_include"].update({str(path): f"{into}/{name}" for name, path in files.items()})

    def built_files(self, checkout: Path) -> dict[str, Path]:
        """The server that npm built in `checkout`, of the version that this package has."""
        files = files_of(checkout)
        version, built = str(self.build_config.builder.metadata.version), manifest(checkout)["version"]
        if built != version:
            raise ValueError(f"pyproject.toml has version {version}, package.json {built}")
        return files


def files_of(checkout: Path) -> dict[str, Path]:
    """The files of the server that npm built in `checkout`, by their path beside its package.json."""
    if not all((checkout / name).exists() for name in BUILT):
        raise FileNotFoundError(
            f"the server that belongs into this package is not built in {checkout}; "
            "run there, with Node 20.19 or newer: npm ci"
        )
    folders = [checkout / "dist", checkout / "proto", *sorted(packages_of(checkout, checkout))]
    paths = [checkout / "package.json", checkout / "LICENSE"]
    paths += [path for folder in folders for path in files_at_run_time(folder)]
    return {path.relative_to(checkout).as_posix(): path for path in paths}


def paths_below(folder: Path) -> dict[str, Path]:
    """All files in `folder`, by their path in it."""
    return {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}


def manifest(folder: Path) -> dict[str, Any]:
    """The package.json in `folder`."""
    return json.loads((folder / "package.json").read_text(encoding="utf-8"))


def packages_of(folder: Path, checkout: Path, found: frozenset[Path] = frozenset()) -> frozenset[Path]:
    """`found`, and the folders of all packages that the one in `folder` needs, looked up as Node looks them up."""
    for name in manifest(folder).get("dependencies", {}):
        if name in LEFT_OUT or name.startswith("@types/"):
            continue
        places = (at / "node_modules" / name for at in (folder, *folder.parents) if at.is_relative_to(checkout))
        package = next((place for place in places if (place / "package.json").is_file()), None)
        if package is None:
            raise FileNotFoundError(f"the package {name}, which {folder} needs, is not installed; run: npm ci")
        if not any(is_licence(file.name) for file in package.iterdir()):
            raise FileNotFoundError(f"{package} has no licence that could go along with it")
        if package not in found:
            found = packages_of(package, checkout, found | {package})
    return found


def files_at_run_time(folder: Path) -> Iterator[Path]:
    """What Node may read in `folder`, and licences."""
    for at, folders, names in os.walk(folder):
        # What lies in a package's own node_modules is packages of their own.
        folders[:] = sorted(name for name in folders if name not in UNREAD_FOLDERS and name != "node_modules")
        for name in sorted(names):
            path = Path(at, name)
            if is_licence(name) or path.suffix.lower() not in UNREAD_SUFFIXES:
                yield path


def is_licence(name: str) -> bool:
    """Whether a file of this name says on which terms a package may be passed on."""
    return name.lower().startswith(("licence", "license", "notice", "copying"))
