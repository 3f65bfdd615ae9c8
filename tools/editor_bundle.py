"""The vendored editor: `python -m tools.editor_bundle` makes static/vendor/prosemirror again from its lock file.

Needs Node.js with npm, and only here: the bundle is committed, and nothing of this runs when the console is installed.
"""

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).resolve().parent.parent / "static" / "vendor" / "prosemirror"
SOURCES: Final = ("package.json", "package-lock.json", "entry.js")
BUNDLE: Final = "prosemirror.bundle.min.js"
STYLES: Final = "prosemirror.css"
LICENCES: Final = "LICENSES.txt"
SUMS: Final = "SHA256"
BANNER: Final = "/*! ProseMirror, MIT licence: see LICENSES.txt beside this file. Made by tools/editor_bundle.py. */"


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        for source in SOURCES:
            shutil.copy(FOLDER / source, work)
        _run("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", cwd=work)
        _run(
            "npx",
            "esbuild",
            "entry.js",
            "--bundle",
            "--format=iife",
            "--global-name=PM",
            "--target=es2020",
            "--minify",
            "--charset=utf8",
            "--legal-comments=none",
            f"--banner:js={BANNER}",
            f"--outfile={FOLDER / BUNDLE}",
            cwd=work,
        )
        modules = work / "node_modules"
        styles = [
            modules / "prosemirror-view/style/prosemirror.css",
            modules / "prosemirror-gapcursor/style/gapcursor.css",
        ]
        (FOLDER / STYLES).write_text("\n".join(path.read_text().strip() for path in styles) + "\n")
        (FOLDER / LICENCES).write_text(_licences(modules))
    (FOLDER / SUMS).write_text("".join(f"{digest}  {name}\n" for name, digest in sums().items()))


def sums() -> dict[str, str]:
    """The sha256 of what is loaded by browsers, by file name."""
    return {name: hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() for name in (BUNDLE, STYLES)}


def _licences(modules: Path) -> str:
    """The licence texts of all that is in the bundle; esbuild itself is not."""
    parts = []
    for package in sorted(modules.glob("*/package.json")):
        folder = package.parent
        if folder.name == "esbuild":
            continue
        texts = [path for path in folder.iterdir() if path.name.upper().startswith("LICEN")]
        text = texts[0].read_text().strip() if texts else "MIT (no licence file in the package; see its package.json)"
        parts.append(f"{folder.name}\n{'-' * len(folder.name)}\n{text}\n")
    return "\n".join(parts)


def _run(*command: str, cwd: Path) -> None:
    subprocess.run(command, cwd=cwd, check=True)  # noqa: S603 - our own commands


if __name__ == "__main__":
    main()
