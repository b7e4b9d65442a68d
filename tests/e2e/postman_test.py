"""docs/cubby.postman_collection.json runs green with newman, which is Postman's own runner."""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))
import npm_tools  # noqa: E402
from daemon import Daemon  # noqa: E402

with Daemon(sys.argv[1]) as daemon:
    done = npm_tools.run("newman", "run", str(ROOT / "docs" / "cubby.postman_collection.json"),
                         "--env-var", f"baseUrl=http://127.0.0.1:{daemon.port}", timeout=120)
print(done.stdout)
sys.exit(done.returncode)
