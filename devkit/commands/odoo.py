"""./dev odoo: Odoo's own command line."""

from devkit import odoo, prepare, process


def main(options):
    databases = prepare.databases()
    arguments = odoo.with_addons_path(databases.odoo, options.arguments)
    return process.run(odoo.command(*arguments), env=databases.environment)
