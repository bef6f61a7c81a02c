"""Add-ons of others that benchmarks compare with: downloaded into .dev/, never installed by the product."""

from devkit import locks, odoo
from devkit.console import step
from devkit.paths import DEV
from devkit.python import PYTHON

PEERS = DEV / "peers"
HELPDESK = "odoo-addon-helpdesk_mgmt==19.0.1.3.2"


def helpdesk(databases):
    """Add the community's helpdesk to the add-ons that Odoo finds from now on in this run."""
    target = PEERS / HELPDESK
    with locks.exclusive("peers"):
        if not target.is_dir():
            half = PEERS / "half"
            pip = [
                str(PYTHON),
                "-m",
                "pip",
                "--disable-pip-version-check",
                "install",
                "--no-deps",
                "--target",
                str(half),
            ]
            step(f"downloading {HELPDESK}", [*pip, HELPDESK], "pip-peers")
            half.rename(target)
    folder = target / "odoo" / "addons"
    databases.environment["ODOO_ADDONS_PATH"] = odoo.addons_path(databases.odoo, str(folder))
