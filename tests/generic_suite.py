"""Odoo's own generic tests, for `./dev odoo shell`: what a module of Odoo itself has to pass, on a database with ours.

Odoo runs the tests of what is being installed or updated; here they are loaded by name instead, and those that read
every add-on on the path read only ours. The last line of the output is their outcome as JSON.
"""

import importlib
import json
import logging
import os
from unittest.mock import PropertyMock, patch

from odoo import tools
from odoo.modules import Manifest
from odoo.tests import loader
from odoo.tests.suite import OdooSuite

ADDONS = os.environ["ADDONS"].split(",")
SUITE = {
    "base": {
        "test_overrides": ["TestOverrides"],
        "test_deprecation": ["TestModelDeprecations"],
        "test_views": ["TestAllViews", "TestRenderAllViews", "TestInvisibleField"],
        "test_reports": ["TestReports"],
    },
    "test_lint": {
        "test_docstring": ["TestDocstring"],
        "test_dunderinit": ["TestDunderinit"],
        "test_i18n": ["TestI18n"],
        "test_index": ["TestIndex"],
        "test_jstranslate": ["TestJsTranslations"],
        "test_l10n": ["L10nLinter"],
        "test_manifests": ["ManifestLinter"],
        "test_naming": ["TestNaming"],
        "test_onchange_domains": ["TestOnchangeDomains"],
        "test_orm_import": ["TestDunderinit"],
        "test_override_signatures": ["TestLintOverrideSignatures"],
        "test_pofile": ["PotLinter"],
        "test_pylint": ["TestPyLint"],
        "test_routes": ["RoutesLinter"],
        "test_test_holes": ["TestTestHoles"],
    },
}


class Problems(logging.Handler):
    """Some of these tests do not fail but warn."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.lines = []

    def emit(self, record):
        self.lines.append(f"{record.levelname} {record.name}: {record.getMessage()}")


def tests():
    for module, files in SUITE.items():
        for file, names in files.items():
            found = importlib.import_module(f"odoo.addons.{module}.tests.{file}")
            for test in loader.get_module_test_cases(found):
                if type(test).__name__ in names:
                    yield test


def main():
    manifests = [Manifest.for_addon(addon) for addon in ADDONS]
    docstrings = importlib.import_module("odoo.addons.test_lint.tests.test_docstring")
    problems = Problems()
    logging.getLogger("odoo").addHandler(problems)
    with (
        patch.object(Manifest, "all_addon_manifests", lambda: manifests),
        patch.object(docstrings, "MODULES_TO_LINT", ("aftersale",)),
        # pylint would read the whole of Odoo
        patch.object(type(tools.config), "root_path", PropertyMock(return_value=manifests[0].path)),
        # Drawing one needs a library of its own, which we have no use for
        patch.object(env.registry["ir.actions.report"], "barcode", lambda *_arguments, **_options: b"bars"),  # noqa: F821
    ):
        result = loader.run_suite(OdooSuite(tests()))
    outcome = {
        "run": result.testsRun,
        "skipped": result.skipped,
        "failed": result.failures_count + result.errors_count,
        "problems": problems.lines,
    }
    print(json.dumps(outcome))


main()
