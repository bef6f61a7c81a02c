"""Where things are. All state lives in one ignored folder of the checkout."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEV = ROOT / ".dev"
LOG = DEV / "log"
LOCKS = DEV / "locks"
VENV = DEV / "venv"
DATA = DEV / "data"  # Odoo's data_dir: filestore, sessions
FILESTORE = DATA / "filestore"
ARTEFACTS = DEV / "artefacts"

ADDON = "aftersale_followup"
ADDON_PATH = ROOT / ADDON
# Bridges install themselves where what they join is installed beside the add-on.
BRIDGES = tuple(sorted(path.parent.name for path in ROOT.glob("*/__manifest__.py") if path.parent.name != ADDON))
ADDONS = (ADDON, *BRIDGES)
ODOO_SERIES = "19.0"


def make_folders():
    for folder in (DEV, LOG, LOCKS, DATA, FILESTORE):
        folder.mkdir(parents=True, exist_ok=True)
