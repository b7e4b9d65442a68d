"""Installs the library into an empty prefix, then builds and runs another project with it."""

import argparse
import pathlib
import subprocess
import sys
import tempfile


def run(*command):
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        print("$", *command)
        print(done.stdout)
        sys.exit(f"exit code {done.returncode}")
    return done.stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cmake", required=True)
    parser.add_argument("--build", required=True, help="the build tree to install from")
    parser.add_argument("options", nargs="*", help="CMake options for the other project")
    arguments = parser.parse_args()

    consumer = pathlib.Path(__file__).parent / "consumer"
    with tempfile.TemporaryDirectory() as scratch:
        prefix, build = pathlib.Path(scratch, "prefix"), pathlib.Path(scratch, "build")
        run(arguments.cmake, "--install", arguments.build, "--component", "library",
            "--prefix", prefix)
        for config in prefix.rglob("*.cmake"):
            if "cubby_warnings" in config.read_text():
                sys.exit(f"{config.name} mentions cubby_warnings, which is ours alone")
        run(arguments.cmake, "-G", "Ninja", "-S", consumer, "-B", build,
            f"-DCMAKE_PREFIX_PATH={prefix}", *arguments.options)
        run(arguments.cmake, "--build", build)
        run(build / "consumer")


if __name__ == "__main__":
    main()
