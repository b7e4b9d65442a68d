"""docs/openapi.yaml passes a linter that nobody here wrote, without a warning."""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))
import npm_tools  # noqa: E402

document = str(ROOT / "docs" / "openapi.yaml")
done = npm_tools.run("redocly", "lint", "--extends", "recommended-strict", document, timeout=120)
print(done.stdout)
sys.exit(done.returncode)
