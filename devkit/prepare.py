"""Odoo and PostgreSQL, ready to use."""

from devkit import odoo, postgres
from devkit.database import Databases


def databases():
    """The way to all databases; `.environment` is what Odoo must be started in."""
    odoo_in_use = odoo.ready()
    server = postgres.ready()
    return Databases(odoo_in_use, server, odoo.configure(odoo_in_use, server))
