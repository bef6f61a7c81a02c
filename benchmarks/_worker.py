"""Inside Odoo: runs functions of a script with an environment, one line of JSON in, one out. See `_odoo.Worker`."""

import json
import os
import runpy
import sys

from odoo import api
from odoo.modules.registry import Registry
from odoo.tools import config

ADMIN = 2


def main(database, script):
    # Odoo and whoever it calls may print: the answers go to a pipe of their own.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    config.parse_config(["-d", database, "--no-http", "--max-cron-threads=0", "--log-level=warn"], setup_logging=True)
    registry = Registry(database)
    functions = runpy.run_path(script)
    for line in sys.stdin:
        name, arguments = json.loads(line)
        with registry.cursor() as cursor:
            result = functions[name](api.Environment(cursor, ADMIN, {}), *arguments)
        print(json.dumps(result), file=answers)


main(*sys.argv[1:])
