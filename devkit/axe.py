"""axe-core, which finds what keeps people with disabilities from using a page; browser tests run it inside the page."""

from devkit import locks
from devkit.console import step
from devkit.paths import DEV
from devkit.python import PYTHON

# The package that brings axe-core 4.12.1 as one script; pip refuses any other file than the one with this sum.
PACKAGE = "axe-playwright-python==0.1.8"
SUM = "sha256:fdd263c998388f1a8e67cad02677e612d946248bd44d163be5e8650ea31f95f8"
FOLDER = DEV / "axe" / PACKAGE


def source():
    """The script, downloaded into .dev/ the first time; it defines `axe` in the page that runs it."""
    with locks.exclusive("axe"):
        if not FOLDER.is_dir():
            half = FOLDER.with_name("half")
            half.mkdir(parents=True, exist_ok=True)
            wanted = half / "requirements.txt"
            wanted.write_text(f"{PACKAGE} --hash={SUM}\n")
            pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "--no-deps", "--require-hashes"]
            step(f"downloading {PACKAGE}", [*pip, "--target", str(half), "-r", str(wanted)], "pip-axe")
            half.rename(FOLDER)
    return (FOLDER / "axe_playwright_python" / "axe.min.js").read_text()
